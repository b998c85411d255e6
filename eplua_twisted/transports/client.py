"""Connections that are made: the attempt, and what Twisted calls a connector."""

from __future__ import annotations

import os
import socket
from errno import EALREADY, EINPROGRESS, EISCONN, EWOULDBLOCK
from functools import partial
from typing import cast

from twisted.internet import tcp, unix
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import UNIXAddress
from twisted.internet.base import BaseConnector
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import (
    BadFileError,
    ConnectBindError,
    ConnectError,
    UserError,
    getConnectError,
)
from twisted.internet.protocol import Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.lockfile import isLocked

from eplua_twisted.transports.connection import Connection
from eplua_twisted.transports.poller import IN, OUT, Poller, Watched, Why
from eplua_twisted.transports.sockets import (
    IPAddress,
    TCPConnection,
    UNIXConnection,
    real_name,
)

Address = tuple[object, ...] | bytes
Binding = tuple[str, int]

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def socket_address(host: str, port: int) -> Address:
    """
    What the system wants for an IP address.

    @raise OSError: it is of IPv6 and has a zone that there is not
    """
    if not isIPv6Address(host):
        return host, port
    # The port is passed by the lookup: what it cannot be is said where it is used.
    found = socket.getaddrinfo(host, 1, 0, 0, 0, _NUMERIC)[0][4]
    return (found[0], port, *found[2:])


class Attempt(Watched):
    """
    One attempt to connect.  It begins on the reactor's next turn, and ends when the
    connector is told of a L{Connection}, or of what kept it from being made.
    """

    __slots__ = ("_address", "_connector", "_kind", "socket")

    log = Logger()

    def __init__(
        self, connector: BaseConnector, reactor: Poller, kind: type[Connection]
    ) -> None:
        """@param kind: what is made of the socket"""
        self.reactor = reactor
        self.watched_for = 0
        self._connector: BaseConnector | None = connector
        self._kind = kind
        self.socket: socket.socket | None = None
        self._address: Address = b""

    def begin(
        self, family: int, address: Address, binding: Address | None = None
    ) -> None:
        """@param binding: the address to connect from"""
        self._address = address
        try:
            self.socket = self.reactor.make_socket(family)
            self.socket.setblocking(False)
            if binding is not None:
                self.socket.bind(binding)
        except OSError as problem:
            self.fail_soon(ConnectBindError(problem.errno, problem.strerror))
        else:
            self.reactor.callLater(0, self._look_up)

    def fail_soon(self, reason: Exception) -> None:
        self.reactor.callLater(0, partial(self.failIfNotConnected, reason))

    def _look_up(self) -> None:
        address = self._address
        found: Deferred[Address] = succeed(address)
        if isinstance(address, tuple) and len(address) == 2:
            host, port = address
            assert isinstance(host, str)
            if not isIPAddress(host):
                found = self.reactor.resolve(host).addCallback(lambda ip: (ip, port))
        found.addCallback(self._found).addErrback(self.failIfNotConnected)

    def _found(self, address: Address) -> None:
        self._address = address
        if isinstance(address, tuple):
            self._address = real_name(cast(IPAddress, address))
        self._go_on()

    def fileno(self) -> int:
        return -1 if self.socket is None else self.socket.fileno()

    def doRead(self) -> Why:
        """C{IReadDescriptor.doRead}"""
        if self.socket is not None:
            code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                self._fail_with(code)
            else:
                self._go_on()
        return None

    doWrite = doRead

    def _go_on(self) -> None:
        if self.socket is None:
            return
        try:
            code = self.socket.connect_ex(self._address)
        except OSError as problem:
            code = problem.args[0]
        if code in (0, EISCONN):
            self._connected()
        elif code in (EINPROGRESS, EWOULDBLOCK, EALREADY):
            self.reactor.watch(self, IN | OUT)
        else:
            self._fail_with(code)

    def _fail_with(self, code: int) -> None:
        self.failIfNotConnected(getConnectError((code, os.strerror(code))))

    def _connected(self) -> None:
        connector, sock = self._connector, self.socket
        assert connector is not None and sock is not None
        self.reactor.watch(self, 0)
        connection = self._kind(sock, None, self._address, None, 0, self.reactor)
        protocol = connector.buildProtocol(connection.getPeer())
        self._connector = self.socket = None
        connection.made_by(connector)
        connector.transport = connection  # type: ignore[assignment]
        if protocol is None:
            # Nobody wants it.
            connection.protocol = Protocol()
            connection.loseConnection()
            return
        connection.protocol = protocol
        connection.startReading()
        try:
            protocol.makeConnection(connection)
        except BaseException:  # noqa: BLE001 - as Twisted's reactors do
            failure = Failure()
            self.log.failure("Unhandled error in a protocol", failure)
            connection.connectionLost(failure)

    def failIfNotConnected(self, reason: BaseException | Failure) -> None:
        """The connector's name for it: the attempt is over, unless it was already."""
        connector, sock = self._connector, self.socket
        if connector is None:
            return
        self.reactor.watch(self, 0)
        self._connector = self.socket = None
        if sock is not None:
            sock.close()
        failure = reason if isinstance(reason, Failure) else Failure(reason)
        connector.connectionFailed(failure)

    def stopConnecting(self) -> None:
        """As C{IConnector.stopConnecting}"""
        self.failIfNotConnected(UserError())

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends, or a bug has ended the attempt."""
        self.failIfNotConnected(ConnectError(string=str(reason)))


class TCPConnector(tcp.Connector):
    """Makes connections of ours."""

    connection: type[Connection] = TCPConnection
    reactor: Poller  # type: ignore[assignment]

    def _makeTransport(self) -> Attempt:  # type: ignore[override]
        attempt = Attempt(self, self.reactor, self.connection)
        family = socket.AF_INET6 if isIPv6Address(self.host) else socket.AF_INET
        attempt.begin(family, socket_address(self.host, self.port), self._binding())
        return attempt

    def _binding(self) -> Address | None:
        binding = cast(tuple[str, int] | None, self.bindAddress)
        return None if binding is None else socket_address(*binding)


class UNIXConnector(unix.Connector):
    """Makes connections of ours."""

    connection: type[Connection] = UNIXConnection
    reactor: Poller  # type: ignore[assignment]

    def _makeTransport(self) -> Attempt:  # type: ignore[override]
        path = cast(bytes, UNIXAddress(self.address).name)
        attempt = Attempt(self, self.reactor, self.connection)
        if self.checkPID and not isLocked(path + b".lock"):
            attempt.fail_soon(BadFileError(path))
        else:
            attempt.begin(socket.AF_UNIX, path)
        return attempt
