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
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.addresses import host_and_port, listen
from eplua_twisted.bridge import operation, query
from eplua_twisted.environment import Environment
from eplua_twisted.errors import OperationError
from eplua_twisted.interfaces import IResource
from eplua_twisted.values import to_bytes, to_text
from eplua_twisted.websocket_channel import Channel, ChannelOptions

MAX_CONNECTIONS = 1024
BACKLOG = 128
HANDSHAKE_TIMEOUT = 10.0
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


@implementer(IResource)
class WebSocketClientOfServer(Channel, WebSocketServerProtocol):  # type: ignore[misc]
    """A client of a server, from its first byte on."""

    def __init__(self, server: WebSocketServer) -> None:
        super().__init__(server.environment, server.options)
        self._server = server
        self._timeout: IDelayedCall | None = None
        self.info: tuple[Any, ...] = ()

    def connectionMade(self) -> None:
        super().connectionMade()
        self._timeout = self.environment.reactor.callLater(
            HANDSHAKE_TIMEOUT, self.abort
        )

    def onConnect(self, request: Any) -> Any:
        """
        Judge the client's request; autobahn waits for a Deferred.

        @raise ConnectionDeny: it is refused
        """
        return self._server.judge(self, request)

    def opened(self) -> None:
        self._stop_timeout()
        self._server.connected(self)

    def received(self, data: bytes, is_binary: bool) -> None:
        self._server.tell(b"receive", self.id, data, is_binary)

    def closed(self, code: int, reason: str, clean: bool) -> None:
        self._server.tell(b"disconnected", self.id, code, to_bytes(reason), clean)
        self._server.disconnected(self)

    def not_opened(self, failure: Failure | None) -> None:
        self._stop_timeout()
        self._server.disconnected(self)

    def _stop_timeout(self) -> None:
        if self._timeout is not None and self._timeout.active():
            self._timeout.cancel()


@implementer(IResource)
class WebSocketServer(WebSocketServerFactory):
    """
    A listening port and its clients.

    @param context: the TLS context factory; C{None} for no TLS
    @param origins: those that may connect; C{None} for any
    @ivar phase: C{new}, C{starting}, C{running}, C{stopping}, C{closed}, C{stopped}
    """

    noisy = False
    log = Logger()

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
        self.environment = environment
        self.options = options
        self._origins = origins
        self._context = context
        self._subprotocols = subprotocols
        self._max_connections = max_connections or MAX_CONNECTIONS
        self._listener = 0
        self._asks = False
        self._questions: dict[int, Deferred[Any]] = {}
        self._numbers = count(1)
        self._port: Any = None
        self._attempt: Deferred[Any] | None = None
        self._members: set[WebSocketClientOfServer] = set()
        self._open: dict[int, WebSocketClientOfServer] = {}
        self._stopped: list[Deferred[None]] = []
        self.phase = "new"
        self.id = environment.resources.add(self)

    def _accept_compression(self, offers: list[Any]) -> Any:
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                return PerMessageDeflateOfferAccept(
                    offer, max_message_size=self.options.max_message
                )
        return None

    def tell(self, event: bytes, *values: Any) -> None:
        """Answer the listener with an event."""
        self.environment.bridge.answer(self._listener, self.id, True, event, *values)

    # Starting.

    @operation("websocket_server_start")
    def start(
        self, host: bytes, port: int, listener: int, asks: bool
    ) -> Deferred[int | None]:
        """
        @param listener: the ticket that is answered with the events of all clients
        @param asks: the script judges each client: C{accept} is asked first
        @return: fires with the port; fails with what kept it from listening
        """
        if self.phase != "new":
            raise OperationError("state", f"Already {self.phase}")
        self.phase = "starting"
        self._listener, self._asks = listener, asks
        listening = Deferred.fromCoroutine(
            listen(
                self.environment.streams,
                to_text(host),
                port,
                self,
                BACKLOG,
                context=self._context,
            )
        )
        self._attempt = listening
        return listening.addCallbacks(self._started, self._not_started)

    def _started(self, port: IListeningPort) -> int | None:
        self._attempt = None
        self.phase = "running"
        self._port = port
        return self.listening_port()

    def _not_started(self, failure: Failure) -> Failure:
        self._attempt = None
        self._gone()
        return failure

    # Clients.

    def buildProtocol(self, addr: object) -> WebSocketClientOfServer | None:
        if self.phase != "running" or len(self._members) >= self._max_connections:
            self.log.warn(
                "a client was refused: {count} are connected (option maxConnections)",
                count=len(self._members),
            )
            return None
        client = WebSocketClientOfServer(self)
        client.factory = self
        self._members.add(client)
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
        self.tell(b"accept", number, *client.info)
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
        self.tell(b"connected", client.id, *client.info)

    def disconnected(self, client: WebSocketClientOfServer) -> None:
        """A client is gone."""
        self._members.discard(client)
        self._open.pop(client.id, None)
        self._stop_if_empty()

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
        return self.phase == "running"

    @query("websocket_server_port")
    def listening_port(self) -> int | None:
        return host_and_port(self._port.getHost())[1] if self.is_running() else None

    # The end.

    @operation("websocket_server_stop", gone=None)
    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when port and clients are closed"""
        stopped: Deferred[None] = Deferred()
        self._stopped.append(stopped)
        self.close()
        return stopped

    def close(self) -> None:
        """Stop listening; say goodbye to the clients."""
        self.environment.bridge.forget(self.id)
        for client in list(self._members):
            client.close()
        if self._attempt is not None:
            self._attempt.cancel()
        elif self.phase == "running":
            self.phase = "stopping"
            maybeDeferred(self._port.stopListening).addBoth(self._closed)
        elif self.phase == "new":
            self._gone()

    def _closed(self, result: object) -> None:
        self.phase = "closed"
        self._stop_if_empty()

    def _stop_if_empty(self) -> None:
        if self.phase == "closed" and not self._members:
            self._gone()

    def abort(self) -> None:
        """Close now."""
        self.close()
        for client in list(self._members):
            client.abort()

    def _gone(self) -> None:
        self.phase = "stopped"
        self.environment.resources.remove(self.id)
        stopped, self._stopped = self._stopped, []
        for deferred in stopped:
            deferred.callback(None)

    def pause(self) -> None:
        if self.is_running():
            self._port.pauseProducing()

    def resume(self) -> None:
        if self.is_running():
            self._port.resumeProducing()


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
