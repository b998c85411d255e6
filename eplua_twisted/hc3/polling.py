"""The events of a real controller: C{refreshStates}, asked for again and again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Record, integer, record, records

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds to wait after a failure: twice as long after each, up to the longest."""

Ask = Callable[[str], "Deferred[Answer]"]
"""Asks for a path by C{GET}."""

Take = Callable[[Record], Awaitable[None]]
"""Takes an event; the next one follows when it has."""


class Polling:
    """
    States: it begins with L{start}; from then on it asks, or pauses after a failure,
    until L{stop}.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, ask: Ask, take: Take, address: str) -> None:
        self._clock = clock
        self._ask = ask
        self._take = take
        self._address = address
        self._last: int | None = None
        self._pause = 0.0
        self._running: Deferred[None] | None = None
        self._stopped = False

    async def first(self) -> None:
        """
        See where the events are: what happens from now on is told.

        @raise OperationError: there is no answer, or none that tells it
        """
        await self._next()

    def start(self) -> None:
        """Begin; harmless when it has."""
        if self._running is None:
            running = Deferred.fromCoroutine(self._run())
            self._running = running
            running.addErrback(lambda failure: failure.trap(CancelledError))
            running.addErrback(
                lambda failure: self.log.failure("asking for events failed", failure)
            )

    async def _run(self) -> None:
        while not self._stopped:
            try:
                events = await self._next()
            except OperationError as problem:
                await self._wait(problem)
                continue
            if self._pause:
                self._pause = 0.0
                self.log.info("{address} answers again", address=self._address)
            for event in events:
                await self._take_surely(event)

    async def _take_surely(self, event: Record) -> None:
        """What an event means may have to be asked for: until there is an answer."""
        while not self._stopped:
            try:
                await self._take(event)
            except OperationError as problem:
                await self._wait(problem)
            else:
                return

    async def _next(self) -> list[Record]:
        """
        Wait for the next events.  Those from before the first answer are not ours.

        @raise OperationError: there is no answer, or none that tells events
        """
        first = self._last is None
        path = "/refreshStates" if first else f"/refreshStates?last={self._last}"
        status, body = await self._ask(path)
        last = integer(record(body).get("last"))
        if status != 200 or last is None:
            raise OperationError("state", f"refreshStates is answered with {status}")
        self._last = last
        return [] if first else records(record(body).get("events"))

    async def _wait(self, problem: OperationError) -> None:
        if self._stopped:
            # It is why that has failed.
            return
        pause = min(self._pause * 2, LONGEST_PAUSE) or FIRST_PAUSE
        if not self._pause:
            self.log.warn(
                "no events come from {address}: {why}; it is asked again",
                address=self._address,
                why=problem.message,
            )
        self._pause = pause
        await deferLater(self._clock, pause, lambda: None)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped = True
        if self._running is not None:
            self._running.cancel()
