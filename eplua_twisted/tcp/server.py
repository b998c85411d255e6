"""
TCP and UNIX stream servers, and what makes them and their sockets: C{TCPServer} is
a Twisted C{Factory} of L{TCPSocket}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IProtocolFactory
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import INTERNAL, TIMEOUT, OperationError, describe
from eplua_twisted.streams.endpoints import host_and_port
from eplua_twisted.streams.server import Listening
from eplua_twisted.tcp.options import ServerOptions
from eplua_twisted.tcp.socket import TCPSocket


class TCPServer(Listening[TCPSocket, Deadline | None], Factory):
    """
    A listening port and its clients.

    @ivar members: each with the L{Deadline} that ends it when it is idle, if any
    @ivar on_traffic: what a client calls when bytes went either way, if anything
    """

    noisy = False

    def __init__(self, environment: Environment, options: ServerOptions) -> None:
        super().__init__(
            environment, options.max_connections, options.backlog, options.reuse_port
        )
        self._options = options
        self.on_traffic = self._busy if options.idle_timeout else None
        self._listener = 0

    @operation("tcp_server_start")
    def start(self, host: bytes, port: int, listener: int) -> Deferred[int | None]:
        """
        @param listener: the ticket that is answered with the number, address and
            port of each client
        @return: as L{listen}
        """
        listening = self.listen(host, port)
        self._listener = listener
        return listening

    def port_factory(self) -> IProtocolFactory:
        if self._options.tls is None:
            return self
        from eplua_twisted.tls.context import server_context
        from eplua_twisted.tls.transport import below

        context = server_context(self._options.tls)
        return below(self, context, self.environment.reactor)

    def buildProtocol(self, addr: IAddress | None) -> TCPSocket | None:
        if not self.admits():
            return None
        client = TCPSocket(self.environment, self._options, self)
        self.members[client] = None
        return client

    def connected(self, client: TCPSocket) -> None:
        """A client is there: tell the script."""
        if self._options.idle_timeout:
            late = OperationError(*TIMEOUT)
            idle = Deadline(self.environment.reactor, client.abort, late)
            idle.start(self._options.idle_timeout)
            self.members[client] = idle
        host, port = host_and_port(client.transport.getPeer())
        self.environment.bridge.answer(
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
        idle = self.members.get(client)
        if idle is not None:
            idle.restart(self._options.idle_timeout)

    def left(self, client: TCPSocket) -> None:
        idle = self.members.get(client)
        if idle is not None:
            idle.cancel()
        super().left(client)

    @operation("tcp_server_stop", gone=None)
    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when port and clients are closed"""
        return self.stop_listening()

    @query("tcp_server_port")
    def listening_port(self) -> int | None:
        return super().listening_port()

    @query("tcp_server_is_running")
    def is_running(self) -> bool:
        return super().is_running()

    @query("tcp_server_client_count")
    def client_count(self) -> int:
        return len(self.members)
