"""A UDP port: from before it is bound until it is closed."""

from __future__ import annotations

import errno
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TypeVar

from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import CancelledError, Deferred, succeed

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.network import network_of
from eplua_twisted.border.traffic import Counter
from eplua_twisted.border.values import to_text
from eplua_twisted.border.waiters import Waiters
from eplua_twisted.errors import NOT_CONNECTED, OperationError
from eplua_twisted.streams.endpoints import ANY
from eplua_twisted.streams.names import is_address, numeric_zone, resolve
from eplua_twisted.transports.datagrams import DatagramReceiver
from eplua_twisted.transports.sockets import IPAddress
from eplua_twisted.udp.addresses import Membership, source, target
from eplua_twisted.udp.options import UDPOptions
from eplua_twisted.udp.permitted import Permitted
from eplua_twisted.udp.transport import BoundTransport, listen

MAX_LOOKUPS = 1024
"""Datagrams of one port that wait for host names."""

MAX_WAITING = 1024
"""Operations that wait until the port is bound or connected."""

MAX_TARGETS = 1024
"""Addresses that are kept in the form that the system wants."""

MAX_DATA, MAX_DATA6 = 65507, 65527
"""Bytes of a datagram: 65535 without the headers that IPv4, and IPv6, count."""

T = TypeVar("T")
Work = Coroutine[Deferred[object], object, T]


class UDPPort:
    """
    The port of one socket of a script.  It is bound by L{bind}, or to a free port by
    what needs it first; L{connect} fixes its peer.

    What is asked for while L{bind} or L{connect} look up a name happens after it.

    @ivar counter: of the bytes of datagrams
    @ivar transport: C{None} until the port is bound
    @ivar peer: whom it is connected to
    @ivar targets: known addresses by the host and port that a script has written; empty
        when there is a peer, or L{connect} looks for one
    @ivar sendto: the C{sendto} of the socket, once it is bound
    """

    sendto: Callable[[bytes, IPAddress], int]

    def __init__(
        self,
        environment: Environment,
        options: UDPOptions,
        receiver: DatagramReceiver,
        changed: Callable[[], None],
    ) -> None:
        """@param changed: called when L{busy} may have changed"""
        self._reactor = reactor = environment.streams
        self._traffic = environment.traffic
        self._shared = environment.ports.shared
        self._options = options
        self._permitted = Permitted(network_of(reactor), receiver)
        self._receiver = self._permitted.receiver
        self._changed = changed
        self.counter = Counter(self.local_address, self.peer_address)
        self._traffic.opened(self.counter)
        self.transport: BoundTransport | None = None
        self.peer: IPAddress | None = None
        self.targets: dict[tuple[bytes, int], IPAddress] = {}
        # The bind or connect under way, what waits for it, and the names that sends
        # wait for.
        self._binding: Deferred[None] | None = None
        self._turns: Waiters[None] = Waiters(
            MAX_WAITING,
            f"{MAX_WAITING} operations wait for a name, and no option allows more",
        )
        self._lookups: set[Deferred[str]] = set()
        self._multicast: dict[str, int] = {}
        self._bound_by_script = self._paused = self._closed = False

    @property
    def busy(self) -> bool:
        """Operations wait for a name."""
        return bool(self._binding or self._turns or self._lookups)

    # Binding.

    def open(self, ipv6: bool = False) -> BoundTransport:
        """
        The port, bound to a free one if it is not bound yet.

        @param ipv6: it is for an IPv6 address
        @raise CannotListenError: what kept it from being bound
        """
        if self.transport is None:
            return self._listen("::" if ipv6 or self._options.ipv6 else "0.0.0.0", 0)
        return self.transport

    def _listen(self, address: str, port: int) -> BoundTransport:
        options = self._options
        if port and self._shared:
            options = replace(options, reuse_port=True)
        opened = listen(self._reactor, self._receiver, address, port, options)
        self.transport = opened
        opened.counter = self.counter
        self.sendto = opened.socket.sendto
        if self._paused:
            opened.stopReading()
        if isIPAddress(address) and address != "0.0.0.0":
            # Multicast leaves by the interface that the socket is bound to.
            opened.set_outgoing(address)
        for name, value in self._multicast.items():
            opened.set_multicast(name, value)
        return opened

    def open_in_turn(self) -> Deferred[None] | None:
        """
        L{open} for receiving.

        @return: C{None} when it is open now; or fires with C{None} when it is open
        @raise CannotListenError: as L{open}
        """
        if self._binding is not None:
            return self._in_turn(self.open_in_turn)
        self.open()
        return None

    def bind(self, host: str, port: int) -> Deferred[int]:
        """
        @param host: an address, a name, or C{*}
        @return: fires with the port; fails with C{state} when it is bound already, or
            a send waits for a name; with C{dns}; or with what kept it from being bound
        """
        if self._binding is not None:
            return self._in_turn(lambda: self.bind(host, port))
        return self._hold_the_rest(self._bind(host, port))

    async def _bind(self, host: str, port: int) -> int:
        self._permitted.bind()
        if self.transport is not None or self._lookups:
            raise OperationError("state", "Already bound")
        if host != ANY:
            address = await self._address(host)
        else:
            address = "::" if self._options.ipv6 else "0.0.0.0"
        opened = self._listen(address, port)
        self._bound_by_script = True
        bound: int = opened.socket.getsockname()[1]
        return bound

    def connect(self, host: str, port: int, again: bool = False) -> Deferred[IPAddress]:
        """
        Fix the peer: nothing comes from others any more.

        @param again: it may take the place of another one
        @return: fires with its address; fails with C{dns}, C{unreachable}, C{state}
        """
        if self._binding is not None:
            return self._in_turn(lambda: self.connect(host, port, again))
        return self._hold_the_rest(self._connect(host, port, again))

    async def _connect(self, host: str, port: int, again: bool) -> IPAddress:
        if self.peer is not None and not again:
            raise OperationError("state", "Already connected")
        self.targets.clear()  # What goes to a known one has to wait, too.
        self._permitted.look_up(host, port)
        address = await self._address(host)
        self._permitted.send(host, address, port)
        ipv6 = isIPv6Address(address)
        before = self.transport
        if ipv6 and self.peer and before and not (before.ipv6 or self._bound_by_script):
            # It was opened for a peer of the other family.
            before.stopListening()
            self.transport = None
        transport = self.open(ipv6)
        peer = target(address, port, transport.ipv6)
        transport.socket.connect(peer)
        self.peer = peer
        return peer

    def local_address(self) -> tuple[str, int]:
        """@raise OperationError: C{state}: it is not bound"""
        if self.transport is None:
            raise OperationError("state", "Not bound")
        return source(self.transport.socket.getsockname())

    def peer_address(self) -> tuple[str, int] | None:
        """@return: whom it is connected to"""
        return source(self.peer) if self.peer is not None else None

    # What has to wait.

    def _hold_the_rest(self, work: Work[T]) -> Deferred[T]:
        """Bind or connect; what is asked for meanwhile has its turn afterwards."""
        binding = Deferred.fromCoroutine(work)
        # Another one, so that its answer comes before those of what waits.
        answer: Deferred[T] = Deferred(lambda _: binding.cancel())
        self._binding = binding.addCallbacks(answer.callback, answer.errback)
        self._binding.addCallback(self._bound)
        self._changed()
        return answer

    def _bound(self, _: None) -> None:
        self._binding = None
        while self._turns and self._binding is None:
            self._turns.fire_next(None)
        self._changed()

    def _in_turn(self, begin: Callable[[], Deferred[T] | T]) -> Deferred[T]:
        """Begin when the L{bind} or L{connect} is done that was asked for before."""
        begun = self._turns.wait().addCallback(lambda _: begin())
        self._changed()
        return begun

    async def _address(self, host: str) -> str:
        """An address of a host that the socket can speak to, IPv4 first."""
        if is_address(host):
            return numeric_zone(host)
        found = await resolve(self._reactor, host)
        if self.transport is None and not self._options.ipv6:
            return min(found, key=isIPv6Address)
        six = self._options.ipv6 if self.transport is None else self.transport.ipv6
        return next((each for each in found if isIPv6Address(each) == six), found[0])

    # Sending.

    def send_to(self, data: bytes, host: bytes, port: int) -> Deferred[None] | None:
        """
        @return: C{None}, or fires with it, when the system has the datagram; fails
            with C{denied}, C{limit}, C{dns}, C{unreachable}, C{state}, C{refused}
        """
        if self._binding is not None:
            return self._in_turn(lambda: self.send_to(data, host, port))
        name = to_text(host)
        if not is_address(name):
            return self._send_by_name(data, name, port)
        address = self._target(name, name, port)
        self.transmit(data, address)
        if self.peer is None:
            if len(self.targets) >= MAX_TARGETS:
                self.targets.clear()
            self.targets[host, port] = address
        return None

    def _send_by_name(self, data: bytes, name: str, port: int) -> Deferred[None]:
        if len(self._lookups) >= MAX_LOOKUPS:
            raise OperationError(
                "limit",
                f"{MAX_LOOKUPS} datagrams wait for names, and no option allows more",
            )
        self._permitted.look_up(name, port)
        lookup = Deferred.fromCoroutine(self._address(name))
        self._lookups.add(lookup)
        self._changed()

        def found(address: str) -> str:
            self._lookups.discard(lookup)
            self._changed()
            return address

        lookup.addBoth(found)
        return lookup.addCallback(
            lambda address: self.transmit(data, self._target(name, address, port))
        )

    def _target(self, asked: str, address: str, port: int) -> IPAddress:
        self._permitted.send(asked, address, port)
        transport = self.open(isIPv6Address(address))
        found = target(address, port, transport.ipv6)
        if self.peer is not None and self.peer != found:
            raise OperationError("state", "Already connected to another peer")
        return found

    def send_to_peer(self, data: bytes) -> Deferred[None] | None:
        """As L{send_to}, to the peer that L{connect} has fixed."""
        if self._binding is not None:
            return self._in_turn(lambda: self.send_to_peer(data))
        if self.peer is None:
            raise OperationError(*NOT_CONNECTED)
        self.transmit(data, self.peer)
        return None

    def transmit(self, data: bytes, address: IPAddress) -> None:
        """
        Hand a datagram to the system, from a port that is bound.

        @raise OperationError: C{limit}
        @raise OSError: what else the system says
        """
        try:
            try:
                self._hand_over(data, address)
            except ConnectionRefusedError:
                # Of an earlier datagram; the system has not taken this one.
                self._receiver.connection_refused()
                self._hand_over(data, address)
        except BlockingIOError:
            raise OperationError(
                "limit", "No buffer space available (the system's send buffer is full)"
            ) from None
        except OSError as problem:
            longest = MAX_DATA if isIPAddress(source(address)[0]) else MAX_DATA6
            if problem.errno == errno.EMSGSIZE and len(data) > longest:
                raise OperationError(
                    "limit", f"Message too long: a datagram takes {longest} bytes"
                ) from None
            raise
        self.counter.bytes_out += len(data)

    def _hand_over(self, data: bytes, address: IPAddress) -> None:
        if self.peer is None:
            self.sendto(data, address)
        else:
            assert self.transport is not None
            self.transport.socket.send(data)

    # Multicast.

    def change_membership(
        self, group: str, interface: str, join: bool
    ) -> Deferred[None] | None:
        """
        Join or leave a multicast group.

        @param interface: its name, its number, or its IPv4 address; empty for the
            system's choice
        @return: C{None}, or fires with it; fails with C{unreachable}, C{state}, C{limit}
        """
        if self._binding is not None:
            return self._in_turn(lambda: self.change_membership(group, interface, join))
        membership = Membership.of(group, interface)
        self._permitted.join(group)
        transport = self.open(membership.ipv6)
        if membership.ipv6 and not transport.ipv6:
            raise OperationError(
                "unreachable", f"{group} is IPv6, and the socket is not (option ipv6)"
            )
        try:
            transport.set_membership(membership, join)
        except OSError as problem:
            if join and problem.errno == errno.EADDRINUSE:
                raise OperationError("state", f"Already in group {group}") from None
            if not join and problem.errno == errno.EADDRNOTAVAIL:
                raise OperationError("state", f"Not in group {group}") from None
            if problem.errno == errno.ENOBUFS:
                raise OperationError(
                    "limit", "No more groups: the system's bound for a socket is met"
                ) from None
            raise
        return None

    def set_multicast(self, name: str, value: int) -> None:
        """
        @param name: C{ttl} or C{loopback}; a port that is not bound yet gets it then
        @raise OSError: what the system says
        """
        self._multicast[name] = value
        if self.transport is not None:
            self.transport.set_multicast(name, value)

    # The rest.

    def pause(self) -> None:
        """Read nothing."""
        self._paused = True
        if self.transport is not None:
            self.transport.stopReading()

    def resume(self) -> None:
        """Read again."""
        self._paused = False
        if self.transport is not None and not self._closed:
            self.transport.startReading()

    def close(self) -> Deferred[None]:
        """
        What waits for a name fails with C{closed}.

        @return: fires with C{None} when the port is free again
        """
        self._closed = True
        self._traffic.closed(self.counter)
        self._turns.fail_all(CancelledError)
        for each in (self._binding, *self._lookups):
            if each is not None:
                each.cancel()
        stopped = self.transport.stopListening() if self.transport is not None else None
        return stopped if stopped is not None else succeed(None)
