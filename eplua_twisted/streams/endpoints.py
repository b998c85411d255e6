"""
A host and a port, as scripts write them, to Twisted endpoints.

A host is a name, an IPv4 or IPv6 address, C{*} (listening: every interface) or
C{unix:/path}.
"""

from __future__ import annotations

import errno
from typing import Any

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, DNSLookupError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IResolutionReceiver,
)
from zope.interface import implementer

ANY = "*"
UNIX = "unix:"


@implementer(IResolutionReceiver)
class _Addresses:
    """Collects what a name resolves to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[str] = []
        self.done: Deferred[list[str]] = Deferred()

    def resolutionBegan(self, resolutionInProgress: Any) -> None:
        """Nothing to do: an answer that is no longer wanted is dropped."""

    def addressResolved(self, address: Any) -> None:
        if address.host not in self.found:
            self.found.append(address.host)

    def resolutionComplete(self) -> None:
        if self.done.called:
            return
        if self.found:
            self.done.callback(self.found)
        else:
            self.done.errback(DNSLookupError(self.name))


def resolve(reactor: Any, name: str) -> Deferred[list[str]]:
    """
    Look up a name without blocking the reactor.

    @return: fires with its addresses, in the system's order, at least one; fails
        with L{DNSLookupError}
    """
    receiver = _Addresses(name)
    reactor.nameResolver.resolveHostName(receiver, name, 0, None, "TCP")
    return receiver.done


def is_address(host: str) -> bool:
    """Whether a host is an IPv4 or IPv6 address and no name."""
    return isIPAddress(host) or isIPv6Address(host)


def client_endpoint(
    reactor: Any, host: str, port: int, local: str | None = None
) -> Any:
    """
    An endpoint without a time limit of its own: the caller bounds the whole.

    @param local: the address to connect from
    @return: an C{IStreamClientEndpoint}
    """
    # This module pulls in half of Twisted: a script that opens nothing pays nothing.
    from twisted.internet import endpoints

    bind = (local, 0) if local else None
    timeout: Any = None
    if host.startswith(UNIX):
        return endpoints.UNIXClientEndpoint(reactor, host[len(UNIX) :], timeout)
    if isIPAddress(host):
        return endpoints.TCP4ClientEndpoint(reactor, host, port, timeout, bind)
    if isIPv6Address(host):
        return endpoints.TCP6ClientEndpoint(reactor, host, port, timeout, bind)
    return endpoints.HostnameEndpoint(reactor, host, port, timeout, bind)


async def listen(
    reactor: Any,
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
    """
    if host.startswith(UNIX):
        # With a lock a socket file left behind by a dead process is replaced.
        port_object: IListeningPort = reactor.listenUNIX(
            host[len(UNIX) :], factory, backlog, wantPID=True
        )
        return port_object
    if host == ANY:
        try:
            return _listen_tcp(reactor, "::", port, factory, backlog, reuse_port)
        except CannotListenError as problem:
            if not _lacks_ipv6(problem):
                raise
            host = "0.0.0.0"
    elif not is_address(host):
        found = await resolve(reactor, host)
        host = min(found, key=isIPv6Address)
    return _listen_tcp(reactor, host, port, factory, backlog, reuse_port)


def _lacks_ipv6(problem: CannotListenError) -> bool:
    number = getattr(problem.socketError, "errno", None)
    return number in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def _listen_tcp(
    reactor: Any,
    host: str,
    port: int,
    factory: IProtocolFactory,
    backlog: int,
    reuse_port: bool,
) -> IListeningPort:
    binding: Any = port
    if reuse_port:
        from twisted.internet.tcp import makeBinding

        binding = makeBinding(host, port, reuseAddress=True, reusePort=True)
    listening: IListeningPort = reactor.listenTCP(binding, factory, backlog, host)
    return listening


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


def set_stream_options(transport: Any, no_delay: bool, keep_alive: bool) -> None:
    """C{TCP_NODELAY} and C{SO_KEEPALIVE}, where the transport is TCP."""
    if isinstance(transport.getPeer(), (IPv4Address, IPv6Address)):
        transport.setTcpNoDelay(no_delay)
        transport.setTcpKeepAlive(keep_alive)
