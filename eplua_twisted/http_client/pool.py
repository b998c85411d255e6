"""
The connections of the HTTP client: who may share them, how many there are, and the
ways through a proxy.

Twisted's pool knows a connection by scheme, host and port only.  So there is a pool
for each set of TLS options (or a request that verifies would be served over a
connection that was not), and for each proxy.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import URI, Agent, HTTPConnectionPool, ProxyAgent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.waiters import Waiters
from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.tunnel import TunnelEndpoint
from eplua_twisted.http_client.urls import URL
from eplua_twisted.streams.endpoints import client_endpoint

if TYPE_CHECKING:
    from eplua_twisted.tls.options import TLSOptions

KEEP = 60
"""Seconds an unused connection stays open: most servers have closed it by then."""

MAX_HEAD = 256 * 1024
"""Bytes of status line and headers, informational (1xx) responses included."""

SMALL = 64 * 1024
LARGE = 256 * 1024
"""Bytes read at a time: what each read costs counts for more than its memory when a
body is larger than that."""

HEAP = 16 * 1024 * 1024
"""Bytes; see L{Pool.keep_heap}."""

MAX_CREATORS = 16

Origin = tuple[str, str, int]


class Connection(HTTP11ClientProtocol):
    """
    A connection to a server: known while it is open, and with a bound on headers,
    which Twisted's parser has not.

    @ivar dropped: it was closed from this side, and must not be used again
    """

    def __init__(
        self, pool: Pool, quiescent: Callable[[HTTP11ClientProtocol], None]
    ) -> None:
        untyped: Any = super()
        untyped.__init__(quiescent)
        self._pool = pool
        self._head: int | None = None
        self._requests = 0
        self.dropped = False

    def connectionMade(self) -> None:
        super().connectionMade()
        self._pool.opened.add(self)

    def request(self, request: Any) -> Deferred[Any]:
        self._head = 0
        self._requests += 1
        response = super().request(request)
        # Content-Length and the like are kept apart from the other headers.
        control = getattr(self._parser, "connHeaders", None)

        def arrived(response: Any) -> Any:
            self._head = None
            length = response.length
            self._expect(length if isinstance(length, int) else 0)
            response.connection = self
            response.control = control
            return response

        return response.addCallback(arrived)

    def _expect(self, length: int) -> None:
        """A body of that many bytes follows."""
        size = LARGE if length > LARGE else SMALL
        if size == LARGE:
            self._pool.keep_heap()
        transport: Any = self.transport
        if getattr(transport, "bufferSize", size) != size:
            transport.bufferSize = size

    def dataReceived(self, bytes: bytes) -> None:
        request = self._requests
        untyped: Any = super()
        untyped.dataReceived(bytes)
        # The next request may have been sent meanwhile.
        if self._head is not None and self._requests == request:
            self._head += len(bytes)
            if self._head > MAX_HEAD:
                problem = f"the server's headers are longer than {MAX_HEAD} bytes"
                untyped._giveUp(Failure(OperationError("protocol", problem)))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        untyped: Any = super()
        untyped.connectionLost(reason)
        self._pool.closed(self)

    def drop(self) -> None:
        """Close now."""
        self.dropped = True
        transport: Any = self.transport
        transport.abortConnection()


class _Connections(Factory):
    noisy = False

    def __init__(self, pool: Pool, unused: Callable[[Any], None]) -> None:
        self._pool = pool
        self._unused = unused

    def buildProtocol(self, addr: IAddress | None) -> Connection:
        return Connection(self._pool, self._unused)


class Pool(HTTPConnectionPool):
    """
    @ivar opened: the connections that are open, in use or not
    """

    def __init__(self, reactor: Any, persistent: bool) -> None:
        untyped: Any = super()
        untyped.__init__(reactor, persistent)
        setattr(self, "_factory", self._connections_of)
        self.cachedConnectionTimeout = KEEP
        self.opened: set[Connection] = set()
        self._empty: Deferred[None] | None = None
        self._keeps_heap = False

    def keep_heap(self) -> None:
        """
        Large bodies come and go, and glibc would give their pages back to the system
        each time, to have them zeroed for the next: half the time of a 1 MiB request.
        Having seen a block of this size freed it keeps as much (C{mallopt(3)}, on the
        dynamic mmap threshold).  The block's own pages are never touched.
        """
        if not self._keeps_heap:
            self._keeps_heap = True
            bytes(HEAP)

    def _connections_of(self, quiescent: Any, metadata: object) -> Factory:
        def unused(connection: Any) -> None:
            # What was dropped amid a response may yet see its end.
            if not connection.dropped:
                quiescent(connection)

        return _Connections(self, unused)

    def closed(self, connection: Connection) -> None:
        self.opened.discard(connection)
        if self._empty is not None and not self.opened:
            empty, self._empty = self._empty, None
            empty.callback(None)

    def close(self) -> Deferred[None]:
        """@return: fires with C{None} when no connection is open"""
        untyped: Any = self
        untyped.closeCachedConnections()
        if not self.opened:
            return succeed(None)
        self._empty = Deferred()
        for connection in list(self.opened):
            connection.drop()
        return self._empty


class Gate:
    """
    Bounds how many requests are under way to one server; the others wait in order.

    Each client has a bound of its own (C{maxConnectionsPerHost}); what counts is how
    many there are of all of them, as they share their connections.
    """

    def __init__(self) -> None:
        self._active = 0
        self._waiting: Waiters[None] = Waiters(withdrawn=self._admit)

    def enter(self, limit: int) -> Deferred[None] | None:
        """
        @return: C{None}, come in; or fires with C{None} when there is room
        """
        if self._active < limit and not self._waiting:
            self._active += 1
            return None
        return self._waiting.wait(limit)

    def leave(self) -> bool:
        """@return: whether nobody is left"""
        self._active -= 1
        self._admit()
        return not self._active and not self._waiting

    def _admit(self) -> None:
        while self._waiting and self._active < self._waiting.level:
            self._active += 1
            self._waiting.fire_next(None)


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """What a route connects to, for each URL."""

    def __init__(
        self, environment: Environment, tls: TLSOptions | None, proxy: URL | None
    ) -> None:
        self._environment = environment
        self._tls = tls
        self._proxy = proxy
        self._reactor = environment.reactor
        self._creators: dict[tuple[str, int], Any] = {}
        self.to_proxy: Any = None
        if proxy is not None:
            self.to_proxy = client_endpoint(environment.streams, proxy.host, proxy.port)

    def endpointForURI(self, uri: URI) -> Any:
        host, port = uri.host.decode("ascii"), uri.port
        if self.to_proxy is None:
            endpoint = client_endpoint(self._environment.streams, host, port)
        else:
            endpoint = TunnelEndpoint(
                self.to_proxy, host, port, proxy_authorization(self._proxy)
            )
        if uri.scheme != b"https":
            return endpoint
        return _Secure(endpoint, lambda: self._creator(host, port), self._reactor)

    def _creator(self, host: str, port: int) -> Any:
        """Makes TLS connections; it holds all the system's certificates."""
        from eplua_twisted.tls.context import client_creator
        from eplua_twisted.tls.options import TLSOptions

        creator = self._creators.get((host, port))
        if creator is None:
            options = self._tls or TLSOptions()
            allowed = self._environment.allow_unauthorized
            creator = client_creator(options, host, port, allowed)
            if len(self._creators) >= MAX_CREATORS:
                self._creators.clear()
            self._creators[host, port] = creator
        return creator


@implementer(IStreamClientEndpoint)
class _Secure:
    """
    TLS around an endpoint.  An agent wants an endpoint for each request, and uses
    it only when there is no connection: before that, no certificate is read.
    """

    def __init__(self, plain: Any, creator: Callable[[], Any], reactor: Any) -> None:
        self._plain = plain
        self._creator = creator
        self._reactor = reactor

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """
        C{IStreamClientEndpoint.connect}

        @raise OperationError: C{tls}, the options hold no certificate or key
        """
        from eplua_twisted.tls.transport import TLSClientEndpoint

        endpoint = TLSClientEndpoint(self._plain, self._creator(), self._reactor)
        connected: Deferred[Any] = endpoint.connect(protocolFactory)
        return connected


def proxy_authorization(proxy: URL | None) -> bytes | None:
    """The credentials in a proxy's URL, as a header's value."""
    if proxy is None or proxy.user is None:
        return None
    return b"Basic " + b64encode(proxy.user)


@implementer(IAgent)
class Route:
    """
    A way to servers: an agent, its pool, and the gates of the servers.

    @ivar pool: the connections
    """

    def __init__(
        self,
        environment: Environment,
        tls: TLSOptions | None,
        proxy: URL | None,
        persistent: bool,
    ) -> None:
        reactor = environment.streams
        endpoints = _Endpoints(environment, tls, proxy)
        self.pool = Pool(environment.reactor, persistent)
        self._agent: Any = Agent.usingEndpointFactory(reactor, endpoints, self.pool)
        self._plain: Any = self._agent
        if proxy is not None:
            self._plain = ProxyAgent(endpoints.to_proxy, reactor, self.pool)
        self._proxy_authorization = proxy_authorization(proxy)
        self._gates: dict[Origin, Gate] = {}

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[Any]:
        """C{IAgent.request}"""
        if uri[:5] != b"http:":
            answer: Deferred[Any] = self._agent.request(
                method, uri, headers, bodyProducer
            )
            return answer
        if self._proxy_authorization is not None:
            headers = Headers() if headers is None else headers.copy()
            headers.setRawHeaders(b"Proxy-Authorization", [self._proxy_authorization])
        answer = self._plain.request(method, uri, headers, bodyProducer)
        return answer

    def enter(self, origin: Origin, limit: int) -> Deferred[None] | None:
        """As L{Gate.enter}, for a server."""
        if limit > self.pool.maxPersistentPerHost:
            self.pool.maxPersistentPerHost = limit
        gate = self._gates.get(origin)
        if gate is None:
            gate = self._gates[origin] = Gate()
        return gate.enter(limit)

    def leave(self, origin: Origin) -> None:
        """One request to a server is over."""
        if self._gates[origin].leave():
            del self._gates[origin]

    @property
    def unused(self) -> bool:
        """No connection is open and no request under way."""
        return not self.pool.opened and not self._gates
