"""The WebSocket servers of scripts."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
)
from twisted.internet.protocol import Factory
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IUpgrade
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.reply import Events
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import NOT_CONNECTED, OperationError
from eplua_twisted.streams.server import Listening
from eplua_twisted.websocket.accepted import AcceptedWebSocket, AcceptingProtocol
from eplua_twisted.websocket.connection import NORMAL, Connection, check_utf8
from eplua_twisted.websocket.handshake import OpeningRequest
from eplua_twisted.websocket.options import ServerOptions
from eplua_twisted.websocket.settings import server_settings

FORBIDDEN = 403

NOBODY = 0
"""Whose events are not dropped when the script stops the server: those that end its
clients still come."""


@implementer(IUpgrade)
class WebSocketServer(Listening[AcceptedWebSocket, None], Factory):
    """
    A listening port and its clients.

    @param context: makes the server's ends of TLS connections; C{None} for no TLS
    @ivar settings: autobahn's factory
    """

    noisy = False

    def __init__(
        self,
        environment: Environment,
        options: ServerOptions,
        context: IOpenSSLServerConnectionCreator | None,
    ) -> None:
        super().__init__(environment, options.max_connections)
        self.options = options
        self.settings = server_settings(options, environment.reactor)
        self._context = context
        self._events = Events(environment.bridge, 0, NOBODY)
        self._asks = False
        # Those that the script judges, with the subprotocol that they would get.
        self._judged: dict[int, tuple[AcceptedWebSocket, str | None]] = {}
        self._open: dict[int, Connection] = {}

    # Starting.

    @operation("websocket_server_start")
    def start(
        self, host: bytes, port: int, listener: int, asks: bool
    ) -> Deferred[int | None]:
        """
        @param listener: the ticket that is told C{connected} with a client's number
            and its description, C{receive} with number, data and whether it is binary,
            C{disconnected} with number, code and reason
        @param asks: the script judges each client: C{accept}, with what
            C{connected} has, is told first, and L{accept} answers it
        @return: as L{Listening.listen}
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
        self._events = Events(self.environment.bridge, listener, NOBODY)
        self._asks = asks

    def port_factory(self) -> IProtocolFactory:
        if self._context is None:
            return self
        from eplua_twisted.tls.transport import below

        return below(self, self._context, self.environment.reactor)

    # Clients.

    def buildProtocol(self, addr: IAddress | None) -> AcceptingProtocol | None:
        if not self.admits():
            return None
        client = AcceptedWebSocket(self)
        self.members[client] = None
        return client.protocol

    def take_over(self, transport: object, head: bytes) -> AcceptingProtocol | None:
        """C{IUpgrade}"""
        protocol = self.buildProtocol(None)
        if protocol is not None:
            protocol.makeConnection(transport)  # type: ignore[no-untyped-call]
            protocol.dataReceived(head)
        return protocol

    def judge(self, client: AcceptedWebSocket, request: OpeningRequest) -> None:
        """Look at its origin, and ask the script if it wants to be asked."""
        origins = self.options.origins
        if origins and request.origin not in origins:
            client.refuse(FORBIDDEN)
            return
        offered = request.subprotocols
        chosen = next((e for e in self.options.subprotocols if e in offered), None)
        client.describe(request, chosen)
        if self._asks:
            self._judged[client.id] = client, chosen
            self._events.tell(b"accept", client.id, *client.description)
        else:
            client.admit(chosen)

    def drain(self) -> None:
        """The clients are told to go, and to come to another process."""
        super().drain()
        for client in list(self.members):
            client.close()

    @query("websocket_server_accept")
    def accept(self, number: int, status: int | None) -> None:
        """
        The script's judgement.

        @param status: what it is refused with; C{None} lets it in
        """
        judged = self._judged.pop(number, None)
        if judged is not None:
            client, subprotocol = judged
            if status is None:
                client.admit(subprotocol)
            else:
                client.refuse(status)

    def opened(self, client: AcceptedWebSocket) -> None:
        self._open[client.id] = client.connection
        self._events.tell(b"connected", client.id, *client.description)
        client.description = ()

    def received(self, client: AcceptedWebSocket, data: bytes, is_binary: bool) -> None:
        self._events.tell(b"receive", client.id, data, is_binary)

    def ended(
        self, client: AcceptedWebSocket, code: int, reason: str, clean: bool
    ) -> None:
        del self._open[client.id]
        self._events.tell(b"disconnected", client.id, code, to_bytes(reason))

    def left(self, client: AcceptedWebSocket) -> None:
        self._judged.pop(client.id, None)
        super().left(client)

    # What a script asks.

    def _client(self, number: int) -> Connection:
        client = self._open.get(number)
        if client is None:
            raise OperationError(*NOT_CONNECTED)
        return client

    @query("websocket_server_send")
    def send(self, number: int, data: bytes, is_binary: bool) -> bool:
        self._client(number).send(data, is_binary)
        return True

    @query("websocket_server_broadcast")
    def broadcast(self, data: bytes, is_binary: bool) -> int:
        """@return: to how many clients it went; a client too slow is left out"""
        if not is_binary:
            check_utf8(data, "text must be UTF-8 (see isBinary)")
        sent = 0
        for client in list(self._open.values()):
            if client.is_open:
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
        self._client(number).close(code or NORMAL, reason or b"")
        return True

    @query("websocket_server_clients")
    def clients(self) -> tuple[int, ...]:
        return tuple(self._open)

    @query("websocket_server_buffered_amount")
    def buffered_amount(self, number: int) -> int:
        return self._client(number).buffered_amount

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
