"""A UDP port on which clients begin sessions of DTLS."""

from __future__ import annotations

from collections import deque

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_text
from eplua_twisted.border.waiters import Waiters
from eplua_twisted.errors import INTERNAL, OperationError, describe
from eplua_twisted.transports.datagrams import Datagrams
from eplua_twisted.transports.sockets import IPAddress
from eplua_twisted.udp.dtls.context import server_context
from eplua_twisted.udp.dtls.cookies import CookieExchange
from eplua_twisted.udp.dtls.options import DTLSOptions
from eplua_twisted.udp.dtls.peer import DTLSPeer
from eplua_twisted.udp.dtls.records import MTU, hello_random, is_plain
from eplua_twisted.udp.port import UDPPort

HANDSHAKE_TIMEOUT = 10.0
"""Seconds for a client's handshake."""

MAX_PEERS = 1024
"""Clients of a server, those in a handshake included; one more is not answered."""

MAX_ACCEPTS = 64

MAX_READY = 128
"""Clients that nobody has accepted yet; one more is sent away."""


@implementer(IResource)
class DTLSServer:
    """
    C{net.UDPSocket} with the option C{tls} and a certificate: each client is
    accepted as a L{DTLSPeer}.

    An address has one association, and perhaps a handshake for the one that shall
    replace it (RFC 6347, 4.2.8): a client that was killed begins anew, while a forged
    C{ClientHello} does not end what there is.  Records with keys that are not the
    association's are dropped by OpenSSL, so both get what could be for either.

    @ivar environment: what its clients are made with
    @ivar idle_timeout: see L{DTLSOptions}
    """

    log = Logger()
    public_name = "UDPSocket"

    def __init__(self, environment: Environment, options: DTLSOptions) -> None:
        """@raise OperationError: C{tls}: a certificate or key cannot be used"""
        assert options.tls is not None
        self.environment = environment
        self.idle_timeout = options.idle_timeout
        self._timeout = options.timeout
        self._port = UDPPort(environment, options, self, self._recount)
        self._cookies = CookieExchange(
            server_context(options.tls), environment.reactor, MTU, self.transmit
        )
        self._handshakes: dict[IPAddress, DTLSPeer] = {}
        self._peers: dict[IPAddress, DTLSPeer] = {}
        self._ready: deque[DTLSPeer] = deque()
        self._accepts: Waiters[DTLSPeer] = Waiters(
            MAX_ACCEPTS,
            f"{MAX_ACCEPTS} accepts wait already, and no option allows more",
            self._recount,
        )
        self._full = self._closed = False
        self.id = environment.resources.add(self)
        self._recount()

    def _recount(self) -> None:
        counts = bool(self._accepts) or self._port.busy
        self.environment.resources.count(self.id, counts)

    # What clients do.

    def datagrams_received(self, datagrams: Datagrams) -> None:
        """See L{DatagramReceiver<eplua_twisted.transports.datagrams.DatagramReceiver>}."""
        for datagram, address in datagrams:
            random = hello_random(datagram)
            if random is None:
                self._record(datagram, address)
            else:
                self._hello(datagram, address, random)

    def connection_refused(self) -> None:
        """Of some client: time will end its session."""

    def _record(self, datagram: bytes, address: IPAddress) -> None:
        peer = self._peers.get(address)
        handshake = self._handshakes.get(address)
        if handshake is not None:
            handshake.session.receive(datagram)
        if peer is not None and (handshake is None or not is_plain(datagram)):
            peer.session.receive(datagram)

    def _hello(self, datagram: bytes, address: IPAddress, random: bytes) -> None:
        peer = self._peers.get(address)
        handshake = self._handshakes.get(address)
        if handshake is not None and handshake.random == random:
            handshake.session.receive(datagram)
        elif peer is not None and peer.random == random:
            # A copy, late on its way or replayed, of what made the association.
            return
        elif peer is not None or handshake is not None or self._has_room():
            connection = self._cookies.admit(datagram, address)
            if connection is not None:
                self._begin(connection, address, random)

    def _has_room(self) -> bool:
        full = len(self._peers) + len(self._handshakes) >= MAX_PEERS
        if full and not self._full:
            self.log.warn(
                "{limit} DTLS clients: further ones are not answered", limit=MAX_PEERS
            )
        self._full = full
        return not full

    def _begin(
        self, connection: SSL.Connection, address: IPAddress, random: bytes
    ) -> None:
        """A client has shown that it is at its address: begin its handshake."""
        given_up = self._handshakes.pop(address, None)
        if given_up is not None:
            given_up.session.close()
        peer = self._handshakes[address] = DTLSPeer(self, connection, address, random)
        peer.begin(HANDSHAKE_TIMEOUT).addCallbacks(
            self._join, self._refuse, errbackArgs=(peer,)
        )

    def _join(self, peer: DTLSPeer) -> None:
        """A handshake has succeeded."""
        del self._handshakes[peer.address]
        before = self._peers.get(peer.address)
        self._peers[peer.address] = peer
        if before is not None:
            before.replaced()
        if self._accepts:
            self._serve(peer)
        elif len(self._ready) < MAX_READY:
            self._ready.append(peer)
        else:
            self.log.warn(
                "{limit} DTLS clients wait for accept: one more is sent away",
                limit=MAX_READY,
            )
            peer.close()

    def _serve(self, peer: DTLSPeer) -> None:
        self._accepts.fire_next(peer)
        self._recount()

    def _refuse(self, failure: Failure, peer: DTLSPeer) -> None:
        """A client did not get through the handshake."""
        if self._handshakes.get(peer.address) is peer:
            del self._handshakes[peer.address]
        code, why = describe(failure) or INTERNAL
        if code != "closed":
            self.log.info("a client was refused: {why}", why=why)

    def transmit(self, datagram: bytes, address: IPAddress) -> None:
        """See L{PeerOwner<eplua_twisted.udp.dtls.peer.PeerOwner>}."""
        self._port.transmit(datagram, address)

    def left(self, peer: DTLSPeer) -> None:
        """See L{PeerOwner<eplua_twisted.udp.dtls.peer.PeerOwner>}."""
        if self._peers.get(peer.address) is peer:
            del self._peers[peer.address]

    # What the script does.

    @operation("dtls_server_bind")
    def bind(self, host: bytes, port: int) -> Deferred[int]:
        """@return: see L{UDPPort.bind}"""
        return self._port.bind(to_text(host), port)

    @operation("dtls_server_accept")
    def accept(self) -> Deferred[tuple[int, bytes, int]] | tuple[int, bytes, int]:
        """
        @return: the number, host and port of a client that has done its handshake, or
            fires with them; fails with C{state}, C{timeout}, C{limit}
        """
        if self._port.transport is None:
            raise OperationError("state", "Not bound")
        if self._ready:
            return self._accepted(self._ready.popleft())
        waiter = self._accepts.wait()
        if self._timeout:
            limit(waiter, self.environment.reactor, self._timeout)
        self._recount()
        return waiter.addCallback(self._accepted)

    @query("dtls_server_return")
    def return_peer(self, number: int) -> None:
        """Nobody waits any more for a client that was accepted: it is for the next."""
        peer = self.environment.resources.get(number)
        if not isinstance(peer, DTLSPeer):
            return
        if self._accepts:
            self._serve(peer)
        else:
            self._ready.appendleft(peer)

    def _accepted(self, peer: DTLSPeer) -> tuple[int, bytes, int]:
        return peer.id, *peer.source

    @query("dtls_server_local_address")
    def local_address(self) -> tuple[str, int]:
        """@raise OperationError: C{state}: it is not bound"""
        return self._port.local_address()

    @query("dtls_server_close")
    def close(self) -> None:
        """The script's C{close}, or the runtime's: its clients are told."""
        self.environment.bridge.forget(self.id)
        self._end()

    def _end(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._accepts.fail_all(CancelledError)
        for each in [*self._handshakes.values()]:
            each.session.close()
        for each in [*self._peers.values(), *self._ready]:
            each.close()
        closed = self._port.close()
        self.environment.resources.count(self.id, True)
        closed.addBoth(lambda _: self.environment.resources.remove(self.id))

    @query("dtls_server_forget")
    def forget(self) -> None:
        """The script lost its socket: it goes, unless something is expected of it."""
        if not self._accepts and not self._port.busy:
            # What has failed by now is told all the same.
            self._end()

    def abort(self) -> None:
        self.close()

    def pause(self) -> None:
        self._port.pause()

    def resume(self) -> None:
        self._port.resume()
