"""
What runtimes do, for Prometheus.  This module needs the package C{prometheus-client},
which is the extra C{metrics}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.stats import Stats
from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.http_engine.answers import Fields
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.runtime import Runtime
from eplua_twisted.site.names import OwnNames, is_loopback
from eplua_twisted.site.site import Site, answer

PATH = b"/metrics"

Runtimes = Callable[[], Mapping[str, Runtime]]
"""Gives the runtimes that there are, by the names of their scripts."""

SCRIPT = "script"


class RuntimeCollector:
    """
    Collects the L{Stats} of runtimes, for a registry of C{prometheus_client}: each metric
    has the label C{script}.
    """

    def __init__(self, runtimes: Runtimes) -> None:
        self._runtimes = runtimes

    def collect(self) -> Iterator[Metric]:
        """C{prometheus_client.registry.Collector}"""
        up = GaugeMetricFamily("eplua_up", "Whether the script runs", labels=[SCRIPT])
        families = _Families()
        for script, runtime in self._runtimes().items():
            try:
                stats = runtime.stats()
            except RuntimeStopped:
                up.add_metric([script], 0)
            else:
                up.add_metric([script], 1)
                families.add(script, stats)
        yield up
        yield from families


class _Families:
    """The metrics, and what each takes of L{Stats}."""

    def __init__(self) -> None:
        def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"eplua_{name}", text, labels=[SCRIPT, *labels])

        def counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
            return CounterMetricFamily(f"eplua_{name}", text, labels=[SCRIPT, *labels])

        self.open = gauge("open", "What is open, by its class", "kind")
        self.waiting = gauge("waiting", "Operations that wait for their answers")
        self.tasks = gauge("tasks", "Tasks that have not ended")
        self.timers = gauge("timers", "Timers that are set")
        self.callbacks = counter("callbacks", "How often Lua was entered")
        self.longest = gauge(
            "longest_callback_seconds", "The longest callback, and where it is", "place"
        )
        self.queue = gauge("queue", "Answers that wait until the script has returned")
        self.bytes_in = counter("received_bytes", "Bytes that have come", "transport")
        self.bytes_out = counter("sent_bytes", "Bytes that were sent", "transport")
        self.memory = gauge("memory_bytes", "Memory of Lua")

    def __iter__(self) -> Iterator[Metric]:
        return iter(vars(self).values())

    def add(self, script: str, stats: Stats) -> None:
        one = [script]
        for kind, count in stats.open.items():
            self.open.add_metric([script, kind], count)
        self.waiting.add_metric(one, stats.waiting)
        self.tasks.add_metric(one, stats.tasks)
        self.timers.add_metric(one, stats.timers)
        self.callbacks.add_metric(one, stats.callbacks)
        longest = stats.longest_callback / 1000
        self.longest.add_metric([script, stats.longest_callback_at], longest)
        self.queue.add_metric(one, stats.queue)
        for kind, count in stats.bytes_in.items():
            self.bytes_in.add_metric([script, kind], count)
        for kind, count in stats.bytes_out.items():
            self.bytes_out.add_metric([script, kind], count)
        self.memory.add_metric(one, stats.memory)


def metrics_site(environment: Environment, runtimes: Runtimes, host: str) -> Site:
    """
    A site that answers at C{/metrics}, in the form that who asks prefers.

    @param host: where it will listen.  On the loopback address pages of other sites, whose
        names were made to lead there, learn nothing; elsewhere it may have any name
    """
    registry = CollectorRegistry()
    registry.register(RuntimeCollector(runtimes))

    def metrics(request: HTTPServerRequest) -> None:
        accepted = b", ".join(request.head.values(b"accept")).decode("latin-1")
        encode, kind = choose_encoder(accepted)
        fields = [(b"Content-Type", kind.encode()), (b"Cache-Control", b"no-store")]
        answer(request, 200, Fields(fields), encode(registry))

    names = OwnNames(host)
    site = Site(
        environment.reactor,
        environment.time_of_day,
        names.check if is_loopback(host) else lambda head: None,
        0,
    )
    site.pages[PATH] = metrics
    return site
