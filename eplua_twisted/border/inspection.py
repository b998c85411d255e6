"""What a runtime has open, and what waits in it and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.entries import Entries, SlowCallback
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing
from eplua_twisted.border.traffic import Counted
from eplua_twisted.border.values import to_readable

MOST = 200
"""Of each kind that are told of; L{Stats} counts all."""

T = TypeVar("T")


@dataclass(frozen=True)
class Thing:
    """
    Something open.

    @ivar description: what its C{tostring} says after the class
    """

    number: int
    kind: str
    description: str


@dataclass(frozen=True)
class Task:
    """
    @ivar started: file and line where it was started
    @ivar at: where it is
    """

    started: str
    at: str


@dataclass(frozen=True)
class Timer:
    """
    @ivar kind: what has set it
    @ivar place: where its function is, or where it was set
    @ivar period: milliseconds between two calls of it; C{None} for one
    """

    number: int
    kind: str
    place: str
    period: float | None


@dataclass
class Inspection:
    """
    A runtime, looked at from near; at most L{MOST} of each.

    @ivar slow: the last callbacks that have held up everything else
    @ivar carriers: connections and ports, with the bytes that they have carried
    """

    open: list[Thing] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    slow: list[SlowCallback] = field(default_factory=list)
    carriers: list[Counted] = field(default_factory=list)


def _add(found: list[T], one: T) -> None:
    if len(found) < MOST:
        found.append(one)


def _text(value: bytes | None) -> str:
    return "" if value is None else to_readable(value)


@implementer(IModule)
class Inspections:
    """Looks at one runtime.  What only Lua knows, Lua tells."""

    resource_types = ()
    active = 0

    def __init__(self, environment: Environment, entries: Entries) -> None:
        self._bridge: Bridge = environment.bridge
        self._traffic = environment.traffic
        self._entries = entries
        self._found = Inspection()

    def look(self) -> Inspection:
        """@raise RuntimeError: the script is running"""
        if self._bridge.entered:
            raise RuntimeError("the script is running: it cannot be looked at now")
        found = self._found = Inspection()
        self._bridge.look(b"inspect")
        self._bridge.deliver_soon()
        found.open.sort(key=lambda each: each.number)
        found.timers.sort(key=lambda each: each.number)
        found.tasks.sort(key=lambda each: (each.started, each.at))
        found.slow.extend(self._entries.slow)
        for each in self._traffic:
            _add(found.carriers, each)
        return found

    @crossing("inspect_open")
    def open(self, number: int, kind: bytes, description: bytes) -> None:
        thing = Thing(number, _text(kind), _text(description))
        _add(self._found.open, thing)

    @crossing("inspect_task")
    def task(self, started: bytes, at: bytes | None) -> None:
        _add(self._found.tasks, Task(_text(started), _text(at)))

    @crossing("inspect_timer")
    def timer(
        self,
        number: int,
        kind: bytes,
        place: bytes | None = None,
        period: float | None = None,
    ) -> None:
        timer = Timer(number, _text(kind), _text(place), period)
        _add(self._found.timers, timer)

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""
