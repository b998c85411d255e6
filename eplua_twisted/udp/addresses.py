"""Addresses of datagrams: as scripts write and see them, and as the system wants them."""

from __future__ import annotations

import errno
import os
import socket
import struct
from dataclasses import dataclass

from twisted.internet.abstract import isIPAddress

from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import numeric_zone
from eplua_twisted.transports.sockets import IPAddress

MAPPED = "::ffff:"
"""How an IPv6 socket writes an IPv4 address (RFC 4291, 2.5.5.2)."""


def interface_index(name: str) -> int:
    """
    @param name: of an interface, or its number
    @raise OSError: C{ENODEV}: there is none
    """
    try:
        if name.isascii() and name.isdigit():
            index = int(name)
            socket.if_indextoname(index)
            return index
        return socket.if_nametoindex(name)
    except (OSError, OverflowError, ValueError):
        # Python's own has no number.
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from None


def _interface_name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:
        # It has gone since; its number says which one it was.
        return str(index)


def target(host: str, port: int, ipv6: bool) -> IPAddress:
    """
    The address to send to.

    @param host: an IPv4 address, or an IPv6 address, perhaps with a zone
    @param ipv6: whether the socket is IPv6
    @raise OperationError: C{unreachable}: an IPv4 socket cannot send there; C{dns}:
        there is no interface of that name
    """
    if isIPAddress(host):
        return (MAPPED + host if ipv6 else host), port
    if not ipv6:
        raise OperationError("unreachable", "Network is unreachable")
    address, _, zone = numeric_zone(host).partition("%")
    return (address, port, 0, int(zone)) if zone else (address, port)


def source(address: IPAddress) -> tuple[str, int]:
    """The host and the port that a datagram came from, as scripts see and use them."""
    host = address[0]
    if host.startswith(MAPPED) and isIPAddress(host[len(MAPPED) :]):
        host = host[len(MAPPED) :]
    if len(address) == 4 and address[3]:
        host = f"{host.partition('%')[0]}%{_interface_name(address[3])}"
    return host, address[1]


def describe(address: IPAddress) -> tuple[bytes, int]:
    """L{source} as it crosses to Lua."""
    host, port = source(address)
    return to_bytes(host), port


@dataclass(frozen=True)
class Membership:
    """
    A multicast group, on one interface.

    @ivar group: its address, packed
    @ivar interface: the number of the interface; 0 for the system's choice
    @ivar local: the interface by its own IPv4 address, packed
    """

    group: bytes
    interface: int = 0
    local: bytes = bytes(4)

    @classmethod
    def of(cls, group: str, interface: str) -> Membership:
        """
        @param group: an IPv4 address, or an IPv6 address, perhaps with a zone
        @param interface: a name, a number or with IPv4 an address; empty for the
            zone, or the system's choice
        @raise OperationError: C{unreachable}: it is no group, or no address of IPv4
        @raise OSError: there is no such interface
        """
        address, _, zone = group.partition("%")
        family = socket.AF_INET if isIPAddress(address) else socket.AF_INET6
        try:
            packed = socket.inet_pton(family, address)
        except (OSError, ValueError):
            packed = b"\0"
        first = packed[0]
        if not (224 <= first <= 239 if len(packed) == 4 else first == 255):
            raise OperationError("unreachable", f"{group} is no multicast group")
        interface = interface or zone
        if not interface:
            return cls(packed)
        if len(packed) == 4 and isIPAddress(interface):
            return cls(packed, local=socket.inet_aton(interface))
        return cls(packed, interface_index(interface))

    @property
    def ipv6(self) -> bool:
        return len(self.group) == 16

    def request(self, join: bool) -> tuple[int, int, bytes]:
        """What C{setsockopt} is given to join, or to leave."""
        if self.ipv6:
            name = socket.IPV6_JOIN_GROUP if join else socket.IPV6_LEAVE_GROUP
            index = struct.pack("@I", self.interface)
            return socket.IPPROTO_IPV6, name, self.group + index
        name = socket.IP_ADD_MEMBERSHIP if join else socket.IP_DROP_MEMBERSHIP
        return socket.IPPROTO_IP, name, self._interface_of(self.group)

    def outgoing(self) -> tuple[int, int, bytes] | None:
        """
        What C{setsockopt} is given for datagrams to groups to leave by the interface;
        C{None} for the system's choice.
        """
        if self.ipv6 and self.interface:
            index = struct.pack("@I", self.interface)
            return socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index
        if self.interface or any(self.local):
            request = self._interface_of(bytes(4))
            return socket.IPPROTO_IP, socket.IP_MULTICAST_IF, request
        return None

    def _interface_of(self, group: bytes) -> bytes:
        """C{struct ip_mreq}, or C{ip_mreqn} where the interface has a number."""
        if self.interface:
            return struct.pack("@4s4si", group, self.local, self.interface)
        return group + self.local
