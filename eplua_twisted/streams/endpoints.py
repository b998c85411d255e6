"""
A host and a port, as scripts write them, to Twisted endpoints.

A host is a name, an IPv4 or IPv6 address, C{*} (listening: every interface) or
C{unix:/path}.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from functools import partial
from typing import Protocol, cast

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import ClientFactory
from zope.interface import implementer

from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.network import network_of
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.connecting import Race, connect
from eplua_twisted.streams.guarded import asking
from eplua_twisted.streams.names import numeric_zone, resolve

ANY = "*"
UNIX = "unix:"

MAX_PATH = 107 if sys.platform == "linux" else 103
"""Bytes of the path of a UNIX socket: C{sun_path} without its final zero."""


def unix_path(host: str) -> str:
    """
    The path in a host that begins with L{UNIX}.

    @raise OperationError: C{limit}: the system has no room for it
    """
    path = host[len(UNIX) :]
    length = len(os.fsencode(path))
    if length > MAX_PATH:
        raise OperationError(
            "limit",
            f"the path of a UNIX socket has at most {MAX_PATH} bytes, not {length}",
        )
    return path


@implementer(IStreamClientEndpoint)
class ClientEndpoint:
    """Connects to a host without a time limit of its own: the caller bounds the whole."""

    def __init__(
        self, reactor: IReactor, host: str, port: int, local: str | None
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._local = local

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """C{IStreamClientEndpoint.connect}"""
        unix = self._host.startswith(UNIX)
        begin = self._connect_unix if unix else self._connect_tcp
        return maybeDeferred(begin, protocolFactory)

    def _connect_unix(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        path = unix_path(self._host)
        return connect(
            factory,
            lambda client: self._reactor.connectUNIX(path, client, timeout=None),
        )

    def _connect_tcp(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        binding = None
        if self._local is not None:
            binding = numeric_zone(self._local), 0

        # Before the lookup, which tells others of the name.
        reactor = asking(self._reactor, self._host, self._port)

        def attempt(address: str, client: ClientFactory) -> object:
            return reactor.connectTCP(
                address, self._port, client, timeout=None, bindAddress=binding
            )

        def found(addresses: list[str]) -> Deferred[IProtocol]:
            attempts = [partial(attempt, each) for each in self._usable(addresses)]
            return Race(self._reactor, factory, attempts).won

        return resolve(self._reactor, self._host).addCallback(found)

    def _usable(self, addresses: list[str]) -> list[str]:
        """Those of the family of the local address, if there is one."""
        local = self._local
        if local is None:
            return addresses
        six = isIPv6Address(local)
        usable = [each for each in addresses if isIPv6Address(each) == six]
        if not usable:
            family = "IPv6" if six else "IPv4"
            raise OperationError(
                "unreachable",
                f"{self._host} has no {family} address to reach from {local}"
                " (option localAddress)",
            )
        return usable


def client_endpoint(
    reactor: IReactor, host: str, port: int, local: str | None = None
) -> IStreamClientEndpoint:
    """
    Connects to a host by the network.

    A name is looked up when the endpoint connects, and each of its addresses is tried;
    see L{Race}.

    @param local: the address to connect from
    """
    return ClientEndpoint(reactor, host, port, local)


async def listen(
    reactor: IReactor,
    host: str,
    port: int,
    factory: IProtocolFactory,
    backlog: int,
    reuse_port: bool = False,
) -> IListeningPort:
    """
    Listen for connections.

    A name binds its first address, IPv4 first.  C{*} binds every interface,
    IPv6 and IPv4 with one socket where the system has IPv6.

    @raise CannotListenError: the port is in use, or not ours to take
    @raise DNSLookupError: the name has no address
    @raise OperationError: C{dns}: it can be no name; C{limit}: the path is too long;
        C{denied}
    """
    network = network_of(reactor)
    network.check_listen()
    if host.startswith(UNIX):
        path = unix_path(host)
        network.check_unix(os.fsencode(path))
        if _is_served(path):
            raise CannotListenError(None, path, OSError(errno.EADDRINUSE, path))
        # With a lock a socket file left behind by a dead process is replaced.
        return reactor.listenUNIX(path, factory, backlog, wantPID=True)
    if host == ANY:
        try:
            return _listen_tcp(reactor, "::", port, factory, backlog, reuse_port)
        except CannotListenError as problem:
            if not _lacks_ipv6(problem):
                raise
            host = "0.0.0.0"
    else:
        host = min(await resolve(reactor, host), key=isIPv6Address)
    return _listen_tcp(reactor, host, port, factory, backlog, reuse_port)


def _is_served(path: str) -> bool:
    """
    Whether a program listens at a UNIX socket.  Twisted does not ask: a lock that a dead
    process has left is enough for it to remove the socket of another program.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        try:
            client.connect(path)
        except OSError as problem:
            # It has many clients already.
            return problem.errno == errno.EAGAIN
        return True


def _lacks_ipv6(problem: CannotListenError) -> bool:
    number = getattr(problem.socketError, "errno", None)
    return number in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def _listen_tcp(
    reactor: IReactor,
    host: str,
    port: int,
    factory: IProtocolFactory,
    backlog: int,
    reuse_port: bool,
) -> IListeningPort:
    binding: object = port
    if reuse_port:
        from twisted.internet.tcp import makeBinding

        binding = makeBinding(host, port, reuseAddress=True, reusePort=True)
    return reactor.listenTCP(binding, factory, backlog, host)


def host_and_port(address: object) -> tuple[str | None, int | None]:
    """
    An address as scripts see it.  A client of a UNIX socket has neither; an IPv4
    client of a socket for both families has its IPv4 address.
    """
    if isinstance(address, (IPv4Address, IPv6Address)):
        host = address.host
        if host.startswith("::ffff:") and isIPAddress(host[7:]):
            host = host[7:]
        return host, address.port
    if isinstance(address, UNIXAddress) and address.name:
        return UNIX + address.name.decode("utf-8", "surrogateescape"), None
    return None, None


class _HasPeer(Protocol):
    def getPeer(self) -> object: ...


def set_stream_options(transport: _HasPeer, no_delay: bool, keep_alive: bool) -> None:
    """C{TCP_NODELAY} and C{SO_KEEPALIVE}, where the transport is TCP."""
    if isinstance(transport.getPeer(), (IPv4Address, IPv6Address)):
        tcp = cast(ITCPTransport, transport)
        tcp.setTcpNoDelay(no_delay)
        tcp.setTcpKeepAlive(keep_alive)
