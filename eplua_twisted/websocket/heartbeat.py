"""Pings that find out whether the peer is still there."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline


class Heartbeat:
    """
    Sends a ping from time to time.  Whatever moves within the time for its answer shows
    that the peer lives, the answer or anything else.
    """

    def __init__(
        self,
        clock: IReactorTime,
        interval: float,
        timeout: float,
        ping: Callable[[], None],
        moved: Callable[[], object],
        dead: Callable[[], object],
    ) -> None:
        """
        @param interval: seconds between pings; 0 for none
        @param timeout: seconds that the answer may take; 0 for no limit
        @param ping: sends one
        @param moved: gives something that is different when something has moved
        @param dead: called when nothing has
        """
        self._interval = interval
        self._timeout = timeout
        self._ping = ping
        self._moved = moved
        self._dead = dead
        self._seen: object = None
        self._next = Deadline(clock, self._send)
        self._answer = Deadline(clock, self._look)

    def start(self) -> None:
        """The first ping is sent after one interval."""
        if self._interval:
            self._next.start(self._interval)

    def stop(self) -> None:
        """No ping is sent any more, and none is waited for."""
        self._next.cancel()
        self._answer.cancel()

    def _send(self) -> None:
        self._seen = self._moved()
        self._ping()
        if self._timeout:
            self._answer.start(self._timeout)
        else:
            self.start()

    def _look(self) -> None:
        if self._moved() == self._seen:
            self._dead()
        else:
            self.start()
