"""Autobahn's WebSocket protocols over our own write buffer."""

from __future__ import annotations

import os
from base64 import b64encode

from autobahn.twisted.websocket import (
    WebSocketAdapterProtocol,
    WebSocketClientProtocol,
)
from autobahn.websocket.compress import PerMessageDeflateOffer
from autobahn.websocket.protocol import WebSocketProtocol
from txaio.tx import make_logger

from eplua_twisted.errors import OperationError, quoted
from eplua_twisted.streams.endpoints import set_stream_options
from eplua_twisted.streams.opening import AnswerReader, Opening
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.transports.interfaces import StreamTransport

MAX_REASON = 200
"""Characters of why there is no WebSocket."""


class BufferedWebSocket(WebSocketAdapterProtocol, WebSocketProtocol):  # type: ignore[misc]
    """
    Mixed into autobahn's protocols: what a slow peer does not take waits in a
    L{WriteBuffer}, where its amount is known, and a connection that is closed in good
    order is closed when all of it has gone.

    @ivar out: where it waits; C{None} until there is a transport
    """

    # Whoever owns the connection is told what goes wrong; autobahn would log it too.
    log = make_logger(level="critical")
    # None until there is one.
    transport: StreamTransport  # type: ignore[assignment]
    out: WriteBuffer | None = None

    @property
    def amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return 0 if self.out is None else self.out.amount

    # What Twisted and autobahn call.

    def connectionMade(self) -> None:
        # Autobahn sets it from an attribute that it gives to its protocol afterwards.
        set_stream_options(self.transport, no_delay=True, keep_alive=False)
        self.out = WriteBuffer(self.transport)
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:
        # Autobahn's own formats a debug message for each call.
        self._dataReceived(data)

    def onMessageEnd(self) -> None:
        # Autobahn's own makes two Deferreds for each message, for listeners that it has
        # besides onMessage.
        if not self.failedByMe:
            self.onMessage(b"".join(self.message_data), self.message_is_binary)
        self.message_data = []

    def sendData(
        self, data: bytes, sync: bool = False, chopsize: int | None = None
    ) -> None:
        assert self.out is not None
        self.out.write(data)

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """The write buffer is the transport's producer."""

    def unregisterProducer(self) -> None:
        """The write buffer lets go of the transport itself."""

    def _closeConnection(self, abort: bool = False) -> None:
        if abort or self.out is None:
            self.transport.abortConnection()
        else:
            self.out.when_empty(self.transport.loseConnection)


class BufferedWebSocketClient(BufferedWebSocket, WebSocketClientProtocol):  # type: ignore[misc]
    """
    The client's side.

    @ivar opening: what it asks for
    @ivar refused: why there is no WebSocket, when it was not the connection's fault
    """

    opening: Opening
    refused: OperationError | None = None
    # From autobahn's factory.
    perMessageCompressionOffers: list[PerMessageDeflateOffer]

    def __init__(self) -> None:
        super().__init__()
        self._answer: AnswerReader | None = AnswerReader()

    def startHandshake(self) -> None:
        """Autobahn's own request would not be sent as a script writes it."""
        self.websocket_key = b64encode(os.urandom(16))
        offers = [
            offer.get_extension_string() for offer in self.perMessageCompressionOffers
        ]
        self.sendData(self.opening.request(self.websocket_key, offers))

    def dataReceived(self, data: bytes) -> None:
        if self._answer is None:
            self._dataReceived(data)
        elif self.refused is None:
            self._read_answer(self._answer, data)

    def _read_answer(self, reader: AnswerReader, data: bytes) -> None:
        try:
            answer = reader.feed(data)
        except OperationError as problem:
            self.refused = problem
            self.transport.abortConnection()
            return
        if answer is not None:
            self._answer = None
            self._dataReceived(answer)

    def failHandshake(self, reason: str) -> None:
        """The server's answer was not the one to become a WebSocket."""
        code = "refused" if "upgrade failed" in reason else "protocol"
        # It has words of the server.
        self.refused = OperationError(code, quoted(reason.encode(), MAX_REASON))
        WebSocketClientProtocol.failHandshake(self, reason)
