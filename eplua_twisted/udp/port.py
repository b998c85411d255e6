"""The transport of a UDP socket, with the options that Twisted's does not have."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Any

from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.udp import MulticastPort
from twisted.python.failure import Failure

from eplua_twisted.border.clock import SteadyReactor

MAX_DATAGRAM = 65536

BATCH = 4
"""Datagrams that are handed over together, at the most: with more of them, the peer would
wait for its answers meanwhile."""


@dataclass(frozen=True)
class UDPOptions:
    """@ivar timeout: seconds a receive waits; 0 for no limit"""

    broadcast: bool
    timeout: float
    reuse_address: bool
    reuse_port: bool
    ipv6: bool


def open_port(
    reactor: Any, port: int, protocol: Any, interface: str, options: UDPOptions
) -> Any:
    """
    Bind a port; a reactor without sockets (C{IReactorUDP} in memory) has its own kind.

    @raise CannotListenError: what kept it from being bound
    """
    if not isinstance(reactor, (PosixReactorBase, SteadyReactor)):
        return reactor.listenUDP(port, protocol, interface, MAX_DATAGRAM)
    opened: Any = Port(port, protocol, interface, reactor, options)
    opened.startListening()
    return opened


class Port(MulticastPort):
    """A port whose socket options are set before it is bound."""

    def __init__(
        self,
        port: int,
        protocol: Any,
        interface: str,
        reactor: Any,
        options: UDPOptions,
    ) -> None:
        MulticastPort.__init__(self, port, protocol, interface, MAX_DATAGRAM, reactor)
        self._options = options

    @property
    def ipv6(self) -> bool:
        return bool(self.addressFamily == socket.AF_INET6)

    def doRead(self) -> None:
        """
        Twisted's, for a protocol that never raises: datagrams that are here already
        are handed over together, as C{datagramsReceived}.
        """
        receive, protocol = self.socket.recvfrom, self.protocol
        left = self.maxThroughput
        batch: list[tuple[bytes, tuple[Any, ...]]] = []
        try:
            while left > 0:
                datagram = receive(MAX_DATAGRAM)
                batch.append(datagram)
                left -= len(datagram[0]) or 1
                if len(batch) == BATCH:
                    full, batch = batch, []
                    protocol.datagramsReceived(full)
        except BlockingIOError:
            pass
        except ConnectionRefusedError:
            if batch:
                protocol.datagramsReceived(batch)
            protocol.connectionRefused()
            return
        if batch:
            protocol.datagramsReceived(batch)

    def connectionLost(self, reason: Failure | None = None) -> None:
        """
        Twisted takes the error that an ICMP message leaves on a connected socket
        for the socket's end.  It is none: the socket goes on.
        """
        if reason is None:
            MulticastPort.connectionLost(self)
            return
        self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        MulticastPort.startReading(self)
        self.protocol.connectionRefused()

    def createInternetSocket(self) -> socket.socket:
        created: socket.socket = MulticastPort.createInternetSocket(self)
        if self._options.reuse_address:
            created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._options.reuse_port:
            created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if self._options.broadcast:
            created.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return created

    # Twisted's multicast methods look up names and know no IPv6 interface.

    def set_membership(self, group: str, interface: str, join: bool) -> None:
        """
        Join or leave a group.

        @param interface: an IPv4 address, or with IPv6 the name of an interface;
            empty for the system's choice
        @raise OSError: what the system says
        """
        if self.ipv6:
            index = socket.if_nametoindex(interface) if interface else 0
            request = socket.inet_pton(socket.AF_INET6, group) + struct.pack(
                "@I", index
            )
            level = socket.IPPROTO_IPV6
            name = socket.IPV6_JOIN_GROUP if join else socket.IPV6_LEAVE_GROUP
        else:
            request = socket.inet_aton(group) + socket.inet_aton(interface or "0.0.0.0")
            level = socket.IPPROTO_IP
            name = socket.IP_ADD_MEMBERSHIP if join else socket.IP_DROP_MEMBERSHIP
            if interface and join:
                self.set_outgoing(interface)
        self.socket.setsockopt(level, name, request)

    def set_outgoing(self, interface: str) -> None:
        """The interface, by its IPv4 address, that multicast leaves by."""
        self.socket.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface)
        )

    def set_multicast(self, name: int, name6: int, value: int) -> None:
        """An option of multicast, by its name for IPv4 and for IPv6."""
        if self.ipv6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, name6, value)
        else:
            self.socket.setsockopt(socket.IPPROTO_IP, name, value)
