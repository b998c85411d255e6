"""A reactor whose connections, and UDP ports, are ours."""

from __future__ import annotations

import select
from typing import Literal, TypeVar, cast, get_args

from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.protocol import AbstractDatagramProtocol, ClientFactory

from eplua_twisted.border.clock import SteadyReactor
from eplua_twisted.border.traffic import Traffic
from eplua_twisted.border.wrapped import WrappedReactor
from eplua_twisted.transports.client import TCPConnector, UNIXConnector
from eplua_twisted.transports.connection import Connection
from eplua_twisted.transports.datagrams import PolledPort
from eplua_twisted.transports.interfaces import Below
from eplua_twisted.transports.poller import IN, OUT, Poller
from eplua_twisted.transports.port import TCPPort, UNIXPort
from eplua_twisted.transports.sockets import TCPConnection, UNIXConnection

R = TypeVar("R")

Transports = Literal["lean", "twisted"]
"""
C{lean} for connections of our own, which cost a third of Twisted's and send at once, and
UDP ports beside them, where there is C{epoll}; C{twisted} for Twisted's, which send on the
next turn of the reactor.
"""

TRANSPORTS: tuple[str, ...] = get_args(Transports)


class LeanReactor(WrappedReactor[Below]):
    """
    A reactor whose TCP and UNIX connections and UDP ports are ours.  All but what listens
    and connects is the reactor's own.
    """

    tcp: type[Connection] = TCPConnection
    unix: type[Connection] = UNIXConnection

    def __init__(self, reactor: Below, poller: Poller | None = None) -> None:
        super().__init__(reactor)
        self.poller = Poller(reactor) if poller is None else poller

    def getReaders(self) -> list[object]:
        """C{IReactorFDSet.getReaders}"""
        return [*self._reactor.getReaders(), *self.poller.waiting(IN)]

    def getWriters(self) -> list[object]:
        """C{IReactorFDSet.getWriters}"""
        return [*self._reactor.getWriters(), *self.poller.waiting(OUT)]

    def listenTCP(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int = 50,
        interface: str = "",
    ) -> TCPPort:
        """C{IReactorTCP.listenTCP}"""
        listening = TCPPort(port, factory, backlog, interface, self.poller)
        listening.transport = self.tcp
        listening.startListening()
        return listening

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: ClientFactory,
        timeout: float = 30.0,
        bindAddress: tuple[str, int] | None = None,
    ) -> TCPConnector:
        """C{IReactorTCP.connectTCP}"""
        connector = TCPConnector(host, port, factory, timeout, bindAddress, self.poller)
        connector.connection = self.tcp
        connector.connect()
        return connector

    def listenUDP(
        self,
        port: int,
        protocol: AbstractDatagramProtocol,
        interface: str = "",
        maxPacketSize: int = 8192,
    ) -> PolledPort:
        """C{IReactorUDP.listenUDP}"""
        return self.listenMulticast(port, protocol, interface, maxPacketSize)

    def listenMulticast(
        self,
        port: int,
        protocol: AbstractDatagramProtocol,
        interface: str = "",
        maxPacketSize: int = 8192,
        listenMultiple: bool = False,
    ) -> PolledPort:
        """C{IReactorMulticast.listenMulticast}"""
        listening = PolledPort(
            port, protocol, interface, maxPacketSize, self.poller, listenMultiple
        )
        listening.startListening()  # type: ignore[no-untyped-call]
        return listening

    def listenUNIX(
        self,
        address: bytes,
        factory: IProtocolFactory,
        backlog: int = 50,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> UNIXPort:
        """C{IReactorUNIX.listenUNIX}"""
        port = UNIXPort(address, factory, backlog, mode, self.poller, wantPID)
        port.transport = self.unix
        port.startListening()  # type: ignore[no-untyped-call]
        return port

    def connectUNIX(
        self,
        address: str,
        factory: ClientFactory,
        timeout: float = 30.0,
        checkPID: bool = False,
    ) -> UNIXConnector:
        """C{IReactorUNIX.connectUNIX}"""
        connector = UNIXConnector(  # type: ignore[no-untyped-call]
            address, factory, timeout, self.poller, checkPID
        )
        connector.connection = self.unix
        connector.connect()
        return connector


def can_be_lean(reactor: object) -> bool:
    """Whether a reactor has sockets, and the system C{epoll}."""
    real = isinstance(reactor, (PosixReactorBase, SteadyReactor))
    return real and hasattr(select, "epoll")


def lean(reactor: R, traffic: Traffic | None = None) -> R:
    """
    The reactor with connections and ports of ours, if it has sockets and the system
    C{epoll}; else as it is.

    @param traffic: knows the connections, and what they carry
    """
    if not can_be_lean(reactor):
        return reactor
    below = cast(Below, reactor)
    return cast(R, LeanReactor(below, Poller(below, traffic)))


def connecting(reactor: R, transports: Transports, traffic: Traffic) -> R:
    """
    The reactor with the connections that are wanted.

    @param traffic: knows the connections, and what they carry
    @raise ValueError: there are no such ones
    """
    if transports not in TRANSPORTS:
        known = ", ".join(TRANSPORTS)
        raise ValueError(f"unknown transports {transports!r}; known: {known}")
    return lean(reactor, traffic) if transports == "lean" else reactor


def rest(reactor: object) -> None:
    """Let go of what L{lean} has added to a reactor, as soon as no connection is left."""
    if isinstance(reactor, LeanReactor):
        reactor.poller.rest()
