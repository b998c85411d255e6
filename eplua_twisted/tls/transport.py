"""TLS over a transport, as Twisted does it, with reads that keep together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableProtocol,
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    ITCPTransport,
    ITransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import alsoProvides, implementer

from eplua_twisted.border.deadline import StallDeadline
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.connecting import OneProtocolFactory
from eplua_twisted.tls.gathered import GatheredWrites
from eplua_twisted.tls.handshake import CUT, interrupted
from eplua_twisted.tls.records import RECORD, Records
from eplua_twisted.transports.wire import wire

MAX_RECORD = 2**15
"""Bytes that are asked of OpenSSL at a time: more than a record of TLS has."""

TOGETHER = 4 * RECORD
"""
Bytes whose records are handed to the transport together.  With more, memory would be mapped
and unmapped for them each time.
"""

AROUND = 256
"""More than OpenSSL adds to the data of a record."""

MAX_ANSWERS = 64 * 1024
"""
Bytes that OpenSSL answers by itself and the peer does not take.  Each key update that a
peer asks for is answered with one, and each attempt to negotiate anew with a warning.
"""

LINGER = 10.0
"""
Seconds in which nothing has moved of what is still to be sent when TLS is over: the rest is
not sent.
"""

UNTAKEN = ("protocol", "the peer has TLS answer, and does not take the answers")

Creator = IOpenSSLServerConnectionCreator | IOpenSSLClientConnectionCreator
"""What makes TLS connections, of a server or of a client."""


class TLSTransport(GatheredWrites):
    """
    Twisted calls its protocol for each record; a protocol that has C{gather} is told
    where what came at once begins and ends, unless that is one record.  Twisted also asks
    for more after the last record, which OpenSSL answers with an error, and hands each
    record that is written to the transport; here they leave together.

    The protocol is told of a handshake that was cut off as L{interrupted} says.

    A protocol that is C{IHalfCloseableProtocol} is told when the peer has ended its
    side (close_notify), and can go on writing until it closes (RFC 8446, 6.1); Twisted
    would drop what waits to be sent.

    @ivar ended: the peer has closed the connection in good order, with or without having
        ended TLS; some never do
    """

    _peer_ended = False
    _answers = 0
    _lingering: StallDeadline | None = None
    ended = False

    def makeConnection(self, transport: ITransport) -> None:
        self._records = Records()
        super().makeConnection(transport)
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            # After Twisted, which has said that this provides what the transport does.
            alsoProvides(self, IHalfCloseableProtocol)

    # What comes.

    def dataReceived(self, data: bytes) -> None:
        if not self._open_to_peer():
            # OpenSSL would keep it, and nobody reads it any more.
            return
        self.receiving(True)
        try:
            ended = self._records.end_in(data)
            if ended == 1:
                self._receive(data, ended)
            else:
                self._receive_gathered(data, ended)
        finally:
            self.receiving(False)

    def _receive_gathered(self, data: bytes, ended: int) -> None:
        gather: Callable[[bool], None] | None = getattr(
            self.wrappedProtocol, "gather", None
        )
        if gather is None:
            self._receive(data, ended)
            return
        gather(True)
        try:
            self._receive(data, ended)
        finally:
            gather(False)

    def _receive(self, data: bytes, ended: int) -> None:
        """@param ended: how many records are whole with it"""
        if not ended or not self._handshakeDone or self._appSendBuffer:
            # Twisted tries again to send what waits.
            super().dataReceived(data)
            return
        self._tlsConnection.bio_write(data)
        for _ in range(ended):
            if not (self._open_to_peer() and self._read_record()):
                # One was none of the peer's data: OpenSSL may have an answer.
                self._flushSendBIO()
                return

    def _open_to_peer(self) -> bool:
        return not self._lostTLSConnection and not self._peer_ended

    def _flushReceiveBIO(self) -> None:
        """As Twisted's, but for the end of the peer's side."""
        while self._open_to_peer() and self._read_record():
            pass
        self._flushSendBIO()

    def _read_record(self) -> bool:
        """Hand over the data of the next record; whether there was any."""
        try:
            data = self._tlsConnection.recv(MAX_RECORD)
        except SSL.WantReadError:
            return False
        except SSL.ZeroReturnError:
            self._end_of_peer()
            return False
        except SSL.Error:
            self._tlsShutdownFinished(Failure())
            return False
        if not self._aborted:
            self.wrappedProtocol.dataReceived(data)
        return True

    def _end_of_peer(self) -> None:
        protocol = self.wrappedProtocol
        if self.disconnecting or not IHalfCloseableProtocol.providedBy(protocol):
            self._shutdownTLS()
            self._tlsShutdownFinished(None)
            return
        self._peer_ended = True
        protocol.readConnectionLost()

    def readConnectionLost(self) -> None:
        """The transport has read its end; only a peer that has ended TLS too goes on."""
        if not self._peer_ended:
            transport = cast(IProtocol, self.transport)
            transport.connectionLost(Failure(ConnectionDone()))

    def writeConnectionLost(self) -> None:
        """TLS has no half of a connection to shut down."""

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        """TLS is over; what it was lost by is told when the connection is."""
        if reason is not None and reason.check(SSL.ZeroReturnError):
            # Twisted expects the peer's end of TLS only when there is data.
            self._reason = self._reason or Failure(OperationError(*CUT))
            reason = None
        super()._tlsShutdownFinished(reason)
        producer, self._producer = self._producer, None
        if producer is not None:
            # The transport would wait for it, and what it writes is lost.
            cast(IConsumer, self.transport).unregisterProducer()
            producer.stopProducing()
        if self._waiting() and self._lingering is None:
            abort = cast(ITCPTransport, self.transport).abortConnection
            clock = self._clock_of_writes
            self._lingering = StallDeadline(clock, self._waiting, abort)
            self._lingering.start(LINGER)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
        self.ended = reason.check(ConnectionDone) is not None
        # Twisted keeps to itself whether it is done, and what it will say.
        if not self._handshakeDone:
            self._reason = interrupted(self._reason or reason)
        super().connectionLost(reason)

    # What is written.

    def _write(self, data: bytes) -> None:
        """As Twisted's, but for records that leave together."""
        whole = data if len(data) <= RECORD else memoryview(data)
        at = 0
        while at < len(data) and not self._lostTLSConnection:
            begin, end = at, min(at + TOGETHER, len(data))
            try:
                while at < end:
                    at += self._tlsConnection.send(whole[at : min(at + RECORD, end)])
            except SSL.WantReadError:
                self._bufferedWrite(data[at:])
                at = len(data)
            except SSL.Error:
                # Twisted's way: it hands over what there is, and tells the protocol.
                self._tlsShutdownFinished(Failure())
            self._flush_records(end - begin)

    def _flush_records(self, size: int) -> None:
        """
        Hand over all that OpenSSL has made.

        @param size: bytes that were given to it
        """
        self._hand_over(size + (size // RECORD + 1) * AROUND)

    def _flushSendBIO(self) -> None:
        """
        Hand over what OpenSSL has made by itself: all of it, where Twisted's stops after
        32 KiB, and no more than the peer takes.
        """
        made = self._hand_over(MAX_RECORD)
        if not made or self._aborted:
            return
        self._answers = min(self._answers + made, self._waiting())
        if self._answers > MAX_ANSWERS:
            self._reason = self._reason or Failure(OperationError(*UNTAKEN))
            self.abortConnection()

    def _hand_over(self, most: int) -> int:
        """
        @param most: bytes at once
        @return: how many there were
        """
        transport = cast(ITransport, self.transport)
        length = 0
        with suppress(SSL.WantReadError):
            while True:
                made = self._tlsConnection.bio_read(most)
                length += len(made)
                transport.write(made)
                if len(made) < most:
                    break
        return length

    def _waiting(self) -> int:
        """Bytes that the system has not taken, of this connection; 0 if nobody knows."""
        socket = wire(self.transport)
        outgoing: Callable[[], int] | None = getattr(socket, "outgoing", None)
        return 0 if outgoing is None else outgoing()


def below(
    factory: IProtocolFactory,
    creator: Creator,
    reactor: IReactorTime,
    *,
    is_client: bool = False,
) -> TLSMemoryBIOFactory:
    """
    TLS below what a factory makes.

    @param creator: makes the TLS connections: an C{IOpenSSLServerConnectionCreator},
        for a client an C{IOpenSSLClientConnectionCreator}
    """
    made = TLSMemoryBIOFactory(creator, is_client, factory, reactor)
    made.protocol = partial(TLSTransport, clock=reactor)  # type: ignore[assignment]
    return made


def put_below(
    protocol: Protocol,
    transport: Any,
    creator: Creator,
    reactor: IReactorTime,
    *,
    is_client: bool,
) -> None:
    """
    Put TLS between a protocol and its transport, which has no producer; the protocol's
    C{connectionMade} is called again.

    Not the transport's own C{startTLS}: that goes around its way of writing, and takes
    the time from the global reactor.
    """
    factory = below(OneProtocolFactory(protocol), creator, reactor, is_client=is_client)
    layer = factory.buildProtocol(transport.getPeer())
    transport.protocol = layer
    layer.makeConnection(transport)


def _above(layer: IProtocol) -> IProtocol:
    """The protocol that a layer of TLS is for."""
    assert isinstance(layer, TLSTransport)
    return layer.wrappedProtocol


@implementer(IStreamClientEndpoint)
class TLSClientEndpoint:
    """
    TLS over what another endpoint connects to: C{wrapClientTLS} with a
    L{TLSTransport}.
    """

    def __init__(
        self, plain: IStreamClientEndpoint, creator: Creator, reactor: IReactorTime
    ) -> None:
        """
        @param plain: the other endpoint
        @param creator: makes the client's end of the TLS connection
        """
        self._plain = plain
        self._creator = creator
        self._reactor = reactor

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """C{IStreamClientEndpoint.connect}"""
        factory = below(protocolFactory, self._creator, self._reactor, is_client=True)
        return self._plain.connect(factory).addCallback(_above)
