"""What Prometheus is told."""

from __future__ import annotations

from typing import Any

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_metrics,
)
from prometheus_client.parser import text_string_to_metric_families as plain_metrics

from eplua_twisted import Runtime
from eplua_twisted.metrics import metrics_site
from eplua_twisted.site.network import network_of
from tests.support import LuaTestCase

Sample = tuple[str, tuple[tuple[str, str], ...]]


class MetricsTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.runtimes: dict[str, Runtime] = {"a.lua": self.runtime}
        self.serve("127.0.0.1", 9100)

    def serve(self, host: str, port: int) -> None:
        reactor: Any = self.reactor
        site = metrics_site(network_of(reactor), lambda: self.runtimes, host)
        reactor.listenTCP(port, site, interface="127.0.0.1")
        self.addCleanup(site.stop)

    def ask(
        self, path: str = "/metrics", *lines: str, host: str = "localhost"
    ) -> tuple[str, str]:
        """@return: the head of the answer, and its body"""
        lines = (f"Host: {host}", "Connection: close", *lines)
        head = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""])
        answer = self.reactor.connect().ask(head.encode()).decode()
        head, _, body = answer.partition("\r\n\r\n")
        return head, body

    def samples(self) -> dict[Sample, float]:
        """All values by name and labels, as Prometheus's own parser has them."""
        _, body = self.ask()
        return {
            (each.name, tuple(sorted(each.labels.items()))): each.value
            for family in plain_metrics(body)
            for each in family.samples
        }

    def test_values(self) -> None:
        """Those of the stats."""
        self.run_lua(
            "s = net.UDPSocket() s:receive({success = print})"
            " task.start(task.sleep, 100) task.start(task.sleep, 100)"
        )
        found = self.samples()
        stats = self.runtime.stats()

        def value(name: str, **labels: str) -> float:
            labels["script"] = "a.lua"
            return found[f"eplua_{name}", tuple(sorted(labels.items()))]

        self.assertEqual(value("up"), 1)
        self.assertEqual(value("open", kind="UDPSocket"), 1)
        self.assertEqual(value("open", kind="Timer"), 2)
        self.assertEqual(value("waiting"), 1)
        self.assertEqual(value("tasks"), 2)
        self.assertEqual(value("timers"), 2)
        self.assertEqual(value("callbacks_total"), stats.callbacks)
        self.assertEqual(value("queue"), 0)
        self.assertEqual(value("received_bytes_total", transport="udp"), 0)
        self.assertEqual(value("sent_bytes_total", transport="udp"), 0)
        self.assertAlmostEqual(value("memory_bytes"), stats.memory, delta=100_000)
        place = stats.longest_callback_at
        self.assertAlmostEqual(
            value("longest_callback_seconds", place=place),
            stats.longest_callback / 1000,
        )

    def test_several_scripts(self) -> None:
        """Also one whose name needs quotes, and one that has ended."""
        self.runtimes['b "\n\\.lua'] = self.make_runtime()
        self.runtimes["over.lua"] = over = self.make_runtime()
        self.stop(over)
        found = self.samples()
        up = {
            dict(labels)["script"]: value
            for (name, labels), value in found.items()
            if name == "eplua_up"
        }
        self.assertEqual(up, {"a.lua": 1, 'b "\n\\.lua': 1, "over.lua": 0})
        self.assertNotIn(("eplua_tasks", (("script", "over.lua"),)), found)

    def test_forms(self) -> None:
        """OpenMetrics for those that prefer it."""
        head, _ = self.ask()
        self.assertIn("\r\nContent-Type: text/plain; version=0.0.4", head)
        wanted = "application/openmetrics-text; version=1.0.0"
        head, body = self.ask("/metrics", f"Accept: {wanted}, text/plain;q=0.5")
        self.assertIn(f"\r\nContent-Type: {wanted}", head)
        names = {each.name for each in open_metrics(body)}
        self.assertIn("eplua_callbacks", names)

    def test_refusals(self) -> None:
        for status, asked in (
            ("403", self.ask(host="evil.example")),
            ("403", self.ask("/metrics", "Origin: http://evil.example")),
            ("404", self.ask("/")),
        ):
            self.assertTrue(asked[0].startswith(f"HTTP/1.1 {status} "), asked)
        answer = self.reactor.connect().ask(
            b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Length: 0\r\n\r\n"
        )
        self.assertTrue(answer.startswith(b"HTTP/1.1 405 "), answer)

    def test_by_any_name(self) -> None:
        """Where other machines reach it, they know it by names that we do not know."""
        self.serve("0.0.0.0", 9101)
        head, _ = self.ask(host="monitored.example:9100")
        self.assertTrue(head.startswith("HTTP/1.1 200 "), head)
