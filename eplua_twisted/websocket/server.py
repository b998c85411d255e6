"""WebSocket servers of scripts."""

from __future__ import annotations

from itertools import count
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
)
from autobahn.websocket.types import ConnectionDeny
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IUpgrade
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.reply import Events
from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.endpoints import host_and_port
from eplua_twisted.streams.server import Listening
from eplua_twisted.websocket.connection import Channel, ChannelOptions

HANDSHAKE_TIMEOUT = 10.0
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class WebSocketClientOfServer(Channel, WebSocketServerProtocol):  # type: ignore[misc]
    """A client of a server, from its first byte on."""

    def __init__(self, server: WebSocketServer) -> None:
        super().__init__(server.environment, server.options)
        self._server = server
        self._deadline = Deadline(server.environment.reactor, self.abort)
        self.info: tuple[Any, ...] = ()

    def connectionMade(self) -> None:
        super().connectionMade()
        self._deadline.start(HANDSHAKE_TIMEOUT)

    def onConnect(self, request: Any) -> Any:
        """
        Judge the client's request; autobahn waits for a Deferred.

        @raise ConnectionDeny: it is refused
        """
        return self._server.judge(self, request)

    def opened(self) -> None:
        self._deadline.cancel()
        self._server.connected(self)

    def received(self, data: bytes, is_binary: bool) -> None:
        self._server.listener.tell(b"receive", self.id, data, is_binary)

    def closed(self, code: int, reason: str, clean: bool) -> None:
        self._server.listener.tell(
            b"disconnected", self.id, code, to_bytes(reason), clean
        )
        self._server.left(self)

    def not_opened(self, failure: Failure | None) -> None:
        self._deadline.cancel()
        self._server.left(self)


@implementer(IUpgrade)
class WebSocketServer(Listening, WebSocketServerFactory):  # type: ignore[misc]
    """
    A listening port and its clients.

    @param context: the TLS context factory; C{None} for no TLS
    @param origins: those that may connect; C{None} for any
    """

    noisy = False

    def __init__(
        self,
        environment: Environment,
        options: ChannelOptions,
        origins: frozenset[str] | None,
        subprotocols: list[str],
        max_connections: int | None,
        context: Any,
    ) -> None:
        WebSocketServerFactory.__init__(
            self, reactor=environment.reactor, server="eplua"
        )
        compression = {}
        if options.compression:
            compression["perMessageCompressionAccept"] = self._accept_compression
        WebSocketServerFactory.setProtocolOptions(
            self,
            allowedOrigins=["*"],
            allowNullOrigin=True,
            serveFlashSocketPolicy=False,
            **options.protocol_options(),
            **compression,
        )
        Listening.__init__(self, environment, max_connections)
        self.options = options
        self._origins = origins
        self._context = context
        self._subprotocols = subprotocols
        self.listener = Events(environment.bridge, 0, self.id)
        self._asks = False
        self._questions: dict[int, Deferred[Any]] = {}
        self._numbers = count(1)
        self._open: dict[int, WebSocketClientOfServer] = {}

    def _accept_compression(self, offers: list[Any]) -> Any:
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                return PerMessageDeflateOfferAccept(
                    offer, max_message_size=self.options.max_message
                )
        return None

    # Starting.

    @operation("websocket_server_start")
    def start(
        self, host: bytes, port: int, listener: int, asks: bool
    ) -> Deferred[int | None]:
        """
        @param listener: the ticket that is answered with the events of all clients
        @param asks: the script judges each client: C{accept} is asked first
        @return: as L{listen}
        """
        listening = self.listen(host, port)
        self._listen_to(listener, asks)
        return listening

    @query("websocket_server_attach")
    def attach(self, listener: int, asks: bool) -> None:
        """As L{start}, without a port: an HTTP server lets clients L{take_over}."""
        self._listen_to(listener, asks)
        self.share()

    def _listen_to(self, listener: int, asks: bool) -> None:
        self.listener = Events(self.environment.bridge, listener, self.id)
        self._asks = asks

    def port_factory(self) -> Any:
        if self._context is None:
            return self
        from eplua_twisted.tls.transport import below

        return below(self, self._context, self.environment.reactor)

    # Clients.

    def buildProtocol(self, addr: object) -> WebSocketClientOfServer | None:
        if not self.admits():
            return None
        client = WebSocketClientOfServer(self)
        client.factory = self
        self.members[client] = None
        return client

    def take_over(self, transport: Any, head: bytes) -> WebSocketClientOfServer | None:
        """C{IUpgrade}"""
        client = self.buildProtocol(None)
        if client is not None:
            client.makeConnection(transport)
            client.dataReceived(head)
        return client

    def judge(self, client: WebSocketClientOfServer, request: Any) -> Any:
        """
        @return: the subprotocol, or a Deferred that fires with it
        @raise ConnectionDeny: the client is refused
        """
        if self._origins is not None and request.origin not in self._origins:
            raise ConnectionDeny(403, "Forbidden")
        chosen = next(
            (each for each in self._subprotocols if each in request.protocols), None
        )
        client.info = _describe(client, request, chosen)
        if not self._asks:
            return chosen
        number = next(self._numbers)
        answer: Deferred[Any] = Deferred()
        self._questions[number] = answer
        self.listener.tell(b"accept", number, *client.info)
        return answer.addCallback(lambda _: chosen)

    @query("websocket_server_accept")
    def accept(self, number: int, status: int | None) -> None:
        """The script's judgement: no status is yes."""
        answer = self._questions.pop(number, None)
        if answer is None:
            return
        if status is None:
            answer.callback(None)
        else:
            reason = REASONS.get(status, "Refused")
            answer.errback(ConnectionDeny(status, reason))

    def connected(self, client: WebSocketClientOfServer) -> None:
        """A client has done its handshake."""
        self._open[client.id] = client
        self.listener.tell(b"connected", client.id, *client.info)

    def left(self, client: WebSocketClientOfServer) -> None:
        self._open.pop(client.id, None)
        super().left(client)

    def _client(self, number: int) -> WebSocketClientOfServer:
        client = self._open.get(number)
        if client is None:
            raise OperationError("state", "Not connected")
        return client

    @query("websocket_server_send")
    def send(self, number: int, data: bytes, is_binary: bool) -> bool:
        return self._client(number).send(data, is_binary)

    @query("websocket_server_broadcast")
    def broadcast(self, data: bytes, is_binary: bool) -> int:
        """@return: to how many clients it went; a client too slow is left out"""
        sent = 0
        for client in list(self._open.values()):
            if client.can_send():
                try:
                    client.send(data, is_binary)
                except OperationError as problem:
                    if problem.code != "limit":
                        raise
                else:
                    sent += 1
        return sent

    @query("websocket_server_close_client")
    def close_client(self, number: int, code: int | None, reason: bytes | None) -> bool:
        self._client(number).say_goodbye(
            code, None if reason is None else to_text(reason)
        )
        return True

    @query("websocket_server_clients")
    def clients(self) -> tuple[int, ...]:
        return tuple(self._open)

    @query("websocket_server_buffered_amount")
    def buffered_amount(self, number: int) -> int:
        return self._client(number).buffered_amount()

    @query("websocket_server_is_running")
    def is_running(self) -> bool:
        return super().is_running()

    @query("websocket_server_port")
    def listening_port(self) -> int | None:
        return super().listening_port()

    @operation("websocket_server_stop", gone=None)
    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when port and clients are closed"""
        return self.stop_listening()


def _describe(client: Any, request: Any, chosen: str | None) -> tuple[Any, ...]:
    """
    What the script is told of a client: ip, port, path, origin, subprotocol, and
    the headers flattened.
    """
    host, port = host_and_port(client.transport.getPeer())
    path = client.http_request_uri
    values = (host, port, path, request.origin or None, chosen)
    encoded = [to_bytes(each) if isinstance(each, str) else each for each in values]
    for name, value in request.headers.items():
        encoded += [to_bytes(name), to_bytes(value)]
    return tuple(encoded)
