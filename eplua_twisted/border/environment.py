"""What each module of a runtime is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.interfaces import (
    IConnector,
    IListeningPort,
    IProtocolFactory,
    IReactorCore,
    IReactorFDSet,
    IReactorFromThreads,
    IReactorMulticast,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
    IReactorUDP,
    IReactorUNIX,
)

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.limits import Connections
from eplua_twisted.border.permissions import Access
from eplua_twisted.border.ports import Ports
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.shared import Shared
from eplua_twisted.border.traffic import Traffic


class IReactor(
    IReactorCore,
    IReactorFDSet,
    IReactorFromThreads,
    IReactorMulticast,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
    IReactorUDP,
    IReactorUNIX,
):
    """
    What is needed of a reactor; with the arguments that Twisted's take, and its
    interfaces do not name: no time limit, and a port with options of its own.
    """

    def listenTCP(
        port: object, factory: IProtocolFactory, backlog: int = 50, interface: str = ""
    ) -> IListeningPort:
        """@param port: a number, or what C{twisted.internet.tcp.makeBinding} makes"""

    def connectTCP(
        host: str,
        port: int,
        factory: IProtocolFactory,
        timeout: float | None = 30.0,
        bindAddress: tuple[str, int] | None = None,
    ) -> IConnector:
        """@param timeout: in seconds; C{None} for no limit"""

    def listenUNIX(
        address: str,
        factory: IProtocolFactory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> IListeningPort:
        """C{IReactorUNIX.listenUNIX}"""

    def connectUNIX(
        address: str,
        factory: IProtocolFactory,
        timeout: float | None = 30.0,
        checkPID: bool = False,
    ) -> IConnector:
        """@param timeout: in seconds; C{None} for no limit"""


@dataclass(frozen=True)
class Environment:
    """
    @ivar reactor: for timers, names and all that has no socket; its C{callLater} and
        C{seconds} follow the monotonic clock (L{SteadyReactor})
    @ivar streams: the same reactor, for what connects and listens; its connections and
        ports may be ours (L{connecting<eplua_twisted.transports.reactor.connecting>})
    @ivar bridge: takes every answer to Lua
    @ivar resources: has everything that is open
    @ivar time_of_day: seconds since the epoch, for what people read
    @ivar allow_unauthorized: C{host} and C{host:port} whose certificates are
        accepted whatever they are
    @ivar connections: counts those that are open
    @ivar local_servers: servers of this process, by the host and port that they answer at
        without listening there
    @ivar traffic: counts the bytes that connections and ports carry
    @ivar ports: those that the servers have
    @ivar access: what scripts are permitted; the two reactors know what is said there of
        the network
    @ivar shared: what the packages above have once for the runtime
    """

    reactor: IReactor
    streams: IReactor
    bridge: Bridge
    resources: Resources
    time_of_day: Callable[[], float] = time.time
    allow_unauthorized: frozenset[str] = frozenset()
    connections: Connections = field(default_factory=Connections)
    local_servers: dict[tuple[str, int], IProtocolFactory] = field(default_factory=dict)
    traffic: Traffic = field(default_factory=Traffic)
    access: Access = field(default_factory=Access)
    ports: Ports = field(default_factory=Ports)
    shared: Shared = field(default_factory=Shared)
