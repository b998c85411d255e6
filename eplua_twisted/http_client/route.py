"""The ways to servers: with which TLS options, and by way of which proxy."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.interfaces import (
    IAddress,
    IOpenSSLClientConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.errors import NO_HOST, OperationError
from eplua_twisted.http_client.connection import Connection, Outgoing
from eplua_twisted.http_client.headers import Pairs, RequestHeaders
from eplua_twisted.http_client.pool import ConcurrencyLimit, Pool
from eplua_twisted.http_client.response import Response
from eplua_twisted.http_client.socks import Socks
from eplua_twisted.http_client.tunnel import Connect, TunnelEndpoint
from eplua_twisted.http_client.urls import URL, Origin
from eplua_twisted.http_engine.request_writer import request_head
from eplua_twisted.streams.local import endpoint_to

if TYPE_CHECKING:
    from eplua_twisted.tls.options import TLSOptions

MAX_CREATORS = 16

REQUEST_TIMEOUT = 408

IDEMPOTENT = frozenset([b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"])
"""RFC 9110, section 9.2.2."""

WITH_CONTENT = frozenset([b"POST", b"PUT", b"PATCH"])
"""Methods whose requests say that they have no content, when they have none (8.6)."""


class _Connections(Factory):
    noisy = False

    def __init__(self, pool: Pool, origin: Hashable) -> None:
        self._pool = pool
        self._origin = origin

    def buildProtocol(self, addr: IAddress | None) -> Connection:
        return Connection(self._pool, self._origin)


def _send(connection: IProtocol, outgoing: Outgoing) -> Deferred[Response]:
    assert isinstance(connection, Connection)
    return connection.send(outgoing)


class _Endpoints:
    """What a route connects to."""

    def __init__(
        self, environment: Environment, tls: TLSOptions | None, proxy: URL | None
    ) -> None:
        self._environment = environment
        self._tls = tls
        self._proxy = proxy
        self._creators: dict[
            tuple[str, int, bool], IOpenSSLClientConnectionCreator
        ] = {}

    def to(self, url: URL) -> IStreamClientEndpoint:
        """@return: to the URL's server"""
        host, port = url.host, url.port
        proxy = self._proxy
        if proxy is None:
            endpoint: IStreamClientEndpoint
            endpoint = endpoint_to(self._environment, host, port)
        elif proxy.scheme == "socks5":
            endpoint = TunnelEndpoint(self.to_proxy(), Socks(host, port, proxy.user))
        else:
            connect = Connect(host, port, proxy_authorization(proxy))
            endpoint = TunnelEndpoint(self.to_proxy(), connect)
        return self._secured(endpoint, host, port) if url.is_secure else endpoint

    def to_proxy(self) -> IStreamClientEndpoint:
        proxy = self._proxy
        assert proxy is not None
        endpoint = endpoint_to(self._environment, proxy.host, proxy.port)
        if not proxy.is_secure:
            return endpoint
        return self._secured(endpoint, proxy.host, proxy.port, to_proxy=True)

    def _secured(
        self,
        plain: IStreamClientEndpoint,
        host: str,
        port: int,
        to_proxy: bool = False,
    ) -> IStreamClientEndpoint:
        return _Secure(
            plain,
            lambda: self._creator(host, port, to_proxy),
            self._environment.reactor,
        )

    def _creator(
        self, host: str, port: int, to_proxy: bool
    ) -> IOpenSSLClientConnectionCreator:
        """Makes TLS connections; it holds all the system's certificates."""
        from eplua_twisted.tls.context import client_creator
        from eplua_twisted.tls.options import TLSOptions

        key = host, port, to_proxy
        creator = self._creators.get(key)
        if creator is None:
            options = self._tls or TLSOptions()
            if to_proxy:
                # The others are meant for the server.
                options = TLSOptions(
                    certificate_authority=options.certificate_authority,
                    allow_unauthorized=options.allow_unauthorized,
                )
            allowed = self._environment.allow_unauthorized
            creator = client_creator(options, host, port, allowed)
            if len(self._creators) >= MAX_CREATORS:
                self._creators.clear()
            self._creators[key] = creator
        return creator


@implementer(IStreamClientEndpoint)
class _Secure:
    """TLS around an endpoint, whose certificates are read when it is used."""

    def __init__(
        self,
        plain: IStreamClientEndpoint,
        creator: Callable[[], IOpenSSLClientConnectionCreator],
        reactor: IReactorTime,
    ) -> None:
        self._plain = plain
        self._creator = creator
        self._reactor = reactor

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        C{IStreamClientEndpoint.connect}

        @raise OperationError: C{tls}, the options hold no certificate or key
        """
        from eplua_twisted.tls.transport import TLSClientEndpoint

        endpoint = TLSClientEndpoint(self._plain, self._creator(), self._reactor)
        return endpoint.connect(protocolFactory)


def proxy_authorization(proxy: URL) -> bytes | None:
    """The credentials in a proxy's URL, as a header's value."""
    return None if proxy.user is None else b"Basic " + b64encode(proxy.user)


class Route:
    """
    A way to servers, with its connections and the limits of each server.

    There is one for each set of options that may not share connections: a request that
    verifies must not be served over a connection that was not verified.

    @ivar pool: the connections
    """

    def __init__(
        self,
        environment: Environment,
        tls: TLSOptions | None,
        proxy: URL | None,
        persistent: bool,
    ) -> None:
        self.pool = Pool(environment.reactor, persistent)
        self._persistent = persistent
        self._network = environment.access.network
        self._proxied = proxy is not None
        self._endpoints = _Endpoints(environment, tls, proxy)
        self._limits: dict[Origin, ConcurrencyLimit] = {}
        # A proxy that is asked for the URLs themselves, if they are http.
        self._forwarding = (
            proxy if proxy is not None and proxy.scheme in ("http", "https") else None
        )

    def request(
        self,
        method: bytes,
        url: URL,
        headers: RequestHeaders,
        body: bytes,
        trusting: bool = False,
    ) -> Deferred[Response]:
        """
        @param headers: all but C{Host}, if the script gave none, and those that say how
            the message is sent
        @param trusting: see L{Pool.take}
        @return: fires when the head of the answer is here; fails with what kept it from
            connecting, C{dns} for a host that cannot be a name, C{eof}, C{reset},
            C{protocol}, or C{limit}
        @raise OperationError: C{tls}: a certificate or key cannot be used; C{denied}
        """
        if not url.can_exist:
            return fail(OperationError(*NO_HOST))
        if self._proxied:
            # The proxy looks names up itself: only what is asked for can be looked at.
            self._network.check(url.host, url.host, url.port)
        forwarded = self._forwarding is not None and not url.is_secure
        written = headers.written
        if not body and written is not None and written[:3] == (self, method, url):
            outgoing: Outgoing = written[3]
        else:
            outgoing = self._write(method, url, headers.pairs, body, forwarded)
            if not body:
                headers.written = self, method, url, outgoing
        origin: Hashable = None if forwarded else url.origin
        connection = self.pool.take(origin, outgoing.repeatable, trusting)
        if connection is None:
            return self._connect(url, origin, outgoing)
        answer = connection.send(outgoing)
        again = connection, url, origin, outgoing
        if not outgoing.repeatable:
            return answer.addErrback(self._failed, *again)
        return answer.addCallbacks(self._arrived, self._failed, again, {}, again)

    def _arrived(
        self,
        response: Response,
        connection: Connection,
        url: URL,
        origin: Hashable,
        outgoing: Outgoing,
    ) -> Response | Deferred[Response]:
        """
        Repeat a request when the server has given up to wait for one: it has said so
        before it got this one, or may have (RFC 9110, 15.5.9).
        """
        if response.code != REQUEST_TIMEOUT:
            return response
        response.stopProducing()
        self.pool.gone(connection)
        return self._connect(url, origin, outgoing)

    def _failed(
        self,
        failure: Failure,
        connection: Connection,
        url: URL,
        origin: Hashable,
        outgoing: Outgoing,
    ) -> Deferred[Response]:
        """Repeat a request whose kept connection had gone, if it may be repeated."""
        if connection.answered or failure.check(CancelledError):
            return fail(failure)
        self.pool.gone(connection)
        if not outgoing.repeatable:
            return fail(failure)
        return self._connect(url, origin, outgoing)

    def _connect(
        self, url: URL, origin: Hashable, outgoing: Outgoing
    ) -> Deferred[Response]:
        endpoint = (
            self._endpoints.to_proxy() if origin is None else self._endpoints.to(url)
        )
        connecting = endpoint.connect(_Connections(self.pool, origin))
        return connecting.addCallback(_send, outgoing)

    def _write(
        self, method: bytes, url: URL, given: Pairs, body: bytes, forwarded: bool
    ) -> Outgoing:
        headers: Pairs = [(b"Host", url.authority.encode("ascii"))]
        if body or method in WITH_CONTENT:
            headers.append((b"Content-Length", b"%d" % len(body)))
        connection = None
        for pair in given:
            name = pair[0].lower()
            if name == b"host":
                headers[0] = pair
                continue
            if name == b"connection":
                connection = pair[1].lower()
            headers.append(pair)
        if connection is None and not self._persistent:
            connection = b"close"
            headers.append((b"Connection", connection))
        if forwarded:
            assert self._forwarding is not None
            authorization = proxy_authorization(self._forwarding)
            if authorization is not None:
                headers.append((b"Proxy-Authorization", authorization))
        target = url.text if forwarded else url.path
        return Outgoing(
            request_head(method, target.encode("ascii"), headers),
            body,
            method == b"HEAD",
            not body and method in IDEMPOTENT,
            connection is not None and b"close" in connection,
        )

    # How many requests there are at a time.

    def enter(self, origin: Origin, limit: int) -> Deferred[None] | None:
        """As L{ConcurrencyLimit.enter}, for a server."""
        if limit > self.pool.capacity:
            self.pool.capacity = limit
        found = self._limits.get(origin)
        if found is None:
            found = self._limits[origin] = ConcurrencyLimit()
        return found.enter(limit)

    def leave(self, origin: Origin) -> None:
        """One request to a server is over."""
        if self._limits[origin].leave():
            del self._limits[origin]

    @property
    def unused(self) -> bool:
        """No connection is open and no request under way."""
        return not len(self.pool) and not self._limits
