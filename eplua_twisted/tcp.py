"""
TCP and UNIX stream servers, and what makes them and their sockets: C{TCPServer} is
a Twisted C{Factory} of L{TCPSocket}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IListeningPort
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.addresses import host_and_port, listen
from eplua_twisted.bridge import operation, query
from eplua_twisted.environment import Environment
from eplua_twisted.errors import INTERNAL, OperationError, describe
from eplua_twisted.interfaces import IModule, IResource
from eplua_twisted.tcp_options import SocketOptions
from eplua_twisted.tcp_socket import TCPSocket
from eplua_twisted.values import seconds, to_bytes, to_text

MAX_CONNECTIONS = 1024
BACKLOG = 128


@implementer(IResource)
class TCPServer(Factory):
    """
    A listening port and its clients.

    @ivar on_traffic: what a client calls when bytes went either way, if anything
    @ivar state: C{new}, C{starting}, C{running}; C{stopping} until the clients are
        gone too; C{stopped}
    """

    noisy = False
    log = Logger()

    def __init__(
        self,
        environment: Environment,
        options: SocketOptions,
        max_connections: int,
        backlog: int,
        reuse_port: bool,
        idle_timeout: float,
    ) -> None:
        self._environment = environment
        self._options = options
        self._max_connections = max_connections
        self._backlog = backlog
        self._reuse_port = reuse_port
        self._idle_timeout = idle_timeout
        self.on_traffic = self._busy if idle_timeout else None
        self._listener = 0
        self._port: Any = None
        self._attempt: Deferred[Any] | None = None
        self._clients: dict[TCPSocket, IDelayedCall | None] = {}
        self._stopped: list[Deferred[None]] = []
        self._pressed = False
        self.state = "new"
        self.id = environment.resources.add(self)

    @operation("tcp_server_start")
    def start(self, host: bytes, port: int, listener: int) -> Deferred[int | None]:
        """
        @param listener: the ticket that is answered with the number, address and
            port of each client
        @return: fires with the port, C{None} for a UNIX socket; fails with what kept it from listening
        """
        if self.state != "new":
            raise OperationError("state", f"Already {self.state}")
        self.state = "starting"
        self._listener = listener
        listening = Deferred.fromCoroutine(self._listen(to_text(host), port))
        self._attempt = listening
        return listening.addCallbacks(self._started, self._not_started)

    async def _listen(self, host: str, port: int) -> IListeningPort:
        context = None
        if self._options.tls is not None:
            from eplua_twisted.tls import server_context

            context = server_context(self._options.tls)
        return await listen(
            self._environment.streams,
            host,
            port,
            self,
            self._backlog,
            self._reuse_port,
            context,
        )

    def _started(self, port: IListeningPort) -> int | None:
        self._attempt = None
        self.state = "running"
        self._port = port
        if self._pressed:
            self._port.pauseProducing()
        return self.port()

    def _not_started(self, failure: Failure) -> Failure:
        self._attempt = None
        self._gone()
        return failure

    def buildProtocol(self, addr: IAddress | None) -> TCPSocket | None:
        if len(self._clients) >= self._max_connections or self.state != "running":
            self.log.warn(
                "a client was refused: {count} are connected (option maxConnections)",
                count=len(self._clients),
            )
            return None
        client = TCPSocket(self._environment, self._options, self)
        self._clients[client] = None
        return client

    def connected(self, client: TCPSocket) -> None:
        """A client is there: tell the script."""
        if self._idle_timeout:
            self._clients[client] = self._environment.reactor.callLater(
                self._idle_timeout, client.idle
            )
        transport: Any = client.transport
        host, port = host_and_port(transport.getPeer())
        self._environment.bridge.answer(
            self._listener,
            self.id,
            True,
            client.id,
            None if host is None else to_bytes(host),
            port,
        )

    def refused(self, failure: Failure) -> None:
        """A client did not get through the TLS handshake."""
        _, why = describe(failure) or INTERNAL
        self.log.info("a client was refused: {why}", why=why)

    def _busy(self, client: TCPSocket) -> None:
        """Bytes went one way or the other."""
        idle = self._clients.get(client)
        if idle is not None and idle.active():
            idle.reset(self._idle_timeout)

    def disconnected(self, client: TCPSocket) -> None:
        """A client is gone."""
        idle = self._clients.pop(client, None)
        if idle is not None and idle.active():
            idle.cancel()
        self._stop_if_empty()

    @operation("tcp_server_stop", gone=None)
    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when port and clients are closed"""
        stopped: Deferred[None] = Deferred()
        self._stopped.append(stopped)
        self.close()
        return stopped

    def close(self) -> None:
        """Stop listening; close the clients in good order."""
        self._environment.bridge.forget(self.id)
        for client in list(self._clients):
            client.close()
        if self._attempt is not None:
            self._attempt.cancel()
        elif self.state == "running":
            self.state = "stopping"
            maybeDeferred(self._port.stopListening).addBoth(self._closed)
        elif self.state == "new":
            self._gone()

    def _closed(self, result: object) -> None:
        self.state = "closed"
        self._stop_if_empty()

    def _stop_if_empty(self) -> None:
        if self.state == "closed" and not self._clients:
            self._gone()

    def abort(self) -> None:
        """Close now."""
        self.close()
        for client in list(self._clients):
            client.abort()

    def _gone(self) -> None:
        self.state = "stopped"
        self._environment.resources.remove(self.id)
        stopped, self._stopped = self._stopped, []
        for deferred in stopped:
            deferred.callback(None)

    def pause(self) -> None:
        self._pressed = True
        if self.state == "running":
            self._port.pauseProducing()

    def resume(self) -> None:
        self._pressed = False
        if self.state == "running":
            self._port.resumeProducing()

    @query("tcp_server_port")
    def port(self) -> int | None:
        """The port it listens on; C{None} for a UNIX socket."""
        if self.state != "running":
            return None
        return host_and_port(self._port.getHost())[1]

    @query("tcp_server_is_running")
    def is_running(self) -> bool:
        return self.state == "running"

    @query("tcp_server_client_count")
    def client_count(self) -> int:
        return len(self._clients)


@implementer(IModule)
class TCP:
    """Makes the TCP sockets and servers of one runtime."""

    resource_types = (TCPSocket, TCPServer)
    active = 0

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @query("tcp_create")
    def create(self, *options: Any) -> int:
        """@return: the number of a socket that is not connected yet"""
        return TCPSocket(self._environment, SocketOptions.from_lua(*options)).id

    @query("tcp_server_create")
    def create_server(
        self,
        max_connections: int | None,
        backlog: int | None,
        reuse_port: bool,
        idle_timeout: float | None,
        *options: Any,
    ) -> int:
        """@return: the number of a server that does not listen yet"""
        return TCPServer(
            self._environment,
            SocketOptions.from_lua(*options),
            max_connections or MAX_CONNECTIONS,
            backlog or BACKLOG,
            reuse_port,
            seconds(idle_timeout or 0),
        ).id

    def stop(self) -> None:
        """All it makes is in L{Resources}."""
