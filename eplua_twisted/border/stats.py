"""What a runtime does, in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from zope.interface import implementer

from eplua_twisted.border.entries import Entries
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing, query
from eplua_twisted.border.values import Scalar, to_bytes

APART = 1.0
"""Seconds: over less than that a rate says little."""


@dataclass(frozen=True)
class Stats:
    """
    A runtime at one moment.

    @ivar open: how many are open of each kind, by the names of the public classes
    @ivar waiting: operations that wait for their answers
    @ivar tasks: tasks that have not ended
    @ivar timers: timers that are set, those of the library among them
    @ivar callbacks: how often Lua was entered: for callbacks, and to let tasks go on
    @ivar callbacks_per_second: the same by the time since the stats were last asked for,
        at least a second ago; the first time, since the beginning
    @ivar longest_callback: milliseconds of the longest one, main chunks included
    @ivar longest_callback_at: file and line where that begins
    @ivar queue: answers that are here and wait until the script has returned
    @ivar bytes_in: those that have come, by what carries them: C{tcp}, C{unix}, C{udp};
        those of TLS are its own
    @ivar bytes_out: those that the system has taken, in the same way
    @ivar memory: bytes of the Lua state, as Lua counts them; 5.5 leaves long strings out
    """

    open: dict[str, int]
    waiting: int
    tasks: int
    timers: int
    callbacks: int
    callbacks_per_second: float
    longest_callback: float
    longest_callback_at: str
    queue: int
    bytes_in: dict[str, int]
    bytes_out: dict[str, int]
    memory: int


def lua_name(name: str) -> str:
    """A field's name as scripts know it."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


class Rate:
    """
    How much a second something grows, for whoever asks, however often: since a moment that
    is at least L{APART} before.
    """

    def __init__(self, now: float) -> None:
        self._since = self._next = (now, 0)

    def at(self, now: float, count: int) -> float:
        """@param count: what it has grown to by now, in seconds of the same clock"""
        if now - self._next[0] >= APART:
            self._since, self._next = self._next, (now, count)
        time, before = self._since
        return (count - before) / (now - time) if now > time else 0.0


@implementer(IModule)
class Statistics:
    """Finds out the L{Stats} of one runtime.  What only Lua knows, Lua says."""

    resource_types = ()
    active = 0

    def __init__(
        self,
        environment: Environment,
        modules: Mapping[str, IModule],
        entries: Entries,
    ) -> None:
        """@param modules: those that were made so far"""
        self._bridge = environment.bridge
        self._resources = environment.resources
        self._traffic = environment.traffic
        self._seconds = environment.reactor.seconds
        self._modules = modules
        self._entries = entries
        self._rate = Rate(self._seconds())
        self._lua = (0, 0, 0)

    def now(self) -> Stats:
        """
        The present ones, asked for by the application.

        @raise RuntimeError: the script is running, and has C{eplua.stats} itself
        """
        if self._bridge.entered:
            raise RuntimeError("the script is running: it has eplua.stats()")
        self._bridge.look(b"stats")
        self._bridge.deliver_soon()
        return self._stats()

    @crossing("stats_of_lua")
    def of_lua(self, waiting: int, tasks: int, memory: float) -> None:
        """What Lua knows, for L{now}."""
        self._lua = waiting, tasks, int(memory)

    @query("stats")
    def stats(self, waiting: int, tasks: int, memory: float) -> tuple[Scalar, ...]:
        """
        The present ones, asked for by the script: name, value, name, value, ...; of what
        is in a table C{name.key}.
        """
        self._lua = waiting, tasks, int(memory)
        return tuple(_flat(self._stats()))

    def _stats(self) -> Stats:
        counts = self._resources.counts()
        for module in self._modules.values():
            counts.update(module.counts())
        totals = self._traffic.totals()
        entries = self._entries
        callbacks = self._bridge.entries
        waiting, tasks, memory = self._lua
        return Stats(
            open=counts,
            waiting=waiting,
            tasks=tasks,
            timers=counts.get("Timer", 0),
            callbacks=callbacks,
            callbacks_per_second=self._rate.at(self._seconds(), callbacks),
            longest_callback=entries.longest * 1000,
            longest_callback_at=entries.longest_at,
            queue=self._bridge.queued,
            bytes_in={kind: both[0] for kind, both in totals.items()},
            bytes_out={kind: both[1] for kind, both in totals.items()},
            memory=memory,
        )

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""


def _flat(stats: Stats) -> Iterator[Scalar]:
    for each in fields(stats):
        name, value = lua_name(each.name), getattr(stats, each.name)
        if isinstance(value, dict):
            # Without a value: there is such a table, also when nothing is in it.
            yield from (to_bytes(f"{name}."), None)
            for key, count in sorted(value.items()):
                yield from (to_bytes(f"{name}.{key}"), count)
        else:
            yield to_bytes(name)
            yield to_bytes(value) if isinstance(value, str) else value
