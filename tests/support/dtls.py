"""Two sessions of DTLS and a wire between them, for tests without a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import trustme
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost

from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.transports.sockets import IPAddress
from eplua_twisted.udp.dtls.context import client_connection, server_context
from eplua_twisted.udp.dtls.cookies import CookieExchange
from eplua_twisted.udp.dtls.records import MTU
from eplua_twisted.udp.dtls.session import Session
from tests.memory import MemoryReactor, RemotePort
from tests.memory.network import Address

ADDRESS = ("192.0.2.1", 5684)


@cache
def pems() -> tuple[bytes, bytes]:
    """
    The certificate of an authority, and what it has issued to C{localhost}: made once,
    because making keys takes time.
    """
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    return authority.cert_pem.bytes(), issued.private_key_and_cert_chain_pem.bytes()


def client_session(
    clock: Any,
    transmit: Callable[[bytes], None],
    received: Callable[[bytes], None] = lambda data: None,
    ended: Callable[[BaseException], None] = lambda problem: None,
) -> Session:
    """A client of C{localhost} that trusts the authority."""
    trusted = TLSOptions(certificate_authority=pems()[0])
    connection = client_connection(trusted, "localhost", 5684, frozenset(), MTU)
    return Session(connection, clock, MTU, transmit, received, ended)


class Pair:
    """
    A client's and a server's session, and the wire between them.

    @ivar lose: says of each datagram, by its number, whether it is lost
    @ivar sent: how many datagrams were given to the wire
    @ivar wire: what is under way, and whether it is to the server
    @ivar handshakes: what C{begin} of the sessions returned
    """

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        pem = pems()[1]
        self.context = server_context(TLSOptions(certificate=pem, private_key=pem))
        self.cookies = CookieExchange(self.context, clock, MTU, self.to_client)
        self.client = client_session(
            clock,
            self.to_server,
            lambda data: self.at_client.append(data),
            lambda problem: self.ends.append(problem),
        )
        self.server: Session | None = None
        self.handshakes: list[Deferred[None]] = []
        self.wire: list[tuple[bool, bytes]] = []
        self.at_client: list[bytes] = []
        self.at_server: list[bytes] = []
        self.ends: list[BaseException] = []
        self.lose: Callable[[int], bool] = lambda number: False
        self.put = self.put_on_wire
        self.sent = 0

    def put_on_wire(self, to_server: bool, datagram: bytes) -> None:
        self.sent += 1
        if not self.lose(self.sent):
            self.wire.append((to_server, datagram))

    def to_server(self, datagram: bytes) -> None:
        self.put(True, datagram)

    def to_client(self, datagram: bytes, address: IPAddress = ADDRESS) -> None:
        self.put(False, datagram)

    def deliver(self, to_server: bool, datagram: bytes) -> None:
        if not to_server:
            self.client.receive(datagram)
        elif self.server is not None:
            self.server.receive(datagram)
        else:
            connection = self.cookies.admit(datagram, ADDRESS)
            if connection is not None:
                self.server = Session(
                    connection,
                    self.clock,
                    MTU,
                    self.to_client,
                    self.at_server.append,
                    self.ends.append,
                )
                self.handshakes.append(self.server.begin())

    def run(self) -> None:
        """Carry all that is on the wire."""
        while self.wire:
            self.deliver(*self.wire.pop(0))

    def open(self) -> None:
        self.handshakes.append(self.client.begin())
        self.run()

    def close(self) -> None:
        for each in (self.client, self.server):
            if each is not None:
                each.close()


class MemoryClient:
    """
    A client on a port of the network in memory.

    @ivar sent: its datagrams
    @ivar received: data of the server
    @ivar ends: what its session ended with
    """

    def __init__(
        self, reactor: MemoryReactor, server: Address, port: RemotePort | None = None
    ) -> None:
        """@param port: of a client before it, which is dead"""
        self.port = port or reactor.bind("192.0.2.7")
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.ends: list[BaseException] = []
        self._reactor = reactor
        self._server = server
        self.session = client_session(
            reactor,
            self.send,
            self.received.append,
            self.ends.append,
        )
        self.handshake = self.session.begin()
        self.handshake.addErrback(lambda failure: None)

    def send(self, datagram: bytes) -> None:
        """Put a datagram on the wire."""
        self.sent.append(datagram)
        self.port.send(datagram, self._server)

    def step(self) -> bool:
        """
        The server reads and answers, the client reads that.

        @return: whether there was an answer
        """
        self._reactor.settle()
        arrived = self.port.received()
        for datagram, _ in arrived:
            self.session.receive(datagram)
        return bool(arrived)

    def run(self) -> None:
        """Exchange what there is, until nobody has anything to say."""
        while self.step():
            pass

    def open(self) -> MemoryClient:
        """Do the handshake; it must succeed."""
        self.run()
        assert self.session.state == "open", self.ends
        return self

    def say(self, data: bytes) -> None:
        """Send, and see what comes."""
        self.session.send(data)
        self.run()

    def die(self) -> RemotePort:
        """
        End without a goodbye.

        @return: its port, for another client
        """
        self.port.received()
        self.session.fail(ConnectionLost())
        return self.port
