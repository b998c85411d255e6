"""How a connection ends that its script has closed, or whose peer has ended its side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from twisted.internet.interfaces import IReactorTime

from eplua_twisted.border.deadline import Deadline, StallDeadline
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.transports.interfaces import StreamTransport

LINGER = 30.0
"""Seconds in which nothing that was written has moved: the rest is not sent."""

GOODBYE = 2.0
"""Seconds that a TLS peer has to say goodbye, when it has got all."""

LOOK = 0.05
"""Seconds after which is looked whether the peer has got all."""


class Closing:
    """
    Sends what was written, and closes the connection then.

    A socket that is closed before its peer has got all would lose the rest as soon as
    the peer sends something; so only the end is sent then, and what comes is dropped
    until the peer has all.

    States: C{sending}, until the transport has all; C{waiting}, until the peer has all
    and, over TLS, has said goodbye; C{over}.
    """

    def __init__(
        self,
        clock: IReactorTime,
        transport: StreamTransport,
        out: WriteBuffer,
        abort: Callable[[], None],
    ) -> None:
        """@param abort: called when nothing moves any more"""
        self._transport = transport
        self._out = out
        self._abort = abort
        self._state: Literal["sending", "waiting", "over"] = "sending"
        self._secure = self._peer_ended = False
        self._stalled = StallDeadline(clock, self._left, abort)
        self._look_again = Deadline(clock, self._look)
        self._goodbye = Deadline(clock, abort)

    def begin(self, *, secure: bool, peer_ended: bool) -> None:
        """
        @param secure: the transport speaks TLS
        @param peer_ended: the peer has ended its side already
        """
        self._secure = secure
        self._peer_ended = peer_ended
        self._stalled.start(LINGER)
        self._out.when_empty(self._sent)

    def _left(self) -> tuple[int, int]:
        return self._out.amount, self._outstanding()

    def _outstanding(self) -> int:
        # UNIX sockets have no such thing: the peer's system has what was sent.
        count: Callable[[], int] | None
        count = getattr(self._transport, "outstanding", None)
        return 0 if count is None else count()

    def _sent(self) -> None:
        """The transport has all."""
        if self._state == "over":
            return
        self._state = "waiting"
        if self._secure:
            self._transport.loseConnection()
        elif not self._peer_ended and self._outstanding():
            self._transport.loseWriteConnection()
        self._look()

    def _look(self) -> None:
        if self._state != "waiting":
            return
        if not self._peer_ended and self._outstanding():
            self._look_again.restart(LOOK)
        elif self._secure:
            self._goodbye.start(GOODBYE)
        else:
            self._state = "over"
            self._transport.loseConnection()

    def peer_ended(self) -> None:
        """The peer has ended its side: whatever it still gets, it says nothing more."""
        self._peer_ended = True
        self._look()

    def over(self) -> None:
        """The connection is gone."""
        self._state = "over"
        for deadline in (self._stalled, self._look_again, self._goodbye):
            deadline.cancel()
