"""A reactor that reaches only what is permitted: all that a runtime has goes through it."""

from __future__ import annotations

import os
from typing import cast

from twisted.internet.interfaces import IConnector, IListeningPort, IProtocolFactory
from twisted.internet.protocol import ClientFactory

from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.network import Network, network_of
from eplua_twisted.border.permissions import Access
from eplua_twisted.border.wrapped import WrappedReactor
from eplua_twisted.streams.names import ascii_name, is_address


class GuardedReactor(WrappedReactor[IReactor]):
    """
    All but what connects and listens is the reactor's own.

    @ivar permitted_network: what is permitted
    @ivar asked: the host that a script has asked for, whose addresses are connected to;
        C{None}: only the address itself counts
    """

    def __init__(
        self, reactor: IReactor, network: Network, asked: str | None = None
    ) -> None:
        super().__init__(reactor)
        self.permitted_network = network
        self.asked = asked

    def asking(self, host: str) -> GuardedReactor:
        """The same, to connect to addresses of a host."""
        return GuardedReactor(self._reactor, self.permitted_network, host)

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

        @raise OperationError: C{denied}
        """
        self.permitted_network.check(self.asked or host, host, port)
        return self._reactor.connectTCP(host, port, factory, timeout, bindAddress)

    def connectUNIX(
        self, address: str, factory: ClientFactory, timeout: float | None = 30.0
    ) -> IConnector:
        """C{IReactorUNIX.connectUNIX}; raises as L{connectTCP}"""
        self.permitted_network.check_unix(os.fsencode(address))
        return self._reactor.connectUNIX(address, factory, timeout)

    def listenTCP(
        self,
        port: object,
        factory: IProtocolFactory,
        backlog: int = 50,
        interface: str = "",
    ) -> IListeningPort:
        """C{IReactorTCP.listenTCP}; raises as L{connectTCP}"""
        self.permitted_network.check_listen()
        return self._reactor.listenTCP(port, factory, backlog, interface)

    def listenUNIX(
        self,
        address: str,
        factory: IProtocolFactory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> IListeningPort:
        """C{IReactorUNIX.listenUNIX}; raises as L{connectTCP}"""
        self.permitted_network.check_listen()
        self.permitted_network.check_unix(os.fsencode(address))
        return self._reactor.listenUNIX(address, factory, backlog, mode, wantPID)


def guarded(reactor: IReactor, access: Access) -> IReactor:
    """The reactor, which reaches what is permitted; as it is where all is."""
    if not access.limited:
        return reactor
    return cast(IReactor, GuardedReactor(reactor, access.network))


def asking(reactor: IReactor, host: str, port: int) -> IReactor:
    """
    The reactor, to connect to the addresses of a host.

    @raise OperationError: C{denied}: none of them can be permitted; C{dns}
    """
    if not network_of(reactor).limited:
        return reactor
    host = host if is_address(host) else ascii_name(host)
    network_of(reactor).check_name(host, port)
    if isinstance(reactor, GuardedReactor):
        return cast(IReactor, reactor.asking(host))
    return reactor
