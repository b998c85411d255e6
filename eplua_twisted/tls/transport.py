"""TLS over a transport, as Twisted does it, with reads that keep together."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.protocols.tls import (
    BufferingTLSTransport,
    TLSMemoryBIOFactory,
    TLSMemoryBIOProtocol,
)
from zope.interface import implementer

from eplua_twisted.streams.transports import EagerWrites


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
    """

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


def tls_factory(
    creator: Any, is_client: bool, factory: IProtocolFactory, reactor: Any
) -> TLSMemoryBIOFactory:
    """
    TLS below what a factory makes.

    @param creator: makes the TLS connections: an C{IOpenSSLClientConnectionCreator}
        or C{IOpenSSLServerConnectionCreator}
    """
    made = TLSMemoryBIOFactory(creator, is_client, factory, reactor)
    made.protocol = TLSTransport
    return made


@implementer(IStreamClientEndpoint)
class TLSClientEndpoint:
    """C{wrapClientTLS} with a L{TLSTransport}."""

    def __init__(self, creator: Any, below: Any, reactor: Any) -> None:
        self._creator = creator
        self._below = below
        self._reactor = reactor

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """C{IStreamClientEndpoint.connect}"""
        factory = tls_factory(self._creator, True, protocolFactory, self._reactor)
        connecting: Deferred[Any] = self._below.connect(factory)
        return connecting.addCallback(lambda transport: transport.wrappedProtocol)
