"""
Host names and addresses, as scripts write them, and the one way to look them up.

A host is a name, an IPv4 address, or an IPv6 address with or without a zone
(C{fe80::1%eth0}).  What cannot be a name is C{dns}, as a name that does not exist is.
"""

from __future__ import annotations

import re
import socket
from typing import cast

from twisted.internet._resolver import GAIResolver
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IReactorThreads,
    IResolutionReceiver,
)
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer

from eplua_twisted.border.environment import IReactor
from eplua_twisted.errors import NO_HOST, OperationError

MAX_NAME, MAX_LABEL = 253, 63
"""Bytes of a name, and of what lies between two of its dots (RFC 1035, 2.3.4)."""

# Besides these the system decides; underscores are usual in routers and containers.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
"""The forbidden domain code points of the URL standard."""


def is_address(host: str) -> bool:
    """Whether a host is an IPv4 or IPv6 address and no name."""
    return isIPAddress(host) or isIPv6Address(host)


def without_zone(host: str) -> str:
    """An IPv6 address without its zone; anything else as it is."""
    return host.partition("%")[0] if isIPv6Address(host) else host


def numeric_zone(address: str) -> str:
    """
    An address whose zone, if it has one, is the number of an interface.

    @raise OperationError: C{dns}: there is no interface of that name
    """
    plain, mark, zone = address.partition("%")
    if not mark or re.fullmatch("[0-9]{1,9}", zone):
        return address
    try:
        return f"{plain}%{socket.if_nametoindex(zone)}"
    except (OSError, ValueError):
        raise OperationError(*NO_HOST) from None


def ascii_name(name: str) -> str:
    """
    A host name as the system, certificates and servers know it (UTS 46).

    @raise OperationError: C{dns}: it cannot be one
    """
    if not name.isascii():
        name = _idna(name)
    relative = name.removesuffix(".")
    if len(relative) > MAX_NAME or _FORBIDDEN.search(name):
        raise OperationError(*NO_HOST)
    if not all(0 < len(label) <= MAX_LABEL for label in relative.split(".")):
        raise OperationError(*NO_HOST)
    return name


def _idna(name: str) -> str:
    # Only names with other letters need these tables.
    from idna import IDNAError, uts46_remap

    try:
        # Not the whole of IDNA: that refuses underscores, and what browsers take.
        mapped = uts46_remap(name, std3_rules=False, transitional=False)
        return ".".join(map(_ascii_label, mapped.split(".")))
    except (IDNAError, UnicodeError):
        raise OperationError(*NO_HOST) from None


def _ascii_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def host_of_url(host: str) -> str:
    """
    The host of a URL: an IPv6 address comes without brackets and with its zone after
    C{%25} (RFC 6874); a name in ASCII.

    @raise OperationError: C{dns}: it can be neither name nor address
    """
    plain, mark, zone = host.partition("%25")
    if mark and zone and isIPv6Address(plain):
        return f"{plain}%{zone}"
    return host if is_address(host) else ascii_name(host)


def resolve(reactor: IReactor, host: str) -> Deferred[list[str]]:
    """
    Look up a host without blocking the reactor.

    @return: fires with its addresses, in the system's order, at least one, an address
        with itself; fails with C{dns}, and C{limit} when the process has no descriptor
        left for the lookup
    """
    return maybeDeferred(_begin_lookup, reactor, host)


def _begin_lookup(reactor: IReactor, host: str) -> Deferred[list[str]]:
    if is_address(host):
        return succeed([numeric_zone(host)])
    name = ascii_name(host)
    found: Deferred[list[IPv4Address | IPv6Address]]
    if isinstance(reactor.nameResolver, GAIResolver):
        # Twisted's own never answers when the system fails in another way than by not
        # finding the name.
        threads = cast(IReactorThreads, reactor)
        pool = threads.getThreadPool()
        found = deferToThreadPool(threads, pool, _look_up, name)
    else:
        receiver = _Receiver()
        reactor.nameResolver.resolveHostName(receiver, name, 0, None, "TCP")
        found = receiver.complete
    return found.addCallback(_addresses, name)


def _look_up(name: str) -> list[IPv4Address | IPv6Address]:
    """In a thread: the system's lookup, hosts file included."""
    try:
        found = socket.getaddrinfo(name, 0, 0, socket.SOCK_STREAM)
    except socket.gaierror:
        return []
    except OSError:
        # Without a descriptor the resolver gives no good reason; this call does.
        socket.socket().close()
        raise
    kinds = {socket.AF_INET: IPv4Address, socket.AF_INET6: IPv6Address}
    return [kinds[each[0]]("TCP", *each[4]) for each in found if each[0] in kinds]


@implementer(IResolutionReceiver)
class _Receiver:
    """Collects what an application's own resolver finds."""

    def __init__(self) -> None:
        self._found: list[IPv4Address | IPv6Address] = []
        self.complete: Deferred[list[IPv4Address | IPv6Address]] = Deferred()

    def resolutionBegan(self, resolutionInProgress: object) -> None:
        """Nothing to do: an answer that is no longer wanted is dropped."""

    def addressResolved(self, address: IAddress) -> None:
        if isinstance(address, (IPv4Address, IPv6Address)):
            self._found.append(address)

    def resolutionComplete(self) -> None:
        if not self.complete.called:
            self.complete.callback(self._found)


def _addresses(found: list[IPv4Address | IPv6Address], name: str) -> list[str]:
    hosts: dict[str, None] = {}
    for each in found:
        if isinstance(each, IPv6Address) and each.scopeID:
            hosts[f"{without_zone(each.host)}%{each.scopeID}"] = None
        else:
            hosts[each.host] = None
    if not hosts:
        raise DNSLookupError(name)
    return list(hosts)
