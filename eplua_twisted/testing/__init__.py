"""What a script is given that tests: C{require "eplua.test"}, and who hears of its test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import query
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.traffic import Traffic
from eplua_twisted.border.values import Scalar, to_bytes, to_readable
from eplua_twisted.transports.faults import Faults, faulty

State = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True)
class Declared:
    """
    A test of a file.

    @ivar place: file and line
    @ivar skip: why it is not to be run, which may be empty; C{None}: it is to be
    """

    name: str
    place: str
    skip: str | None


@dataclass(frozen=True)
class Outcome:
    """
    What came of a test.

    @ivar message: what went wrong, with file and line; or why it was skipped
    @ivar traceback: the message, and below it where that was
    @ivar left: what the test had opened, and left open
    """

    state: State
    message: str = ""
    traceback: str = ""
    left: list[str] = field(default_factory=list)


@implementer(IModule)
class Testing:
    """
    The tests of one runtime, of which it runs one at most.

    @ivar declared: the tests of the script, when its main chunk has run
    """

    resource_types = ()
    active = 0

    def __init__(
        self,
        chosen: int | None,
        ended: Callable[[Outcome], None],
        faults: Faults | None = None,
    ) -> None:
        """
        @param chosen: which of the tests is to be run, the first one is 0
        @param ended: told what came of it
        @param faults: what is wrong with its network
        """
        self.declared: list[Declared] = []
        self._faults = faults
        self._chosen = chosen
        self._ended = ended
        self._listener = 0
        self._bridge: Bridge | None = None
        self._resources = Resources()

    def streams(
        self, reactor: IReactor, streams: IReactor, traffic: Traffic
    ) -> IReactor:
        """
        @param streams: the reactor, with connections as they are else
        @param traffic: knows the connections, and what they carry
        @return: with those that are wanted here
        """
        return (
            streams if self._faults is None else faulty(reactor, traffic, self._faults)
        )

    def attached(self, bridge: Bridge, resources: Resources) -> Testing:
        """@return: itself, as a module of a runtime"""
        self._bridge, self._resources = bridge, resources
        return self

    def _tell(self, what: bytes, *values: Scalar) -> None:
        if self._listener and self._bridge is not None:
            self._bridge.answer(self._listener, None, True, what, *values)

    def begin(self) -> None:
        """Run the test: the main chunk has run."""
        self._tell(b"begin")

    def give_up(self, why: str) -> None:
        """The test does not end: it fails, with the place where it waits."""
        self._tell(b"late", to_bytes(why))

    # What Lua asks for.

    @query("test_listen")
    def listen(self, ticket: int) -> None:
        """@param ticket: is told when the test is to begin, and that it takes too long"""
        self._listener = ticket

    @query("test_declare")
    def declare(self, name: bytes, place: bytes, skip: bytes | None) -> bool:
        """@return: it is the one that is to be run"""
        number = len(self.declared)
        why = None if skip is None else to_readable(skip)
        self.declared.append(Declared(to_readable(name), to_readable(place), why))
        return number == self._chosen

    @query("test_open")
    def open(self) -> tuple[Scalar, ...]:
        """What is open: number, kind, number, kind, ..."""
        return tuple(
            part
            for number, kind in self._resources.kinds().items()
            for part in (number, to_bytes(kind))
        )

    @query("test_end")
    def end(
        self, state: bytes, message: bytes | None, traceback: bytes | None, *left: bytes
    ) -> None:
        """It is over."""
        known: dict[bytes, State] = {b"failed": "failed", b"skipped": "skipped"}
        self._ended(
            Outcome(
                known.get(state, "ok"),
                to_readable(message or b""),
                to_readable(traceback or b""),
                [to_readable(each) for each in left],
            )
        )

    # IModule.

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""
