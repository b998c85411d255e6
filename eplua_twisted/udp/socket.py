"""UDP: C{UDPSocket} is a Twisted C{DatagramProtocol}."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.protocol import DatagramProtocol
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import is_address, resolve
from eplua_twisted.udp.port import UDPOptions, open_port
from eplua_twisted.udp.receiver import Receiver

MAX_TARGETS = 1024


@implementer(IResource)
class UDPSocket(Receiver, DatagramProtocol):
    """
    One socket.  It is bound by C{bind}, or to a free port by what is first asked
    of it.
    """

    def __init__(
        self, environment: Environment, options: UDPOptions, listener: int
    ) -> None:
        super().__init__(environment, listener)
        self._options = options
        self._port: Any = None
        self._peer: tuple[str, int] | None = None
        self._lookups: set[Deferred[Any]] = set()
        self._targets: dict[tuple[bytes, int], tuple[str, int]] = {}
        self._sources: tuple[Any, bytes] = ("", b"")
        self._closed = False
        self._pressed = False
        self.id = environment.resources.add(self)
        self._regulate()

    # Binding.

    def _open(self, host: str, port: int) -> Any:
        """Bind the socket, if it is not bound yet."""
        if self._port is None:
            interface = host
            if host in ("", "*"):
                interface = "::" if self._options.ipv6 else "0.0.0.0"
            opened = open_port(
                self._environment.reactor, port, self, interface, self._options
            )
            self._port = opened
            if self._pressed:
                opened.stopReading()
            if isIPAddress(interface) and interface != "0.0.0.0":
                # Multicast leaves by the interface that the socket is bound to.
                opened.set_outgoing(interface)
        return self._port

    @operation("udp_bind")
    def bind(self, host: bytes, port: int) -> Deferred[int]:
        """
        @return: fires with the port; fails with C{state} when the socket is bound
            already, or with what kept it from being bound
        """

        def opened(address: str) -> int:
            if self._port is not None:
                raise OperationError("state", "Already bound")
            bound: int = self._open(address, port).getHost().port
            return bound

        if host == b"*":
            return maybeDeferred(opened, "*")
        return self._with_address(to_text(host), opened)

    def _with_address(self, host: str, then: Any) -> Deferred[Any]:
        """Do something with the address of a host, looked up without blocking."""
        if is_address(host):
            return maybeDeferred(then, host)
        lookup = resolve(self._environment.reactor, host)
        self._lookups.add(lookup)
        self._regulate()

        def found(result: Any) -> Any:
            self._lookups.discard(lookup)
            self._regulate()
            return result

        lookup.addBoth(found)
        return lookup.addCallback(lambda addresses: then(self._choose(addresses)))

    def _choose(self, addresses: list[str]) -> str:
        """An address that the socket can speak to, IPv4 first."""
        if self._port is None and not self._options.ipv6:
            return min(addresses, key=isIPv6Address)
        six = self._ipv6
        return next(
            (each for each in addresses if isIPv6Address(each) == six), addresses[0]
        )

    @property
    def _ipv6(self) -> bool:
        return self._options.ipv6 if self._port is None else bool(self._port.ipv6)

    # Sending.

    @operation("udp_send_to")
    def send_to(
        self, data: bytes, host: bytes | None, port: int | None
    ) -> Deferred[None] | None:
        """
        @return: C{None}, or fires with it, when the system has the datagram; fails
            with C{denied}, C{limit}, C{dns}, C{unreachable}
        """
        if host is None or port is None:
            if self._peer is None:
                raise OperationError("state", "Not connected")
            self._send(data, *self._peer)
            return None
        target = self._targets.get((host, port))
        if target is not None and self._peer is None:
            # Sent there before: no need to look at it again.
            try:
                self._port.socket.sendto(data, target)
            except OSError:
                self._transmit(data, target)
            return None
        name = to_text(host)
        if is_address(name):
            self._send(data, name, port)
            if len(self._targets) >= MAX_TARGETS:
                self._targets.clear()
            mapped = self._ipv6 and isIPAddress(name)
            self._targets[host, port] = ("::ffff:" + name if mapped else name, port)
            return None
        sent: Deferred[None] = self._with_address(
            name, lambda address: self._send(data, address, port)
        )
        return sent

    def _send(self, data: bytes, address: str, port: int) -> None:
        if self._port is None:
            self._open("::" if isIPv6Address(address) else "", 0)
        six = self._ipv6
        if six and isIPAddress(address):
            address = "::ffff:" + address
        elif not six and isIPv6Address(address):
            raise OperationError("unreachable", "Network is unreachable")
        self._check_peer(address, port)
        self._transmit(data, (address, port))

    def _check_peer(self, address: str, port: int) -> None:
        if self._peer is not None and self._peer != (address, port):
            raise OperationError("state", "Already connected to another peer")

    def _transmit(self, data: bytes, target: tuple[str, int]) -> None:
        """What the port's own write does, without the checks that were made before."""
        try:
            if self._peer is not None:
                self._port.socket.send(data)
            else:
                self._port.socket.sendto(data, target)
        except ConnectionRefusedError:
            # Of an earlier datagram.
            self.connectionRefused()
        except BlockingIOError:
            raise OperationError("limit", "No buffer space available") from None

    @operation("udp_connect")
    def connect(self, host: bytes, port: int) -> Deferred[None]:
        """@return: fires with C{None} when the peer is fixed; fails with C{dns}, C{state}"""

        def found(address: str) -> Deferred[None] | None:
            if self._peer is not None:
                raise OperationError("state", "Already connected")
            opened = self._open("::" if isIPv6Address(address) else "", 0)
            if self._ipv6 and isIPAddress(address):
                address = "::ffff:" + address
            opened.connect(address, port)
            self._peer = (address, port)
            return self._connected(to_text(host), port)

        return self._with_address(to_text(host), found)

    def _connected(self, host: str, port: int) -> Deferred[None] | None:
        """The peer is fixed; a subclass may have more to do."""
        return None

    @operation("udp_accept")
    def accept(self) -> Deferred[tuple[int, str, int]]:
        """
        @return: fires with the number, address and port of a DTLS client that has
            done its handshake; fails with C{state}, C{timeout}, C{limit}
        """
        accepted: Deferred[Any] = maybeDeferred(self._accept)
        return accepted.addCallback(lambda peer: (peer.id, *peer.source))

    def _accept(self) -> Any:
        raise OperationError("state", "accept is for servers with the option tls")

    # Receiving.

    @operation("udp_receive")
    def receive(self, expected: bool) -> None:
        """
        Receives wait, or no longer; the socket is bound for them.  Fails with what
        kept it from being bound, C{state}.
        """
        if expected:
            self._check_receive()
            self._open("", 0)
        self.expect(expected)

    def _check_receive(self) -> None:
        """@raise OperationError: C{state}: nothing is received here"""

    def datagramsReceived(self, datagrams: list[tuple[bytes, tuple[Any, ...]]]) -> None:
        """Datagrams, each with the address and port it came from."""
        flat: list[Any] = []
        known, source = self._sources
        for data, address in datagrams:
            if address[0] != known:
                source = self._source_of(address)
                known = address[0]
            flat += (data, source, address[1])
        self._arrived(*flat)

    def _source_of(self, address: tuple[Any, ...]) -> bytes:
        """An address as scripts see it."""
        host = address[0]
        source = to_bytes(host[7:] if host.startswith("::ffff:") else host)
        self._sources = (host, source)
        return source

    def connectionRefused(self) -> None:
        """The peer's host says that nobody listens there; the socket goes on."""
        self._failed(Refused(), False)

    def _regulate(self) -> None:
        """Only a socket that something is expected of keeps the program alive."""
        counts = bool(self.expected or self._lookups)
        self._environment.resources.count(self.id, counts)

    def pause(self) -> None:
        self._pressed = True
        if self._port is not None:
            self._port.stopReading()

    def resume(self) -> None:
        self._pressed = False
        if self._port is not None and not self._closed:
            self._port.startReading()

    # Multicast.

    @operation("udp_join_group")
    def join_group(self, group: bytes, interface: bytes | None) -> Deferred[None]:
        """
        @param interface: an IPv4 address, or with IPv6 the name of an interface
        @return: fires with C{None}; fails with what the system says
        """
        return self._membership(to_text(group), interface, True)

    @operation("udp_leave_group")
    def leave_group(self, group: bytes, interface: bytes | None) -> Deferred[None]:
        """@return: fires with C{None}; fails with what the system says"""
        return self._membership(to_text(group), interface, False)

    def _membership(
        self, group: str, interface: bytes | None, join: bool
    ) -> Deferred[None]:
        def change() -> None:
            if not is_address(group):
                raise OperationError("unreachable", f"{group} is no multicast group")
            port = self._open("::" if isIPv6Address(group) else "", 0)
            port.set_membership(group, to_text(interface or b""), join)

        return maybeDeferred(change)

    @query("udp_set_multicast_ttl")
    def set_multicast_ttl(self, ttl: int) -> bool:
        self._open("", 0).set_multicast(
            socket.IP_MULTICAST_TTL, socket.IPV6_MULTICAST_HOPS, ttl
        )
        return True

    @query("udp_set_multicast_loopback")
    def set_multicast_loopback(self, enabled: bool) -> bool:
        self._open("", 0).set_multicast(
            socket.IP_MULTICAST_LOOP, socket.IPV6_MULTICAST_LOOP, int(enabled)
        )
        return True

    # The rest.

    @query("udp_local_address")
    def local_address(self) -> tuple[str, int]:
        if self._port is None:
            raise OperationError("state", "Not bound")
        host = self._port.getHost()
        return host.host, host.port

    @query("udp_close")
    def close(self) -> None:
        """The script's C{close}, or the runtime's: waiting callbacks are dropped."""
        if self._closed:
            return
        self._closed = True
        self._environment.bridge.forget(self.id)
        for lookup in list(self._lookups):
            lookup.cancel()
        self._end()
        if self._port is None:
            self._gone()
        else:
            self._environment.resources.count(self.id, True)
            maybeDeferred(self._port.stopListening).addBoth(lambda _: self._gone())

    @query("udp_forget")
    def forget(self) -> None:
        """The script lost its socket: it goes, unless something is expected of it."""
        if not self.expected and not self._lookups:
            self.close()

    def _end(self) -> None:
        """What a subclass has to say before the port is closed."""

    def abort(self) -> None:
        self.close()

    def _gone(self) -> None:
        self._environment.resources.remove(self.id)
