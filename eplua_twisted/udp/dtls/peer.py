"""A client of a DTLS server: C{DTLSPeer}, what C{accept} gives."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline, limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.errors import EOF, TIMEOUT, OperationError
from eplua_twisted.transports.sockets import IPAddress
from eplua_twisted.udp import addresses
from eplua_twisted.udp.dtls.records import MTU
from eplua_twisted.udp.dtls.session import Session
from eplua_twisted.udp.inbox import Inbox

MAX_EARLY = 64
"""Datagrams of a client that nobody has accepted yet; the oldest is dropped."""

RESET = ("reset", "Connection reset by peer")


class PeerOwner(Protocol):
    """
    The server of a L{DTLSPeer}.

    @ivar idle_timeout: seconds without a datagram after which a client is let go of; 0
        for no limit
    """

    environment: Environment
    idle_timeout: float

    def transmit(self, datagram: bytes, address: IPAddress) -> None:
        """Send a datagram from the server's port."""

    def left(self, peer: DTLSPeer) -> None:
        """A client is gone."""


@implementer(IResource)
class DTLSPeer:
    """
    One client on a server's port, from its handshake on.  It is a resource when that
    has succeeded.  What comes before the script has it is kept.

    @ivar address: where it is
    @ivar random: what distinguishes its handshake from another one of that address
    @ivar session: its association
    """

    def __init__(
        self,
        server: PeerOwner,
        connection: SSL.Connection,
        address: IPAddress,
        random: bytes,
    ) -> None:
        """@param connection: has taken the client's hello"""
        self._environment = server.environment
        self._server = server
        self.address = address
        self.random = random
        self._source = addresses.describe(address)
        self._inbox: Inbox | None = None
        self._early: deque[bytes] = deque()
        self._dropped = 0
        self._over: BaseException | None = None
        clock = self._environment.reactor
        self._idle = Deadline(clock, self._fell_silent)
        self.session = Session(
            connection,
            clock,
            MTU,
            lambda datagram: server.transmit(datagram, address),
            self._received,
            self._ended,
        )
        self.id = 0

    @property
    def source(self) -> tuple[bytes, int]:
        """Its host and port, as scripts see them."""
        return self._source

    def begin(self, seconds: float) -> Deferred[DTLSPeer]:
        """
        Do the handshake.

        @return: fires with the peer, which is a resource then; fails with C{timeout}
            after so many seconds, C{SSL.Error}, L{CancelledError}
        """
        done = limit(self.session.begin(), self._environment.reactor, seconds)
        return done.addCallback(self._open)

    def _open(self, _: None) -> DTLSPeer:
        self.id = self._environment.resources.add(self)
        self._expect(False)
        self._hear()
        return self

    def _expect(self, expected: bool) -> None:
        """Whether receives wait, for which the program is kept alive."""
        self._environment.resources.count(self.id, expected)

    # What the client does.

    def _received(self, data: bytes) -> None:
        self._hear()
        if self._inbox is not None:
            self._inbox.put(data, *self._source)
            return
        if len(self._early) == MAX_EARLY:
            self._early.popleft()
            self._dropped += 1
        self._early.append(data)

    def _hear(self) -> None:
        """It is alive."""
        if self._server.idle_timeout:
            self._idle.restart(self._server.idle_timeout)

    def _fell_silent(self) -> None:
        # It may be there still, and learns that it is not a client any more.
        self.session.close()
        self._ended(OperationError(*TIMEOUT))

    def replaced(self) -> None:
        """Another client has done its handshake from the same address."""
        self.session.fail(OperationError(*RESET))

    def _ended(self, problem: BaseException) -> None:
        """The association is over; what has arrived can still be read."""
        self._over = problem
        self._idle.cancel()
        self._server.left(self)
        self._expect(False)
        if self._inbox is not None:
            self._inbox.fail(problem, b"end")

    # What the script does.

    @query("dtls_listen")
    def listen(self, listener: int) -> int:
        """
        @param listener: the ticket that is answered with what comes
        @return: how many datagrams were dropped until now
        """
        inbox = self._inbox = Inbox(self._environment.bridge, listener)
        inbox.owner = self.id
        while self._early:
            inbox.put(self._early.popleft(), *self._source)
        if self._over is not None:
            inbox.fail(self._over, b"end")
        return self._dropped

    @operation("dtls_receive", gone=EOF)
    def receive(self, expected: bool) -> None:
        """Receives wait, or no longer."""
        self._expect(expected and self._over is None)

    @operation("dtls_send")
    def send(self, data: bytes) -> None:
        """Fails with C{state}, C{limit} for what is too long, or as the system says."""
        self.session.send(data)

    @query("dtls_close")
    def close(self) -> None:
        """The script's C{close}, or the server's: waiting callbacks are dropped."""
        self._environment.bridge.forget(self.id)
        self._idle.cancel()
        self.session.close()
        self._server.left(self)
        if self._inbox is not None:
            self._inbox.fail(CancelledError(), b"end")
        self._environment.resources.remove(self.id)

    def abort(self) -> None:
        self.close()

    def pause(self) -> None:
        """The server's port pauses."""

    def resume(self) -> None:
        """See L{pause}."""
