"""A reactor in memory that takes turns."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Any, TypeVar, overload

from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.posixbase import _DisconnectSelectableMixin
from twisted.internet.testing import MemoryReactorClock
from twisted.python import log

from eplua_twisted.border.deadline import Turn
from eplua_twisted.border.traffic import Traffic
from eplua_twisted.transports.client import TCPConnector
from eplua_twisted.transports.poller import IN, OUT
from eplua_twisted.transports.port import TCPPort
from eplua_twisted.transports.sockets import TCPConnection
from eplua_twisted.udp.transport import PolledTransport
from tests.memory.network import Address, Network, join
from tests.memory.peer import RemotePeer, RemotePort
from tests.memory.resolver import Names
from tests.memory.sockets import DatagramSocket, StreamSocket

Peer = TypeVar("Peer", bound=RemotePeer)


class Connection(TCPConnection):
    """Our own transport, on a socket in memory."""

    __slots__ = ()

    def __init__(self, sock: Any, *arguments: Any) -> None:
        super().__init__(sock, *arguments)
        sock.owner = self


class Connector(TCPConnector):
    connection = Connection


class Port(TCPPort):
    transport = Connection
    reactor: Any
    socket: Any
    _reusePort: bool

    def createInternetSocket(self) -> Any:
        created = StreamSocket(self.reactor.network, self.addressFamily)
        created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, self._reusePort)
        return created


class UDPTransport(PolledTransport):
    """Our own transport, on a socket in memory."""

    reactor: Any
    socket: Any

    def make_socket(self) -> Any:
        return DatagramSocket(self.reactor.network, self.addressFamily)


class MemoryReactor(_DisconnectSelectableMixin, MemoryReactorClock):
    """
    A reactor in memory that takes turns, as a real one does: what is scheduled
    during a turn for at once belongs to the next, and so does what is sent.
    (C{Clock.advance} goes on until nothing is due, so it never returns from an
    interval of 0.)

    @ivar network: where its sockets are
    @ivar nameResolver: the names, whose addresses the test gives
    """

    connectors: list[Connector]
    nameResolver: Names
    datagramTransport = UDPTransport
    # What is written leaves at once.
    late, alone = None, False

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()
        self.traffic = Traffic()
        self.nameResolver = Names()
        self.ports: list[Port] = []
        # In the order in which they came, unlike Twisted's.
        self._readers: dict[Any, None] = {}
        self._writers: dict[Any, None] = {}
        self._turn = Turn()

    # Turns.

    def work(self, amount: float) -> None:
        """A script works so long, and the reactor takes no turn."""
        self.rightNow += amount

    def turn(self) -> Turn:
        """The next turn; see L{eplua_twisted.border.deadline.Deadline}."""
        return self._turn

    def advance(self, amount: float) -> None:
        """Take a turn; so much time before, the reactor has begun to wait for it."""
        self._turn.begun, self._turn = self.rightNow, Turn()
        self.rightNow += amount
        for call in [each for each in self.calls if each.getTime() <= self.rightNow]:
            if call.active() and call.getTime() <= self.rightNow:
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)
        self._serve()

    def _serve(self) -> None:
        """What a C{select} would do."""
        readable = [each for each in self._readers if each.socket.readable]
        writable = [each for each in self._writers if each.socket.writable]
        for each in readable:
            self.read(each)
        for each in writable:
            self.write(each)

    def read(self, descriptor: Any) -> None:
        """Let it read, if it wants to."""
        if descriptor in self._readers:
            self._run(descriptor, "doRead")

    def write(self, descriptor: Any) -> None:
        """Let it write, if it wants to."""
        if descriptor in self._writers:
            self._run(descriptor, "doWrite")

    def _run(self, descriptor: Any, method: str) -> None:
        try:
            why = getattr(descriptor, method)()
        except Exception:  # noqa: BLE001 - as Twisted's reactors do
            why = sys.exc_info()[1]
            log.err()
        if why:
            disconnect: Any = self._disconnectSelectable
            disconnect(descriptor, why, method == "doRead")

    @property
    def quiet(self) -> bool:
        """Whether a turn would do nothing, while no time passes."""
        return not (
            any(each.socket.readable for each in self._readers)
            or any(each.socket.writable for each in self._writers)
            or any(each.getTime() <= self.rightNow for each in self.calls)
        )

    def settle(self, turns: int = 1000) -> None:
        """
        Take turns until there is nothing to do, while no time passes.

        @raise AssertionError: that does not come in so many turns
        """
        for _ in range(turns):
            if self.quiet:
                return
            self.advance(0)
        raise AssertionError(f"still busy after {turns} turns")

    def callFromThread(self, callable: Any, *args: object, **kw: object) -> None:
        """What another thread asks for is done on the next turn."""
        self.callLater(0, callable, *args, **kw)

    def addReader(self, reader: Any) -> None:
        self._readers[reader] = None

    def removeReader(self, reader: Any) -> None:
        self._readers.pop(reader, None)

    def addWriter(self, writer: Any) -> None:
        self._writers[writer] = None

    def removeWriter(self, writer: Any) -> None:
        self._writers.pop(writer, None)

    def getReaders(self) -> list[Any]:
        return list(self._readers)

    def getWriters(self) -> list[Any]:
        return list(self._writers)

    def reader_of(self, end: StreamSocket | DatagramSocket) -> Any:
        """Who reads from a socket just now; C{None} while nobody does."""
        for each in self._readers:
            if each.socket is end:
                return each
        return None

    # What our own transports ask for.

    def watch(self, descriptor: Any, events: int) -> None:
        """As L{eplua_twisted.transports.poller.Poller.watch}."""
        descriptor.watched_for = events
        for event, waiting in ((IN, self._readers), (OUT, self._writers)):
            if events & event:
                waiting.setdefault(descriptor)
            else:
                waiting.pop(descriptor, None)

    def make_socket(self, family: int) -> StreamSocket:
        return StreamSocket(self.network, family)

    # What protocols ask for.

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float | None = 30,
        bindAddress: Any = None,
    ) -> Connector:
        within: Any = timeout
        self.tcpClients.append((host, port, factory, within, bindAddress))
        connector = Connector(host, port, factory, within, bindAddress, self)
        self.connectors.append(connector)
        connector.connect()
        return connector

    def listenTCP(
        self,
        port: Any,
        factory: IProtocolFactory,
        backlog: int = 50,
        interface: str = "",
    ) -> Port:
        self.tcpServers.append((port, factory, backlog, interface))
        reactor: Any = self
        listening = Port(port, factory, backlog, interface, reactor)
        listening.startListening()
        self.ports.append(listening)
        return listening

    # What the test does, on the other side of the network.

    @overload
    def accept(self, number: int = ...) -> RemotePeer: ...

    @overload
    def accept(self, number: int = ..., *, kind: type[Peer]) -> Peer: ...

    def accept(
        self, number: int = -1, *, kind: type[RemotePeer] = RemotePeer
    ) -> RemotePeer:
        """
        A server that the test plays takes a client's attempt to connect.

        @param kind: L{RemotePeer}, or one that knows more
        """
        client = self._attempt(number)
        server = StreamSocket(self.network, client.socket.family)
        server.name = client.socket.peer_name
        join(client.socket, server)
        peer = kind(self, server, client.socket)
        self.write(client)
        return peer

    def refuse(
        self, reason: Exception | int = errno.ECONNREFUSED, number: int = -1
    ) -> None:
        """An attempt to connect fails, with an errno or an exception."""
        client = self._attempt(number)
        if isinstance(reason, int):
            client.socket.problem = reason
            self.write(client)
        else:
            client.failIfNotConnected(reason)

    def _attempt(self, number: int) -> Any:
        client: Any = self.connectors[number].transport
        if client is None:
            raise AssertionError("the attempt is over")
        if client.socket.state == "new":
            self.advance(0)
        if client.socket.state != "connecting":
            raise AssertionError(f"the attempt is {client.socket.state}")
        return client

    @overload
    def connect(self, number: int = ..., source: Address = ...) -> RemotePeer: ...

    @overload
    def connect(
        self, number: int = ..., source: Address = ..., *, kind: type[Peer]
    ) -> Peer: ...

    def connect(
        self,
        number: int = -1,
        source: Address = ("192.0.2.7", 54321),
        *,
        kind: type[RemotePeer] = RemotePeer,
    ) -> RemotePeer:
        """A client that the test plays connects to a listening port."""
        port = self.ports[number]
        client = StreamSocket(self.network, port.addressFamily)
        client.name = source
        client.peer_name = port.socket.name
        port.socket.call(client)
        assert client.peer is not None
        peer = kind(self, client, client.peer)
        self.read(port)
        return peer

    def bind(self, host: str = "127.0.0.1", port: int = 0) -> RemotePort:
        """A UDP port that the test plays."""
        return RemotePort(self, host, port)
