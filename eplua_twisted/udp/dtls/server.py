"""UDP sockets that speak DTLS: a client with its one peer, a server with many."""

from __future__ import annotations

from collections import deque
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.waiters import Waiters
from eplua_twisted.errors import (
    INTERNAL,
    OperationError,
    describe,
)
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.udp.dtls.context import client_connection, server_context
from eplua_twisted.udp.dtls.peer import DTLSPeer
from eplua_twisted.udp.dtls.session import MTU, Address, Gate, Session
from eplua_twisted.udp.port import UDPOptions
from eplua_twisted.udp.socket import UDPSocket

HANDSHAKE_TIMEOUT = 10.0
"""Seconds for a handshake, when the script names no timeout."""

MAX_SESSIONS = 1024
"""Clients of a server, those in a handshake included; one more is not answered."""

MAX_ACCEPTS = 64

BACKLOG = 128
"""Clients that nobody has accepted yet; one more is sent away."""


class DTLSClient(UDPSocket):
    """C{connect} includes the handshake; what is sent and received goes through it."""

    def __init__(
        self,
        environment: Environment,
        options: UDPOptions,
        tls: TLSOptions,
        listener: int,
    ) -> None:
        self._tls = tls
        self._session: Session | None = None
        super().__init__(environment, options, listener)

    def _connected(self, host: str, port: int) -> Deferred[None]:
        allowed = self._environment.allow_unauthorized
        connection = client_connection(self._tls, host, port, allowed, MTU)
        session = self._session = Session(
            connection,
            self._environment.reactor,
            MTU,
            self._write,
            self._received,
            self._ended,
        )
        shaking = session.begin()
        timeout = self._options.timeout or HANDSHAKE_TIMEOUT
        limit(shaking, self._environment.reactor, timeout)
        self._regulate()
        return shaking.addBoth(self._shaken)

    def _shaken(self, result: Any) -> Any:
        if isinstance(result, Failure):
            self._ended(result.value or CancelledError())
        self._regulate()
        return result

    def _write(self, datagram: bytes) -> None:
        assert self._peer is not None
        self._transmit(datagram, self._peer)

    def _received(self, data: bytes) -> None:
        assert self._peer is not None
        self._arrived(data, self._source_of(self._peer), self._peer[1])

    def _ended(self, problem: BaseException) -> None:
        self._failed(problem, True)

    def datagramsReceived(self, datagrams: list[tuple[bytes, tuple[Any, ...]]]) -> None:
        for datagram, _ in datagrams:
            if self._session is not None:
                self._session.receive(datagram)

    def connectionRefused(self) -> None:
        if self._session is not None:
            self._session.fail(Refused())

    def _send(self, data: bytes, address: str, port: int) -> None:
        if self._session is None:
            raise OperationError("state", "Not connected")
        self._check_peer(address, port)
        self._session.send(data)

    def _regulate(self) -> None:
        super()._regulate()
        if self._session is not None and self._session.state == "shaking":
            self._environment.resources.count(self.id, True)

    def _end(self) -> None:
        if self._session is not None:
            self._session.close()


class DTLSServer(UDPSocket):
    """
    A port on which clients begin sessions: each is accepted as a L{DTLSPeer}.

    @ivar environment: what its clients are made with
    """

    log = Logger()

    def __init__(
        self,
        environment: Environment,
        options: UDPOptions,
        tls: TLSOptions,
        listener: int,
    ) -> None:
        self.environment = environment
        self._gate = Gate(server_context(tls), environment.reactor, MTU, self._transmit)
        self._peers: dict[Address, DTLSPeer] = {}
        self._ready: deque[DTLSPeer] = deque()
        self._accepts: Waiters[DTLSPeer] = Waiters(
            MAX_ACCEPTS,
            f"{MAX_ACCEPTS} accepts are waiting already",
            self._regulate,
        )
        super().__init__(environment, options, listener)

    def datagramsReceived(self, datagrams: list[tuple[bytes, tuple[Any, ...]]]) -> None:
        for datagram, address in datagrams:
            self._received(datagram, (address[0], address[1]))

    def _received(self, datagram: bytes, address: Address) -> None:
        peer = self._peers.get(address)
        if peer is not None:
            peer.session.receive(datagram)
        elif len(self._peers) < MAX_SESSIONS:
            connection = self._gate.admit(datagram, address)
            if connection is not None:
                self._admit(connection, address)

    def _admit(self, connection: SSL.Connection, address: Address) -> None:
        source = self._source_of(address)
        peer = DTLSPeer(self, address, (source.decode(), address[1]))
        self._peers[address] = peer
        reactor = self.environment.reactor
        peer.session = Session(
            connection,
            reactor,
            MTU,
            lambda datagram: self._transmit(datagram, address),
            peer.received,
            peer.ended,
        )
        shaking = peer.session.begin()
        limit(shaking, reactor, HANDSHAKE_TIMEOUT)
        shaking.addCallbacks(
            lambda _: self._offer(peer), lambda failure: self._refused(peer, failure)
        )

    def _offer(self, peer: DTLSPeer) -> None:
        if self._accepts:
            self._accepts.fire_next(peer)
            self._regulate()
        elif len(self._ready) < BACKLOG:
            self._ready.append(peer)
        else:
            peer.close()

    def _refused(self, peer: DTLSPeer, failure: Failure) -> None:
        """A client did not get through the handshake."""
        code, why = describe(failure) or INTERNAL
        if code != "closed":
            self.log.info("a client was refused: {why}", why=why)
        peer.close()

    def left(self, peer: DTLSPeer) -> None:
        """A client is gone."""
        if self._peers.get(peer.address) is peer:
            del self._peers[peer.address]

    def _accept(self) -> Any:
        if self._port is None:
            raise OperationError("state", "Not bound")
        if self._ready:
            return self._ready.popleft()
        accepted = self._accepts.wait()
        if self._options.timeout:
            accepted.addTimeout(self._options.timeout, self.environment.reactor)
        self._regulate()
        return accepted

    def connectionRefused(self) -> None:
        """Of some client: the time that a handshake has will end it."""

    def _connected(self, host: str, port: int) -> None:
        raise OperationError("state", "A server accepts, it does not connect")

    def _send(self, data: bytes, address: str, port: int) -> None:
        raise OperationError("state", "A server sends through what it accepts")

    def _check_receive(self) -> None:
        raise OperationError("state", "A server receives through what it accepts")

    def _regulate(self) -> None:
        super()._regulate()
        if self._accepts:
            self._environment.resources.count(self.id, True)

    def _end(self) -> None:
        self._accepts.fail_all(CancelledError)
        for peer in [*self._peers.values(), *self._ready]:
            peer.close()
