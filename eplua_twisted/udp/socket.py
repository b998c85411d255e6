"""C{net.UDPSocket} without DTLS."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_text
from eplua_twisted.udp.inbox import Inbox
from eplua_twisted.udp.options import UDPOptions
from eplua_twisted.udp.port import UDPPort


@implementer(IResource)
class UDPSocket:
    """
    A socket that sends and receives datagrams as they are.  It keeps the program
    alive while receives wait, or operations for a name.
    """

    def __init__(
        self, environment: Environment, options: UDPOptions, listener: int
    ) -> None:
        """@param listener: the ticket that is answered with what comes"""
        self._environment = environment
        self._inbox = Inbox(environment.bridge, listener)
        self._port = UDPPort(environment, options, self._inbox, self._recount)
        self._targets, self._counter = self._port.targets, self._port.counter
        self._closed = False
        self.id = self._inbox.owner = environment.resources.add(self)
        self._recount()

    def _recount(self) -> None:
        counts = self._inbox.expected or self._port.busy
        self._environment.resources.count(self.id, counts)

    @operation("udp_bind")
    def bind(self, host: bytes, port: int) -> Deferred[int]:
        """@return: see L{UDPPort.bind}"""
        return self._port.bind(to_text(host), port)

    @operation("udp_connect")
    def connect(self, host: bytes, port: int) -> Deferred[None]:
        """@return: fires with C{None}; fails as L{UDPPort.connect}"""
        return self._port.connect(to_text(host), port).addCallback(lambda _: None)

    def send_known(self, data: bytes, address: tuple[bytes, int]) -> bool:
        """Send to a host and port if they were looked at before; whether that was so."""
        target = self._targets.get(address)
        if target is None:
            return False
        try:
            self._port.sendto(data, target)
        except OSError:
            return False
        self._counter.bytes_out += len(data)
        return True

    @operation("udp_send_to")
    def send_to(
        self, data: bytes, host: bytes | None, port: int | None
    ) -> Deferred[None] | None:
        """
        @param host: C{None}, as the port, for the peer that C{connect} has fixed
        @return: see L{UDPPort.send_to}
        """
        if host is None or port is None:
            return self._port.send_to_peer(data)
        target = self._targets.get((host, port))
        if target is not None:
            self._port.transmit(data, target)
            return None
        return self._port.send_to(data, host, port)

    @operation("udp_receive")
    def receive(self, expected: bool) -> None:
        """
        Receives wait, or no longer; the socket is bound for them.  Fails with what
        kept it from being bound.
        """
        if expected:
            opening = self._port.open_in_turn()
            if opening is not None:
                opening.addErrback(self._not_opened)
        self._inbox.expected = expected
        self._recount()

    def _not_opened(self, failure: Failure) -> None:
        self._inbox.fail(failure, b"all")

    @operation("udp_join_group")
    def join_group(
        self, group: bytes, interface: bytes | None
    ) -> Deferred[None] | None:
        """@return: see L{UDPPort.change_membership}"""
        return self._port.change_membership(
            to_text(group), to_text(interface or b""), True
        )

    @operation("udp_leave_group")
    def leave_group(
        self, group: bytes, interface: bytes | None
    ) -> Deferred[None] | None:
        """@return: see L{UDPPort.change_membership}"""
        return self._port.change_membership(
            to_text(group), to_text(interface or b""), False
        )

    @query("udp_set_multicast_ttl")
    def set_multicast_ttl(self, ttl: int) -> bool:
        self._port.set_multicast("ttl", ttl)
        return True

    @query("udp_set_multicast_loopback")
    def set_multicast_loopback(self, enabled: bool) -> bool:
        self._port.set_multicast("loopback", int(enabled))
        return True

    @query("udp_local_address")
    def local_address(self) -> tuple[str, int]:
        """@raise OperationError: C{state}: it is not bound"""
        return self._port.local_address()

    @query("udp_peer_address")
    def peer_address(self) -> tuple[str, int] | None:
        return self._port.peer_address()

    @query("udp_close")
    def close(self) -> None:
        """The script's C{close}, or the runtime's: waiting callbacks are dropped."""
        self._environment.bridge.forget(self.id)
        self._end()

    def _end(self) -> None:
        if self._closed:
            return
        self._closed = True
        closed = self._port.close()
        self._environment.resources.count(self.id, True)
        closed.addBoth(lambda _: self._environment.resources.remove(self.id))

    @query("udp_forget")
    def forget(self) -> None:
        """The script lost its socket: it goes, unless something is expected of it."""
        if not self._inbox.expected and not self._port.busy:
            # What has failed by now is told all the same.
            self._end()

    def abort(self) -> None:
        self.close()

    def pause(self) -> None:
        self._port.pause()

    def resume(self) -> None:
        self._port.resume()
