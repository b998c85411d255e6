"""WebSocket connections made by scripts, and the module of both sides."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.primitives import query
from eplua_twisted.border.reply import Events
from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.errors import TIMEOUT, OperationError, describe
from eplua_twisted.streams.autobahn import BufferedWebSocketClient
from eplua_twisted.streams.endpoints import client_endpoint
from eplua_twisted.websocket.connection import Channel, ChannelOptions

HANDSHAKE_TIMEOUT = 10.0


class _Factory(WebSocketClientFactory):
    """Autobahn's settings for one connection, and that connection."""

    noisy = False

    def __init__(self, connection: WebSocketConnection, **settings: Any) -> None:
        WebSocketClientFactory.__init__(self, **settings)
        self._connection = connection

    def buildProtocol(self, addr: object) -> WebSocketConnection:
        self._connection.factory = self
        return self._connection


class WebSocketConnection(Channel, BufferedWebSocketClient):  # type: ignore[misc]
    """
    One connection, from the attempt to its end.

    @param listener: the ticket that is answered with its events
    """

    def __init__(
        self, environment: Environment, options: ChannelOptions, listener: int
    ) -> None:
        super().__init__(environment, options)
        self._listener = Events(environment.bridge, listener, self.id)
        self._attempt: Deferred[Any] | None = None
        self._deadline = Deadline(
            environment.reactor, self._give_up, OperationError(*TIMEOUT)
        )

    def begin(self, settings: dict[str, Any], timeout: float, creator: Any) -> None:
        """Connect; what comes of it is an event."""
        factory = _Factory(self, reactor=self.environment.reactor, **settings)
        compression = {}
        if self.options.compression:
            compression = {
                "perMessageCompressionOffers": [PerMessageDeflateOffer()],
                "perMessageCompressionAccept": self._accept_compression,
            }
        WebSocketClientFactory.setProtocolOptions(
            factory,
            serverConnectionDropTimeout=0,
            **self.options.protocol_options(),
            **compression,
        )
        endpoint = client_endpoint(self.environment.streams, factory.host, factory.port)
        if creator is not None:
            from eplua_twisted.tls.transport import TLSClientEndpoint

            endpoint = TLSClientEndpoint(endpoint, creator, self.environment.reactor)
        if timeout:
            self._deadline.start(timeout)
        self._attempt = endpoint.connect(factory)
        self._attempt.addCallbacks(self._connected, self._not_connected)

    def _accept_compression(self, response: object) -> object:
        if isinstance(response, PerMessageDeflateResponse):
            return PerMessageDeflateResponseAccept(
                response, max_message_size=self.options.max_message
            )
        return None

    def _connected(self, protocol: object) -> None:
        self._attempt = None

    def _not_connected(self, failure: Failure) -> None:
        self._attempt = None
        self.environment.resources.remove(self.id)
        self.not_opened(failure)

    def _give_up(self, reason: OperationError) -> None:
        self.refused = self.refused or reason
        self.abort()

    def opened(self) -> None:
        self._deadline.cancel()
        protocol = self.websocket_protocol_in_use
        self._listener.tell(b"connected", protocol and to_bytes(protocol))

    def received(self, data: bytes, is_binary: bool) -> None:
        self._listener.tell(b"dataReceived", data, is_binary)

    def ponged(self, data: bytes) -> None:
        self._listener.tell(b"pong", data)

    def closed(self, code: int, reason: str, clean: bool) -> None:
        self._listener.tell(b"disconnected", code, to_bytes(reason), clean)

    def not_opened(self, failure: Failure | None) -> None:
        self._deadline.cancel()
        if self.refused is not None:
            failure = Failure(self.refused)
        assert failure is not None
        described = describe(failure) or ("internal", "internal error")
        if described[0] == "eof":
            described = "eof", "End of file (the server closed before it had answered)"
        self._listener.tell(b"error", to_bytes(described[1]), to_bytes(described[0]))

    def abort(self) -> None:
        if self._attempt is not None:
            self._attempt.cancel()
        else:
            super().abort()

    # What scripts ask.

    @query("websocket_send")
    def send_message(self, data: bytes, is_binary: bool) -> bool:
        return self.send(data, is_binary)

    @query("websocket_ping")
    def send_ping(self, data: bytes) -> bool:
        return self.ping(data)

    @query("websocket_close")
    def close_by_script(self, code: int | None, reason: bytes | None) -> None:
        """The script's C{close}: messages that wait are dropped."""
        self.environment.bridge.forget(self.id)
        self._ended = True
        if self._attempt is not None:
            self.refused = self.refused or OperationError("closed", "closed")
            self._attempt.cancel()
            return
        self.say_goodbye(code, None if reason is None else to_text(reason))

    @query("websocket_abort")
    def abort_by_script(self) -> None:
        """Make room for a new connection of the same object, at once."""
        self._ended = True
        self.abort()

    @query("websocket_is_open")
    def ask_open(self) -> bool:
        return self.can_send()

    @query("websocket_buffered_amount")
    def ask_buffered_amount(self) -> int:
        return self.buffered_amount()
