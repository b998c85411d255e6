"""
Servers of this process that answer at an address of their own, without listening there.

Several processes may each have one at C{127.0.0.1:11111}, and no other program reaches it.
"""

from __future__ import annotations

import socket
from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorSocket,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import ClientFactory, ServerFactory
from zope.interface import implementer

from eplua_twisted.border.environment import Environment, IReactor
from eplua_twisted.streams.connecting import connect
from eplua_twisted.streams.endpoints import client_endpoint


@implementer(IStreamClientEndpoint)
class LocalEndpoint:
    """Connects to a factory of this process, by a pair of sockets."""

    def __init__(self, reactor: IReactor, server: IProtocolFactory) -> None:
        self._reactor = reactor
        self._server = server

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        C{IStreamClientEndpoint.connect}: fires on the reactor's next turn, as others do
        later too; fails with C{OSError} when no descriptor is left.
        """
        call: IDelayedCall
        connected: Deferred[IProtocol] = Deferred(lambda _: call.cancel())

        def begin() -> None:
            attempt = connect(protocolFactory, self._pair)
            attempt.addCallbacks(connected.callback, connected.errback)

        call = self._reactor.callLater(0, begin)
        return connected

    def _pair(self, client: ClientFactory) -> None:
        reactor = cast(IReactorSocket, self._reactor)
        ends = socket.socketpair()
        try:
            for end, factory in zip(ends, (self._server, client), strict=True):
                end.setblocking(False)
                # A server that takes nobody closes its end, which the client sees.
                reactor.adoptStreamConnection(
                    end.fileno(), socket.AF_UNIX, cast(ServerFactory, factory)
                )
        finally:
            # The reactor has descriptors of its own for them.
            for end in ends:
                end.close()


def endpoint_to(
    environment: Environment, host: str, port: int, local: str | None = None
) -> IStreamClientEndpoint:
    """
    The one way of every class to connect to a host: to a server of this process that has
    that address (L{Environment.local_servers}), else by the network.

    @param local: the address to connect from
    """
    server = environment.local_servers.get((host, port))
    if server is not None:
        return LocalEndpoint(environment.reactor, server)
    return client_endpoint(environment.streams, host, port, local)
