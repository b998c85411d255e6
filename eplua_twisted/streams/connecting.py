"""
Getting connected: to one address, or to the first of several that takes the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.errors import describe

NEXT_ADDRESS = 0.25
"""Seconds after which the next address is tried too (RFC 8305, section 8)."""

Attempt = Callable[[ClientFactory], object]
"""Begins to connect a factory, as C{reactor.connectTCP} does."""


class OneProtocolFactory(Factory):
    """Gives an endpoint, or a layer below, a protocol that is there already."""

    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return self._protocol


class _Introduction(Protocol):
    """
    Hands a new transport over to the protocol that it is for.  Twisted's endpoints stay
    between the two for good, and hide which interfaces the protocol provides.
    """

    def __init__(self, protocol: IProtocol, connected: Deferred[IProtocol]) -> None:
        self._protocol = protocol
        self._connected = connected

    def logPrefix(self) -> str:
        return type(self._protocol).__name__

    def makeConnection(self, transport: Any) -> None:
        transport.protocol = self._protocol
        try:
            self._protocol.makeConnection(transport)
        except Exception:  # noqa: BLE001 - a bug in a protocol is the answer
            # Whoever waits for the connection must hear of a bug in its protocol.
            transport.protocol = Protocol()
            transport.abortConnection()
            self._connected.errback(Failure())
        else:
            self._connected.callback(self._protocol)


class _Client(ClientFactory):
    """
    Connects what another factory makes to one address.

    @ivar connected: fires with the protocol when its C{connectionMade} has returned
    """

    noisy = False
    _connector: IConnector

    def __init__(self, factory: IProtocolFactory) -> None:
        self._factory = factory
        self.connected: Deferred[IProtocol] = Deferred(self._cancel)

    def _cancel(self, connected: Deferred[IProtocol]) -> None:
        connected.errback(ConnectingCancelledError(self._connector.getDestination()))
        self._connector.stopConnecting()

    def doStart(self) -> None:
        self._factory.doStart()

    def doStop(self) -> None:
        self._factory.doStop()

    def startedConnecting(self, connector: IConnector) -> None:
        self._connector = connector

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        assert addr is not None
        try:
            protocol = self._factory.buildProtocol(addr)
        except Exception:  # noqa: BLE001 - a bug in a factory is the answer
            self.connected.errback(Failure())
            return None
        assert protocol is not None
        return _Introduction(protocol, self.connected)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        if not self.connected.called:
            self.connected.errback(reason)


def connect(factory: IProtocolFactory, attempt: Attempt) -> Deferred[IProtocol]:
    """
    Connect to one address.

    @return: fires with the connected protocol; fails with what kept it from connecting
    """
    client = _Client(factory)
    try:
        attempt(client)
    except Exception:  # noqa: BLE001 - Twisted raises what the system says
        # Twisted raises what the system says of some addresses.
        return fail()
    return client.connected


class Race:
    """
    Connects to the first of several addresses that takes the connection.  They are
    tried in order: the next one when one fails, or has not answered for
    L{NEXT_ADDRESS}.

    @ivar won: fires with the connected protocol; fails, when all have, with the most
        telling reason
    """

    def __init__(
        self,
        clock: IReactorTime,
        factory: IProtocolFactory,
        attempts: Iterable[Attempt],
    ) -> None:
        """@param attempts: one for each address, at least one"""
        self._factory = factory
        self._left = list(attempts)
        self._running: list[Deferred[IProtocol]] = []
        self._reason: Failure | None = None
        self._late = Deadline(clock, self._try_next)
        self.won: Deferred[IProtocol] = Deferred(lambda _: self._end())
        self._try_next()

    def _try_next(self) -> None:
        running = connect(self._factory, self._left.pop(0))
        self._running.append(running)
        if self._left:
            self._late.restart(NEXT_ADDRESS)
        running.addCallbacks(
            self._connected, self._failed, (running,), errbackArgs=(running,)
        )

    def _end(self) -> None:
        self._late.cancel()
        running, self._running, self._left = self._running, [], []
        for each in running:
            each.cancel()

    def _connected(self, protocol: IProtocol, by: Deferred[IProtocol]) -> None:
        if by in self._running:
            self._running.remove(by)
            self._end()
            self.won.callback(protocol)

    def _failed(self, reason: Failure, of: Deferred[IProtocol]) -> None:
        if of not in self._running:
            # Another one has won, or nobody waits any more.
            return
        self._running.remove(of)
        if self._reason is None or _says_little(self._reason):
            self._reason = reason
        if self._left:
            self._late.cancel()
            self._try_next()
        elif not self._running:
            self.won.errback(self._reason)


def _says_little(reason: Failure) -> bool:
    """One family of addresses cannot be reached from here: the other one tells more."""
    described = describe(reason)
    return described is not None and described[0] == "unreachable"
