"""Autobahn's protocols, which tell their owner what happens."""

from __future__ import annotations

import typing
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from eplua_twisted.border.values import to_text
from eplua_twisted.streams.autobahn import BufferedWebSocket, BufferedWebSocketClient
from eplua_twisted.websocket.frames import read_frame, write_frame

ABNORMAL = 1006
NO_STATUS = 1005
"""Close codes for a connection without a closing handshake, or a close frame without
one (RFC 6455, 7.4.1)."""


class Owner(typing.Protocol):
    """Whom a protocol tells."""

    def connected(self) -> None:
        """There is a transport."""

    def opened(self, subprotocol: str | None) -> None:
        """The opening handshake is done."""

    def received(self, data: bytes, is_binary: bool) -> None:
        """A message came."""

    def ponged(self, data: bytes) -> None:
        """A pong came."""

    def leaving(self) -> None:
        """A close frame was sent, or has come."""

    def failed(self, code: int, reason: str) -> None:
        """The peer broke the protocol or a bound; it was told by a close frame."""

    def lost(self, code: int, reason: str, clean: bool, failure: Failure) -> None:
        """
        The transport is gone.

        @param clean: after a closing handshake
        """


class OwnedWebSocket(BufferedWebSocket):
    """
    Mixed into autobahn's protocols.

    @ivar owner: who is told
    @ivar received_bytes: how many have come
    @ivar written_bytes: how many are on their way, or have arrived
    """

    owner: Owner
    received_bytes = 0
    written_bytes = 0
    _lost_by: Failure = connectionDone
    # Whether its frames are masked, and its peer's: a client's are.
    masks: bool
    # Autobahn's, whose own types are what they begin with.
    maxMessagePayloadSize: int
    websocket_protocol_in_use: str | None
    websocket_extensions_in_use: list[object]
    wasNotCleanReason: Any
    localCloseCode: Any
    localCloseReason: Any

    # What the owner asks.

    def send_message(self, data: bytes, is_binary: bool) -> None:
        """Send a message of any size: autobahn's bound is for what comes."""
        if self._perMessageCompress is None:
            assert self.out is not None
            frame = write_frame(data, is_binary, self.masks)
            self.written_bytes += len(frame)
            self.out.write(frame)
            return
        bound, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            WebSocketProtocol.sendMessage(self, data, is_binary)
        finally:
            self.maxMessagePayloadSize = bound

    def send_close(self, code: int, reason: bytes | None) -> None:
        """Begin the closing handshake."""
        # Autobahn's sendClose knows none of the codes that a server has.
        self.sendCloseFrame(code=code, reasonUtf8=reason)

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the peer's system has not taken, as far as ours says."""
        held = getattr(self.transport, "unacknowledged", None)
        return self.amount + (0 if held is None else int(held()))

    @property
    def taken_bytes(self) -> int:
        """Bytes that it has: it grows only when the peer does something."""
        return self.written_bytes - self.unsent_bytes

    def finish(self) -> None:
        """
        Close when all was sent.  What the peer still sends is taken and thrown away:
        closing on it would take back what was sent last.
        """
        assert self.out is not None
        self.state = self.STATE_CLOSED
        self.out.when_empty(self._end_writing)

    def _end_writing(self) -> None:
        if ISSLTransport.providedBy(self.transport):
            # TLS has its own way to say so, and waits for the same of the peer.
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    def abort(self, reason: str | None = None) -> None:
        """
        Close now.

        @param reason: what the owner is told
        """
        if self.transport is not None:
            self.wasNotCleanReason = reason
            self.transport.abortConnection()

    # What Twisted and autobahn call.

    def connectionMade(self) -> None:
        super().connectionMade()
        self.owner.connected()

    def dataReceived(self, data: bytes) -> None:
        self.received_bytes += len(data)
        # Whole messages, one after the other, do without autobahn's steps.
        if (
            self.state == self.STATE_OPEN
            and not self.data
            and self.current_frame is None
            and not self.inside_message
        ):
            data = self._take_messages(data)
            if not data:
                return
        self.pass_on(data)

    def pass_on(self, data: bytes) -> None:
        """To autobahn."""
        super().dataReceived(data)

    def _take_messages(self, data: bytes) -> bytes:
        """@return: what is left"""
        start, masked, bound = 0, not self.masks, self.maxMessagePayloadSize
        while start < len(data):
            frame = read_frame(data, start, masked, bound)
            if frame is None:
                break
            payload, is_binary, start = frame
            self.owner.received(payload, is_binary)
            if self.state != self.STATE_OPEN:
                # Whoever was told has ended it.
                break
        return data[start:]

    def sendData(
        self, data: bytes, sync: bool = False, chopsize: int | None = None
    ) -> None:
        self.written_bytes += len(data)
        super().sendData(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost_by = reason
        super().connectionLost(reason)
        # What compresses has much memory, which is not left to the collector.
        self._perMessageCompress = None
        self.websocket_extensions_in_use = []

    def onOpen(self) -> None:
        self.owner.opened(self.websocket_protocol_in_use)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.owner.received(payload, isBinary)

    def onPong(self, payload: bytes) -> None:
        self.owner.ponged(payload)

    def onCloseFrame(self, code: int, reasonRaw: bytes) -> bool | None:
        self.owner.leaving()
        stop: bool | None = super().onCloseFrame(code, reasonRaw)
        return stop

    def sendCloseFrame(self, *arguments: Any, **named: Any) -> None:
        super().sendCloseFrame(*arguments, **named)
        if self.failedByMe:
            # Nothing that comes after it is looked at (RFC 6455, 7.1.7).
            self.finish()
            reason = to_text(self.localCloseReason or b"")
            self.owner.failed(self.localCloseCode, reason)
        else:
            self.owner.leaving()

    def _closeConnection(self, abort: bool = False) -> None:
        # Autobahn would abort when both close frames are there, whatever still waits.
        super()._closeConnection(abort and not self.wasClean)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if not wasClean:
            code, reason = ABNORMAL, self.wasNotCleanReason
        self.owner.lost(code or NO_STATUS, reason or "", wasClean, self._lost_by)


class ClientProtocol(OwnedWebSocket, BufferedWebSocketClient):  # type: ignore[misc]
    """The client's side."""

    masks = True


class ServerProtocol(OwnedWebSocket, WebSocketServerProtocol):  # type: ignore[misc]
    """The server's side, once its client's request was found good."""

    masks = False
