"""The transport of UDP: Twisted's, with the options that it does not have."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol

from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.traffic import Counter
from eplua_twisted.transports.datagrams import (
    MAX_READ,
    DatagramPort,
    DatagramReceiver,
    PolledPort,
)
from eplua_twisted.udp.addresses import Membership
from eplua_twisted.udp.options import UDPOptions

_MULTICAST = {
    "ttl": (socket.IP_MULTICAST_TTL, socket.IPV6_MULTICAST_HOPS),
    "loopback": (socket.IP_MULTICAST_LOOP, socket.IPV6_MULTICAST_LOOP),
}


class BoundTransport(Protocol):
    """
    What a L{UDPPort<eplua_twisted.udp.port.UDPPort>} asks of its transport.

    @ivar counter: counts the bytes that come
    """

    socket: socket.socket
    counter: Counter

    @property
    def ipv6(self) -> bool: ...

    def startReading(self) -> None: ...

    def stopReading(self) -> None: ...

    def stopListening(self) -> Deferred[None] | None: ...

    def set_membership(self, membership: Membership, join: bool) -> None: ...

    def set_outgoing(self, address: str) -> None: ...

    def set_multicast(self, name: str, value: int) -> None: ...


class DatagramTransport(DatagramPort):
    """A bound port, whose options are set before it is bound."""

    def __init__(
        self,
        reactor: object,
        receiver: DatagramReceiver,
        interface: str,
        port: int,
        options: UDPOptions,
    ) -> None:
        """@param interface: the address to bind to"""
        super().__init__(port, DatagramProtocol(), interface, MAX_READ, reactor)
        self.receiver = receiver
        self._options = options

    @property
    def ipv6(self) -> bool:
        return bool(self.addressFamily == socket.AF_INET6)

    def make_socket(self) -> socket.socket:
        """A socket without options."""
        return super().createInternetSocket()

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

    def set_multicast(self, name: str, value: int) -> None:
        """@param name: C{ttl} or C{loopback}"""
        option, option6 = _MULTICAST[name]
        if self.ipv6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, option6, value)
        # On an IPv6 socket it is for groups of IPv4, which not every system has there.
        with suppress(*(OSError,) if self.ipv6 else ()):
            self.socket.setsockopt(socket.IPPROTO_IP, option, value)


class PolledTransport(PolledPort, DatagramTransport):  # type: ignore[misc]
    """The same below a reactor whose sockets are ours."""


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
    # A L{LeanReactor<eplua_twisted.transports.reactor.LeanReactor>} has one.
    poller = getattr(reactor, "poller", None)
    usual = DatagramTransport if poller is None else PolledTransport
    kind: Any = getattr(reactor, "datagramTransport", usual)
    opened = kind(poller or reactor, receiver, interface, port, options)
    opened.startListening()
    bound: BoundTransport = opened
    return bound
