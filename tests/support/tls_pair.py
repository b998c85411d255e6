"""Two ends of TLS in memory, with contexts as scripts' options make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.environment import IReactor
from eplua_twisted.streams.endpoints import client_endpoint
from eplua_twisted.tls.context import client_creator, server_context
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tls.transport import Creator, TLSClientEndpoint, below
from tests.memory import MemoryReactor, Wire


@implementer(IHandshakeListener)
class End(Protocol):
    """
    One end, which notes what it is told.

    @ivar reads: what it was given, read by read
    @ivar shaken: the handshake was done
    @ivar lost: what the connection was lost by
    """

    transport: Any

    def __init__(self) -> None:
        self.reads: list[bytes] = []
        self.shaken = False
        self.lost: Any = None

    def handshakeCompleted(self) -> None:
        self.shaken = True

    def dataReceived(self, data: bytes) -> None:
        self.reads.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = reason.value


class Gathering(End):
    """An end that is told where what came at once begins and ends."""

    def gather(self, begins: bool) -> None:
        self.reads.append(b"<" if begins else b">")


class EndFactory(ClientFactory):
    noisy = False

    def __init__(self, end: End) -> None:
        self._end = end

    def buildProtocol(self, addr: object) -> End:
        return self._end


class Pair:
    """
    A client and a server on one network in memory, port 443.

    @ivar connecting: fires when the client's connection is there; its handshake may
        be under way still
    """

    def __init__(
        self,
        client: TLSOptions,
        server: TLSOptions,
        *,
        host: str = "localhost",
        allowed: frozenset[str] = frozenset(),
        end: type[End] = End,
        wire: Wire | None = None,
        context: Callable[[TLSOptions], Creator] = server_context,
    ) -> None:
        """@param context: makes what makes the server's end"""
        self.reactor = MemoryReactor()
        self.reactor.network.wire = wire or Wire()
        self.client, self.server = end(), end()
        listening: Factory = EndFactory(self.server)
        self.reactor.listenTCP(443, below(listening, context(server), self.reactor))
        endpoint = TLSClientEndpoint(
            client_endpoint(cast(IReactor, self.reactor), host, 443),
            client_creator(client, host, 443, allowed),
            self.reactor,
        )
        self.connecting: Deferred[Any] = endpoint.connect(EndFactory(self.client))
        self.reactor.settle()
