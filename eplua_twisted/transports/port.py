"""Ports: Twisted's own, which accept connections of ours."""

from __future__ import annotations

from twisted.internet import tcp, unix
from twisted.internet.interfaces import IProtocolFactory

from eplua_twisted.transports.connection import Connection
from eplua_twisted.transports.poller import Poller, Watched
from eplua_twisted.transports.sockets import TCPConnection, UNIXConnection


class TCPPort(Watched, tcp.Port):  # type: ignore[misc]
    """A port of TCP."""

    transport: type[Connection] = TCPConnection  # type: ignore[assignment]

    def __init__(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int,
        interface: str,
        reactor: Poller,
    ) -> None:
        self.watched_for = 0
        tcp.Port.__init__(self, port, factory, backlog, interface, reactor)


class UNIXPort(Watched, unix.Port):  # type: ignore[misc]
    """A UNIX socket that listens."""

    transport: type[Connection] = UNIXConnection  # type: ignore[assignment]

    def __init__(
        self,
        address: bytes,
        factory: IProtocolFactory,
        backlog: int,
        mode: int,
        reactor: Poller,
        wantPID: bool,
    ) -> None:
        self.watched_for = 0
        unix.Port.__init__(self, address, factory, backlog, mode, reactor, wantPID)
