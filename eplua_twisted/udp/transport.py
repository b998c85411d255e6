"""The transport of UDP: Twisted's, with the options that it does not have."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol
from twisted.internet.udp import MulticastPort
from twisted.python.failure import Failure

from eplua_twisted.border.environment import IReactor
from eplua_twisted.udp.addresses import Membership, SocketAddress
from eplua_twisted.udp.options import UDPOptions

MAX_READ = 65536
"""Bytes of the longest datagram that there can be, and one more."""

BATCH = 4
"""
Datagrams that are handed over together, at most.  Larger batches would delay the answers
to the first of them, for which the peer waits.
"""

Datagrams = list[tuple[bytes, SocketAddress]]
"""Each with the address that it came from."""


class DatagramReceiver(Protocol):
    """What is told of the datagrams of a port.  It never raises."""

    def datagrams_received(self, datagrams: Datagrams) -> None: ...

    def connection_refused(self) -> None:
        """The peer's host says that nobody listens there; the port goes on."""


class BoundTransport(Protocol):
    """What a L{UDPPort<eplua_twisted.udp.port.UDPPort>} asks of its transport."""

    socket: socket.socket

    @property
    def ipv6(self) -> bool: ...

    def startReading(self) -> None: ...

    def stopReading(self) -> None: ...

    def stopListening(self) -> Deferred[None] | None: ...

    def set_membership(self, membership: Membership, join: bool) -> None: ...

    def set_outgoing(self, address: str) -> None: ...

    def set_multicast(self, name: int, name6: int, value: int) -> None: ...


class DatagramTransport(MulticastPort):
    """
    A bound port.  Its options are set before it is bound, and what it reads goes to a
    L{DatagramReceiver} in batches, past Twisted's protocol.
    """

    def __init__(
        self,
        reactor: IReactor,
        receiver: DatagramReceiver,
        interface: str,
        port: int,
        options: UDPOptions,
    ) -> None:
        """@param interface: the address to bind to"""
        MulticastPort.__init__(
            self, port, DatagramProtocol(), interface, MAX_READ, reactor
        )
        self._receiver = receiver
        self._options = options

    @property
    def ipv6(self) -> bool:
        return bool(self.addressFamily == socket.AF_INET6)

    def make_socket(self) -> socket.socket:
        """A socket without options."""
        return MulticastPort.createInternetSocket(self)

    def createInternetSocket(self) -> socket.socket:
        """A socket with the script's options."""
        created = self.make_socket()
        for wanted, name in (
            (self._options.reuse_address, socket.SO_REUSEADDR),
            (self._options.reuse_port, socket.SO_REUSEPORT),
            (self._options.broadcast, socket.SO_BROADCAST),
        ):
            if wanted:
                created.setsockopt(socket.SOL_SOCKET, name, 1)
        return created

    def doRead(self) -> None:
        """
        Twisted's, for a receiver that never raises: datagrams that are here already
        are handed over together.
        """
        receive, receiver = self.socket.recvfrom, self._receiver
        left = self.maxThroughput
        batch: Datagrams = []
        try:
            while left > 0:
                datagram = receive(MAX_READ)
                batch.append(datagram)
                left -= len(datagram[0]) or 1
                if len(batch) == BATCH:
                    full, batch = batch, []
                    receiver.datagrams_received(full)
        except BlockingIOError:
            pass
        except ConnectionRefusedError:
            if batch:
                receiver.datagrams_received(batch)
            receiver.connection_refused()
            return
        if batch:
            receiver.datagrams_received(batch)

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
        self._receiver.connection_refused()

    # Twisted's multicast methods look up names and know no IPv6 interface.

    def set_membership(self, membership: Membership, join: bool) -> None:
        """
        Join or leave a group.  What is sent to groups leaves by the interface of the
        one that was joined last.

        @raise OSError: what the system says
        """
        self.socket.setsockopt(*membership.request(join))
        outgoing = membership.outgoing()
        if join and outgoing is not None:
            self.socket.setsockopt(*outgoing)

    def set_outgoing(self, address: str) -> None:
        """The interface, by its IPv4 address, that datagrams to groups leave by."""
        self.socket.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address)
        )

    def set_multicast(self, name: int, name6: int, value: int) -> None:
        """An option of multicast, by its name for IPv4 and for IPv6."""
        if self.ipv6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, name6, value)
        # On an IPv6 socket it is for groups of IPv4, which not every system has there.
        with suppress(*(OSError,) if self.ipv6 else ()):
            self.socket.setsockopt(socket.IPPROTO_IP, name, value)


def listen(
    reactor: IReactor,
    receiver: DatagramReceiver,
    interface: str,
    port: int,
    options: UDPOptions,
) -> BoundTransport:
    """
    Bind a port.  A reactor without sockets of the system has its own C{datagramTransport}.

    @raise CannotListenError: what kept it from being bound
    """
    kind: Any = getattr(reactor, "datagramTransport", DatagramTransport)
    opened = kind(reactor, receiver, interface, port, options)
    opened.startListening()
    bound: BoundTransport = opened
    return bound
