"""
What WebSocket clients and the clients of a server have in common: one open
connection that speaks autobahn's protocol, with our buffers, timers and bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.values import seconds, to_bytes, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.autobahn import BufferedWebSocket

MAX_MESSAGE = 16 * 1024 * 1024
MAX_UNSENT = 16 * 1024 * 1024
"""Bytes that may wait for a slow peer before C{send} is refused."""

CLOSE_TIMEOUT = 5.0
"""Seconds that the peer has to answer a close, and to go."""

ABNORMAL = 1006
GOING_AWAY = 1001


@dataclass(frozen=True)
class ChannelOptions:
    """
    @ivar ping_interval: seconds between pings; 0 for none
    @ivar ping_timeout: seconds that the answer to a ping may take
    """

    max_message: int
    compression: bool
    ping_interval: float
    ping_timeout: float

    @classmethod
    def from_lua(
        cls,
        max_message: int | None,
        compression: bool,
        ping_interval: float | None,
        ping_timeout: float | None,
    ) -> ChannelOptions:
        interval = seconds(ping_interval or 0)
        timeout = seconds(ping_timeout or 0)
        return cls(max_message or MAX_MESSAGE, compression, interval, timeout or 10.0)

    def protocol_options(self) -> dict[str, Any]:
        """
        For autobahn's factories.  Its timers are off: they are the global
        reactor's, and ours are on the runtime's.
        """
        return {
            "maxMessagePayloadSize": self.max_message,
            "maxFramePayloadSize": self.max_message,
            "failByDrop": False,
            "echoCloseCodeReason": True,
            "openHandshakeTimeout": 0,
            "closeHandshakeTimeout": 0,
            "autoPingInterval": 0,
        }


@implementer(IResource)
class Channel(BufferedWebSocket):
    """
    Mixed into autobahn's client and server protocols.

    Subclasses tell the script: C{opened}, C{received}, C{ponged}, C{closed}.
    """

    def __init__(self, environment: Environment, options: ChannelOptions) -> None:
        super().__init__()
        self.environment = environment
        self.options = options
        self._opened = False
        self._ended = False
        self._pressed = False
        reactor = environment.reactor
        self._ping = Deadline(reactor, self._send_ping)
        self._pong = Deadline(reactor, self._expect_answer)
        self._closing = Deadline(reactor, self.abort)
        self._traffic_before = 0
        self._lost_by: Failure | None = None
        self.id = environment.resources.add(self)

    def opened(self) -> None:
        """The handshake is done."""

    def received(self, data: bytes, is_binary: bool) -> None:
        """A message came."""

    def ponged(self, data: bytes) -> None:
        """A pong came."""

    def closed(self, code: int, reason: str, clean: bool) -> None:
        """An open connection has ended."""

    def not_opened(self, failure: Failure | None) -> None:
        """A connection ended before it was open."""

    # What autobahn calls.

    def connectionMade(self) -> None:
        super().connectionMade()
        if self._pressed:
            self.transport.pauseProducing()

    def _closeConnection(self, abort: bool = False) -> None:
        if not abort:
            self._close_within()
        super()._closeConnection(abort)

    def onOpen(self) -> None:
        self._opened = True
        self._schedule_ping()
        self.opened()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if not self._ended:
            self.received(payload, isBinary)

    def onPong(self, payload: bytes) -> None:
        self.ponged(payload)

    def onCloseFrame(self, code: int, reasonRaw: bytes) -> bool | None:
        self._close_within()
        stop: bool | None = super().onCloseFrame(code, reasonRaw)
        return stop

    def sendCloseFrame(self, *arguments: Any, **named: Any) -> None:
        self._close_within()
        super().sendCloseFrame(*arguments, **named)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost_by = self._lost_by or reason
        super().connectionLost(reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        for deadline in (self._ping, self._pong, self._closing):
            deadline.cancel()
        self.environment.resources.remove(self.id)
        if not self._opened:
            self.not_opened(self._lost_by)
            return
        if self.failedByMe and self.localCloseCode:
            # The peer only repeated what we said.
            code = self.localCloseCode
            reason = to_text(self.localCloseReason or b"")
        elif not wasClean:
            code, reason = ABNORMAL, self.wasNotCleanReason or ""
        self.closed(code or 1005, reason or "", wasClean)

    # What scripts ask.

    def send(self, data: bytes, is_binary: bool) -> bool:
        """
        Send a message.

        @raise OperationError: C{state}, C{protocol} for text that is not UTF-8,
            C{limit} when the peer is too slow
        """
        if self.state != self.STATE_OPEN:
            raise OperationError("state", "Not connected")
        if not is_binary and not _is_utf8(data):
            raise OperationError("protocol", "text must be UTF-8 (see sendBinary)")
        if self.amount > MAX_UNSENT:
            raise OperationError("limit", f"{self.amount} bytes wait to be sent")
        WebSocketProtocol.sendMessage(self, data, is_binary)
        return True

    def ping(self, data: bytes) -> bool:
        """
        @raise OperationError: C{state}, or C{limit} above 125 bytes (RFC 6455, 5.5)
        """
        if self.state != self.STATE_OPEN:
            raise OperationError("state", "Not connected")
        if len(data) > 125:
            raise OperationError("limit", "a ping has at most 125 bytes")
        self.sendPing(data)
        return True

    def say_goodbye(self, code: int | None, reason: str | None) -> None:
        """Begin the closing handshake; before the opening one is done, just go."""
        if self.state == self.STATE_OPEN:
            # Autobahn's sendClose knows none of the codes that a server has.
            self.sendCloseFrame(
                code=code or 1000, reasonUtf8=to_bytes(reason) if reason else None
            )
        elif self.state != self.STATE_CLOSING:
            self.abort()

    def can_send(self) -> bool:
        """The handshake is done and nobody has begun to close."""
        return bool(self._opened and self.state == self.STATE_OPEN)

    def buffered_amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return self.amount

    # Resources.

    def close(self) -> None:
        """The runtime stops."""
        self.say_goodbye(GOING_AWAY, None)

    def abort(self) -> None:
        """Close now."""
        if self.transport is not None:
            self.transport.abortConnection()

    def pause(self) -> None:
        self._pressed = True
        if self.transport is not None:
            self.transport.pauseProducing()

    def resume(self) -> None:
        self._pressed = False
        if self.transport is not None:
            self.transport.resumeProducing()

    # Timers.

    def _close_within(self) -> None:
        self._closing.start(CLOSE_TIMEOUT)

    def _schedule_ping(self) -> None:
        if self.options.ping_interval:
            self._ping.start(self.options.ping_interval)

    def _send_ping(self) -> None:
        if self.can_send():
            self._traffic_before = self._traffic()
            self.sendPing(b"")
            self._pong.start(self.options.ping_timeout)

    def _expect_answer(self) -> None:
        if self._traffic() != self._traffic_before:
            self._schedule_ping()
        else:
            self.wasNotCleanReason = "ping timeout"
            self._lost_by = Failure(ConnectionLost())
            self.abort()

    def _traffic(self) -> int:
        """Whatever came from the peer shows that it lives."""
        stats = self.trafficStats
        return int(stats.incomingOctetsWireLevel)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
