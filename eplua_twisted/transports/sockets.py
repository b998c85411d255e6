"""Connections of TCP and of UNIX sockets."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from typing import cast

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import ITCPTransport
from zope.interface import implementer

from eplua_twisted.transports.connection import Connection

IPAddress = tuple[str, int] | tuple[str, int, int, int]
"""Host and port; of IPv6 the flow and the zone too."""


def real_name(address: IPAddress) -> IPAddress:
    """An address as the system says it, with the zone of an IPv6 address in it."""
    if len(address) == 2:
        return address
    flags = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    host = socket.getnameinfo(address, flags)[0]
    return host, address[1], address[2], address[3]


def ip_address(address: IPAddress) -> IPv4Address | IPv6Address:
    """As protocols see an address of TCP."""
    if len(address) == 2:
        return IPv4Address("TCP", *address)
    return IPv6Address("TCP", *address)


@implementer(ITCPTransport)
class TCPConnection(Connection):
    """Of TCP, with IPv4 or IPv6."""

    __slots__ = ()
    kind = "tcp"

    def getHost(self) -> IPv4Address | IPv6Address:
        return ip_address(real_name(self.socket.getsockname()))

    def getPeer(self) -> IPv4Address | IPv6Address:
        return ip_address(cast(IPAddress, self.addr))

    def local_name(self) -> object:
        return self.socket.getsockname()[1]

    def getTcpNoDelay(self) -> bool:
        return bool(self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, enabled)

    def getTcpKeepAlive(self) -> bool:
        return bool(self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, enabled)

    def outstanding(self) -> int:
        """Bytes that were written and the peer has not, as far as is known."""
        return self.outgoing() + self.unacknowledged()

    def unacknowledged(self) -> int:
        """Bytes that the system has taken and the peer has not; 0 if it does not say."""
        # Late, as most programs never ask.
        with suppress(ImportError, OSError):
            from fcntl import ioctl
            from termios import TIOCOUTQ

            # SIOCOUTQ, which has the same number on Linux.
            waiting = ioctl(self.fileno(), TIOCOUTQ, bytes(4))
            return int.from_bytes(waiting, sys.byteorder)
        return 0


class UNIXConnection(Connection):
    """Of a UNIX socket.  The options of TCP can be set, and do nothing."""

    __slots__ = ()
    kind = "unix"

    def getHost(self) -> UNIXAddress:
        made = self._connector is None
        return UNIXAddress(self.socket.getsockname() if made else None)

    def getPeer(self) -> UNIXAddress:
        return UNIXAddress(cast(bytes | str, self.addr) or None)

    def local_name(self) -> object:
        return self.socket.getsockname()

    def getTcpNoDelay(self) -> bool:
        return False

    def setTcpNoDelay(self, enabled: bool) -> None:
        """C{ITCPTransport.setTcpNoDelay}"""
