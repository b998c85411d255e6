"""Pings that find out whether the peer is still there."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.websocket.options import ConnectionOptions
from eplua_twisted.websocket.protocol import OwnedWebSocket


class Heartbeat:
    """
    Sends a ping from time to time.  Whatever comes within the time for its answer shows
    that the peer lives.  The time begins anew as long as the peer takes what was sent
    before the ping; what is sent after it shows nothing, for the system takes that
    for a while from whoever sends.
    """

    def __init__(
        self,
        clock: IReactorTime,
        options: ConnectionOptions,
        protocol: OwnedWebSocket,
        is_paused: Callable[[], bool],
        dead: Callable[[], object],
    ) -> None:
        """
        @param is_paused: whether we do not read, and so cannot know
        @param dead: called when no answer came in time
        """
        self._interval = options.ping_interval
        self._timeout = options.ping_timeout
        self._protocol = protocol
        self._is_paused = is_paused
        self._dead = dead
        self._received = self._before = self._taken = 0
        self._next = Deadline(clock, self._send)
        self._answer = Deadline(clock, self._look)

    def start(self) -> None:
        """The first ping is sent after one interval."""
        if self._interval:
            self._next.start(self._interval)

    def cancel(self) -> None:
        """No ping is sent any more, and none is waited for."""
        self._next.cancel()
        self._answer.cancel()

    def _send(self) -> None:
        protocol = self._protocol
        self._received = protocol.received_bytes
        self._before = protocol.written_bytes
        self._taken = self._taken_before()
        protocol.sendPing(b"")
        if self._timeout:
            self._answer.start(self._timeout)
        else:
            self.start()

    def _taken_before(self) -> int:
        """How much of what was sent before the ping the peer has."""
        return min(self._protocol.taken_bytes, self._before)

    def _look(self) -> None:
        if self._protocol.received_bytes != self._received:
            self.start()
            return
        before, self._taken = self._taken, self._taken_before()
        if before != self._taken or self._is_paused():
            self._answer.start(self._timeout)
        else:
            self._dead()
