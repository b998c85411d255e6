"""A reactor that counts the connections that are made with it."""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import IAddress, IConnector, IProtocol
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure

from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.limits import Connections
from eplua_twisted.border.wrapped import WrappedReactor


class _Counted(ClientFactory):
    """One attempt, and the connection that comes of it; all else is the factory's."""

    noisy = False

    def __init__(self, factory: ClientFactory, connections: Connections) -> None:
        self._factory = factory
        self._connections = connections

    def doStart(self) -> None:
        self._factory.doStart()

    def doStop(self) -> None:
        self._factory.doStop()

    def startedConnecting(self, connector: IConnector) -> None:
        self._connections.outgoing += 1
        self._factory.startedConnecting(connector)

    def buildProtocol(self, addr: IAddress | None) -> IProtocol | None:  # type: ignore[override]
        return self._factory.buildProtocol(addr)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self._connections.outgoing -= 1
        self._factory.clientConnectionFailed(connector, reason)

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        self._connections.outgoing -= 1
        self._factory.clientConnectionLost(connector, reason)


class CountingReactor(WrappedReactor[IReactor]):
    """All but C{connectTCP} and C{connectUNIX} is the reactor's own."""

    def __init__(self, reactor: IReactor, connections: Connections) -> None:
        super().__init__(reactor)
        self._connections = connections

    def _count(self, factory: ClientFactory) -> ClientFactory:
        if self._connections.full:
            raise self._connections.refusal
        return _Counted(factory, self._connections)

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: ClientFactory,
        timeout: float | None = 30.0,
        bindAddress: tuple[str, int] | None = None,
    ) -> IConnector:
        """
        C{IReactorTCP.connectTCP}

        @raise OperationError: C{limit}: too many are open
        """
        counted = self._count(factory)
        return self._reactor.connectTCP(host, port, counted, timeout, bindAddress)

    def connectUNIX(
        self, address: str, factory: ClientFactory, timeout: float | None = 30.0
    ) -> IConnector:
        """C{IReactorUNIX.connectUNIX}; raises as L{connectTCP}"""
        return self._reactor.connectUNIX(address, self._count(factory), timeout)


def counting(reactor: IReactor, connections: Connections) -> IReactor:
    """The reactor, which counts; as it is where there is no limit."""
    if not connections.most:
        return reactor
    return cast(IReactor, CountingReactor(reactor, connections))
