"""One WebSocket, whichever side began it: messages, pings, and how it ends."""

from __future__ import annotations

import typing
from typing import Literal

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import Deadline, StallDeadline
from eplua_twisted.border.values import to_text
from eplua_twisted.errors import NOT_CONNECTED, OperationError
from eplua_twisted.websocket.frames import is_utf8
from eplua_twisted.websocket.heartbeat import Heartbeat
from eplua_twisted.websocket.options import ConnectionOptions
from eplua_twisted.websocket.protocol import OwnedWebSocket

MAX_UNSENT = 16 * 1024 * 1024
"""Bytes that may wait for a slow peer before C{send} is refused."""

CLOSE_TIMEOUT = 5.0
"""Seconds without a movement after which a connection that closes is aborted."""

CLOSE_LIMIT = 60.0
"""Seconds that the peer may go on sending when all of ours has arrived."""

MAX_PING = 125
"""Bytes of a ping (RFC 6455, 5.5)."""

NORMAL = 1000
GOING_AWAY = 1001

State = Literal["opening", "open", "closing", "over"]


class Listener(typing.Protocol):
    """Whom a connection tells."""

    def opened(self, subprotocol: str | None) -> None:
        """The opening handshake is done."""

    def received(self, data: bytes, is_binary: bool) -> None:
        """A message came."""

    def ponged(self, data: bytes) -> None:
        """A pong came."""

    def ended(self, code: int, reason: str, clean: bool) -> None:
        """
        A connection that was open has ended; nothing more comes of it.

        @param clean: by the closing handshake
        """

    def gone(self, failure: Failure, was_open: bool) -> None:
        """
        The transport is gone.

        @param failure: what it was lost by
        """


class Connection:
    """
    C{opening}, during the opening handshake; C{open}; C{closing} when a close frame
    was sent or has come; C{over} when the listener was told of the end, though the
    last bytes may still be on their way.  Each may become C{over}.
    """

    __slots__ = (
        "_clock",
        "_deaf",
        "_heartbeat",
        "_listener",
        "_patience",
        "_paused",
        "_protocol",
        "_said",
        "_stalled",
        "_state",
        "_was_open",
    )

    def __init__(
        self,
        clock: IReactorTime,
        options: ConnectionOptions,
        listener: Listener,
        protocol: OwnedWebSocket,
    ) -> None:
        """@param protocol: autobahn's, which this owns from now on"""
        self._listener = listener
        self._protocol = protocol
        self._state: State = "opening"
        self._was_open = False
        self._paused = False
        # Why it is closed, and that what comes is not looked at any more.
        self._said: tuple[int, str] = NORMAL, ""
        self._deaf = False
        self._clock = clock
        self._heartbeat: Heartbeat | None = None
        if options.ping_interval:
            self._heartbeat = Heartbeat(
                clock,
                options,
                protocol,
                lambda: self._paused,
                lambda: self.abort("ping timeout"),
            )
        # Made when it closes: most connections are open for a long time.
        self._stalled: StallDeadline | None = None
        self._patience: Deadline | None = None
        protocol.owner = self

    # What it can do.

    @property
    def is_open(self) -> bool:
        """The opening handshake is done and nobody has begun to close."""
        return self._state == "open"

    @property
    def buffered_amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return self._protocol.amount

    def send(self, data: bytes, is_binary: bool) -> None:
        """
        Send a message.

        @raise OperationError: C{state}, C{protocol} for text that is not UTF-8,
            C{limit} when the peer is too slow
        """
        if self._state != "open":
            raise OperationError(*NOT_CONNECTED)
        if not is_binary:
            check_utf8(data, "text must be UTF-8 (see sendBinary)")
        out = self._protocol.out
        assert out is not None
        if out.amount > MAX_UNSENT:
            raise OperationError(
                "limit",
                f"{out.amount} bytes wait to be sent, more than {MAX_UNSENT} (no option"
                " moves this bound: see bufferedAmount)",
            )
        self._protocol.send_message(data, is_binary)

    def ping(self, data: bytes) -> None:
        """@raise OperationError: C{state}, or C{limit} above L{MAX_PING} bytes"""
        if self._state != "open":
            raise OperationError(*NOT_CONNECTED)
        if len(data) > MAX_PING:
            raise OperationError(
                "limit",
                f"a ping has at most {MAX_PING} bytes (no option moves this bound)",
            )
        self._protocol.sendPing(data)

    def close(self, code: int = NORMAL, reason: bytes = b"") -> None:
        """
        Begin the closing handshake, behind all that was sent; before the opening one
        is done, just go.

        @raise OperationError: C{protocol} for a reason that is not UTF-8
        """
        check_utf8(reason, "the reason of a close must be UTF-8")
        if self._state == "open":
            self._said = code, to_text(reason)
            self._protocol.send_close(code, reason)
        elif self._state == "opening":
            self.abort()

    def abort(self, reason: str | None = None) -> None:
        """
        Close now.

        @param reason: what the listener is told
        """
        self._protocol.abort(reason)

    def refuse(self, answer: bytes, linger: float) -> None:
        """
        Answer the opening handshake with something else, and go.

        @param linger: seconds that the peer has to take the answer
        """
        self._deaf = True
        self._protocol.sendData(answer)
        self._protocol.finish()
        self._close_within(linger)

    def disown(self) -> None:
        """Tell the end now; what was sent still arrives, and nothing more is told."""
        if self._was_open:
            self._end(*self._said, False)
        self._state = "over"

    def pause(self) -> None:
        """Stop reading."""
        self._paused = True
        if self._protocol.transport is not None:
            self._protocol.transport.pauseProducing()

    def resume(self) -> None:
        """Read again."""
        self._paused = False
        if self._protocol.transport is not None:
            self._protocol.transport.resumeProducing()

    # What the protocol tells.

    def connected(self) -> None:
        if self._paused:
            self._protocol.transport.pauseProducing()

    def opened(self, subprotocol: str | None) -> None:
        if self._state == "opening":
            self._state = "open"
            self._was_open = True
            if self._heartbeat is not None:
                self._heartbeat.start()
            self._listener.opened(subprotocol)

    def received(self, data: bytes, is_binary: bool) -> None:
        if self._state != "over":
            self._listener.received(data, is_binary)

    def ponged(self, data: bytes) -> None:
        if self._state != "over":
            self._listener.ponged(data)

    def leaving(self) -> None:
        if self._state == "open":
            self._state = "closing"
        self._close_within(CLOSE_TIMEOUT)

    def failed(self, code: int, reason: str) -> None:
        self._deaf = True
        self._close_within(CLOSE_TIMEOUT)
        self._end(code, reason, False)

    def lost(self, code: int, reason: str, clean: bool, failure: Failure) -> None:
        for each in (self._heartbeat, self._stalled, self._patience):
            if each is not None:
                each.cancel()
        if self._was_open:
            self._end(code, reason, clean)
        self._state = "over"
        self._listener.gone(failure, self._was_open)

    def _end(self, code: int, reason: str, clean: bool) -> None:
        if self._state != "over":
            self._state = "over"
            self._listener.ended(code, reason, clean)

    def _close_within(self, seconds: float) -> None:
        """No ping any more; so much time without a movement until it is aborted."""
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        if self._stalled is None:
            self._stalled = StallDeadline(self._clock, self._movement, self._give_up)
        self._stalled.start(seconds)

    def _movement(self) -> object:
        """Different when something has moved, while this closes."""
        protocol = self._protocol
        taken = protocol.taken_bytes
        if self._deaf:
            return taken
        if self._paused:
            # We do not read, and so cannot know.
            return object()
        if taken == protocol.written_bytes:
            if self._patience is None:
                self._patience = Deadline(self._clock, self._give_up)
            self._patience.start(CLOSE_LIMIT)
        return taken, protocol.received_bytes

    def _give_up(self) -> None:
        self.abort("the closing handshake was not finished in time")


def check_utf8(data: bytes, problem: str) -> None:
    """@raise OperationError: C{protocol}, with that message"""
    if not is_utf8(data):
        raise OperationError("protocol", problem)
