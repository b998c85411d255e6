"""Autobahn's WebSocket protocols over our own write buffer."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.websocket import WebSocketAdapterProtocol, WebSocketClientProtocol
from autobahn.websocket.protocol import WebSocketProtocol

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.write_buffer import WriteBuffer


class BufferedWebSocket(WebSocketAdapterProtocol, WebSocketProtocol):  # type: ignore[misc]
    """
    Mixed into autobahn's protocols: what a slow peer does not take waits in a
    L{WriteBuffer}, where its amount is known, and a connection that is closed in good
    order is closed when all of it has gone.
    """

    transport: Any = None
    _out: WriteBuffer | None = None

    @property
    def amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return 0 if self._out is None else self._out.amount

    # What Twisted and autobahn call.

    def connectionMade(self) -> None:
        self._out = WriteBuffer(self.transport)
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:
        # Autobahn's own formats a debug message for each call.
        self._dataReceived(data)

    def sendData(
        self, data: bytes, sync: bool = False, chopsize: int | None = None
    ) -> None:
        assert self._out is not None
        self._out.write(data)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """The write buffer is the transport's producer."""

    def unregisterProducer(self) -> None:
        """The write buffer lets go of the transport itself."""

    def _closeConnection(self, abort: bool = False) -> None:
        if abort or self._out is None:
            self.transport.abortConnection()
        else:
            self._out.when_empty(self.transport.loseConnection)


class BufferedWebSocketClient(BufferedWebSocket, WebSocketClientProtocol):  # type: ignore[misc]
    """
    The client's side.

    @ivar refused: why there is no WebSocket, when it was not the connection's fault
    """

    refused: OperationError | None = None

    def failHandshake(self, reason: str) -> None:
        """The server's answer was not the one to become a WebSocket."""
        code = "refused" if "upgrade failed" in reason else "protocol"
        self.refused = OperationError(code, reason)
        WebSocketClientProtocol.failHandshake(self, reason)
