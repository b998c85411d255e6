"""TLS over a transport, as Twisted does it, with reads that keep together."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import (
    BufferingTLSTransport,
    TLSMemoryBIOFactory,
    TLSMemoryBIOProtocol,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.streams.transports import EagerWrites
from eplua_twisted.tls.handshake import interrupted


class CorkedWrites(TLSMemoryBIOProtocol):
    """Twisted hands each record to the transport; they leave together."""

    def write(self, data: bytes) -> None:
        transport: Any = self.transport
        if not isinstance(transport, EagerWrites):
            super().write(data)
            return
        transport.cork()
        try:
            super().write(data)
        finally:
            transport.uncork()


class TLSTransport(BufferingTLSTransport, CorkedWrites):
    """
    Twisted calls its protocol for each record; a protocol that has C{gather} is told
    where what came at once begins and ends.

    The protocol is told of a handshake that was cut off as L{interrupted} says.
    """

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        # Twisted keeps to itself whether it is done, and what it will say.
        if not self._handshakeDone:
            self._reason = interrupted(self._reason or reason)
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:
        gather: Any = getattr(self.wrappedProtocol, "gather", None)
        if gather is None:
            super().dataReceived(data)
            return
        gather(True)
        try:
            super().dataReceived(data)
        finally:
            gather(False)


def below(
    factory: IProtocolFactory, creator: Any, reactor: Any, *, is_client: bool = False
) -> TLSMemoryBIOFactory:
    """
    TLS below what a factory makes.

    @param creator: makes the TLS connections: an C{IOpenSSLServerConnectionCreator},
        for a client an C{IOpenSSLClientConnectionCreator}
    """
    made = TLSMemoryBIOFactory(creator, is_client, factory, reactor)
    made.protocol = TLSTransport
    return made


@implementer(IStreamClientEndpoint)
class TLSClientEndpoint:
    """
    TLS over what another endpoint connects to: C{wrapClientTLS} with a
    L{TLSTransport}.
    """

    def __init__(self, plain: Any, creator: Any, reactor: Any) -> None:
        """
        @param plain: the other C{IStreamClientEndpoint}
        @param creator: makes the client's end of the TLS connection
        """
        self._plain = plain
        self._creator = creator
        self._reactor = reactor

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """C{IStreamClientEndpoint.connect}"""
        factory = below(protocolFactory, self._creator, self._reactor, is_client=True)
        connecting: Deferred[Any] = self._plain.connect(factory)
        return connecting.addCallback(lambda transport: transport.wrappedProtocol)
