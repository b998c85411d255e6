"""DTLS sessions over a wire in memory that loses, mixes and repeats datagrams."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import trustme
from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.udp.dtls.context import client_connection, server_context
from eplua_twisted.udp.dtls.session import (
    MAX_HELLO,
    MTU,
    Gate,
    Session,
    datagrams,
    is_hello,
)
from tests.support import ALL_BYTES

ADDRESS = ("192.0.2.1", 5684)


class Pair:
    """
    A client's and a server's session, and the wire between them.

    @ivar lose: says of each datagram, by its number, whether it is lost
    @ivar sent: how many datagrams were given to the wire
    """

    def __init__(self, clock: Any) -> None:
        authority = trustme.CA()
        pem = authority.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
        trusted = TLSOptions(certificate_authority=authority.cert_pem.bytes())
        self.clock = clock
        self.context = server_context(TLSOptions(certificate=pem, private_key=pem))
        self.gate = Gate(self.context, clock, MTU, self.to_client)
        self.client = Session(
            client_connection(trusted, "localhost", 5684, frozenset(), MTU),
            clock,
            MTU,
            self.to_server,
            lambda data: self.at_client.append(data),
            lambda problem: self.ends.append(problem),
        )
        self.server: Session | None = None
        self.shaken: list[Deferred[None]] = []
        self.wire: list[tuple[bool, bytes]] = []
        self.at_client: list[bytes] = []
        self.at_server: list[bytes] = []
        self.ends: list[BaseException] = []
        self.lose: Callable[[int], bool] = lambda number: False
        self.sent = 0

    def _put(self, to_server: bool, datagram: bytes) -> None:
        self.sent += 1
        if not self.lose(self.sent):
            self.wire.append((to_server, datagram))

    def to_server(self, datagram: bytes) -> None:
        self._put(True, datagram)

    def to_client(self, datagram: bytes, address: object = None) -> None:
        self._put(False, datagram)

    def deliver(self, to_server: bool, datagram: bytes) -> None:
        if not to_server:
            self.client.receive(datagram)
        elif self.server is not None:
            self.server.receive(datagram)
        else:
            connection = self.gate.admit(datagram, ADDRESS)
            if connection is not None:
                self.server = Session(
                    connection,
                    self.clock,
                    MTU,
                    self.to_client,
                    self.at_server.append,
                    self.ends.append,
                )
                self.shaken.append(self.server.begin())

    def run(self) -> None:
        """Carry all that is on the wire."""
        while self.wire:
            self.deliver(*self.wire.pop(0))

    def open(self) -> None:
        self.shaken.append(self.client.begin())
        self.run()

    def close(self) -> None:
        for each in (self.client, self.server):
            if each is not None:
                each.close()


class SessionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.pair = Pair(self.clock)

    def open(self) -> Session:
        self.pair.open()
        for each in self.pair.shaken:
            self.successResultOf(each)
        assert self.pair.server is not None
        self.assertEqual(self.clock.getDelayedCalls(), [])
        return self.pair.server

    def test_there_and_back(self) -> None:
        """Datagrams keep their bounds and their bytes; no timer is left."""
        server = self.open()
        longest = os.urandom(self.pair.client.limit)
        for data in (ALL_BYTES, b"x", longest):
            self.pair.client.send(data)
            server.send(data[::-1])
        self.assertTrue(all(len(each) <= MTU for _, each in self.pair.wire))
        self.pair.run()
        self.assertEqual(self.pair.at_server, [ALL_BYTES, b"x", longest])
        self.assertEqual(self.pair.at_client, [ALL_BYTES[::-1], b"x", longest[::-1]])

    def test_nothing_in_plain_text(self) -> None:
        self.open()
        self.pair.client.send(b"secret secret")
        self.assertNotIn(b"secret", self.pair.wire[0][1])

    def test_order_and_repetition(self) -> None:
        """What comes late comes late; what comes twice is dropped."""
        self.open()
        for number in range(5):
            self.pair.client.send(b"%d" % number)
        self.pair.wire.reverse()
        self.pair.wire *= 2
        self.pair.run()
        self.assertEqual(self.pair.at_server, [b"4", b"3", b"2", b"1", b"0"])

    def test_forgery(self) -> None:
        """What is not the peer's is ignored, and the session goes on."""
        server = self.open()
        self.pair.client.send(b"good")
        (_, datagram), self.pair.wire = self.pair.wire[0], []
        for bad in (
            b"",
            b"x",
            os.urandom(200),
            datagram[:-1] + bytes([datagram[-1] ^ 1]),
            datagram[:-1],
            b"\x15" + datagram[1:],
        ):
            server.receive(bad)
        server.receive(datagram)
        self.assertEqual(self.pair.at_server, [b"good"])
        self.assertEqual(self.pair.ends, [])

    def test_too_long(self) -> None:
        self.open()
        client = self.pair.client
        for data in (b"x" * (client.limit + 1), b""):
            problem = self.assertRaises(OperationError, client.send, data)
            self.assertEqual(problem.code, "limit")
        self.assertEqual(self.pair.wire, [])

    def test_goodbye(self) -> None:
        """The other side learns of it, answers, and has no session any more."""
        server = self.open()
        self.pair.client.close()
        self.pair.run()
        self.assertEqual(
            [getattr(each, "code", each) for each in self.pair.ends], ["eof"]
        )
        self.assertEqual((server.state, self.pair.client.state), ("over", "over"))
        problem = self.assertRaises(OperationError, server.send, b"x")
        self.assertEqual(problem.code, "state")

    def test_given_up(self) -> None:
        """A handshake that is cancelled leaves no timer, and says nothing more."""
        shaking = self.pair.client.begin()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        shaking.cancel()
        self.failureResultOf(shaking)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.pair.client.state, "over")
        self.pair.client.receive(b"x")

    def test_unknown_authority(self) -> None:
        """The client fails with why, the server with the alert."""
        other = Pair(self.clock)
        other.gate = self.pair.gate
        setattr(self.pair, "to_client", other.to_client)
        self.pair.gate._transmit = other.to_client
        other.open()
        (client, server) = (self.failureResultOf(each) for each in other.shaken)
        self.assertIn("unknown issuer", client.value.message)
        server.trap(SSL.Error)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class GateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.pair = Pair(self.clock)
        self.addCleanup(self.pair.close)

    def hello(self) -> bytes:
        shaking = self.pair.client.begin()
        shaking.addErrback(lambda failure: failure.trap(CancelledError))
        (_, datagram) = self.pair.wire.pop()
        return datagram

    def test_nothing_is_kept(self) -> None:
        """A thousand first hellos, from wherever: an answer each, no longer than they."""
        hello = self.hello()
        for port in range(1000):
            self.assertIsNone(self.pair.gate.admit(hello, ("192.0.2.1", port)))
        self.assertEqual(len(self.pair.wire), 1000)
        self.assertTrue(all(len(each) < len(hello) for _, each in self.pair.wire))

    def second(self) -> bytes:
        self.pair.gate.admit(self.hello(), ADDRESS)
        self.pair.client.receive(self.pair.wire.pop()[1])
        (_, datagram) = self.pair.wire.pop()
        return datagram

    def test_cookie(self) -> None:
        """It is for one address only, and for a minute or two."""
        hello = self.second()
        self.assertIsNone(self.pair.gate.admit(hello, ("192.0.2.2", 5684)))
        self.clock.advance(60)
        self.assertIsNotNone(self.pair.gate.admit(hello, ADDRESS))
        self.clock.advance(60)
        self.assertIsNone(self.pair.gate.admit(hello, ADDRESS))

    def test_garbage(self) -> None:
        hello = self.hello()
        for bad in (
            b"",
            b"x",
            bytes(100),
            os.urandom(100),
            hello[:20],
            hello + bytes(MAX_HELLO),
            b"\x17" + hello[1:],
            hello[:11] + b"\xff\xff" + hello[13:],
        ):
            self.assertIsNone(self.pair.gate.admit(bad, ADDRESS), bad)
        self.pair.wire.clear()
        self.assertIsNone(self.pair.gate.admit(hello, ADDRESS))
        self.assertEqual(len(self.pair.wire), 1)


class DatagramsTests(SynchronousTestCase):
    def record(self, size: int) -> bytes:
        return b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size)

    def test_as_many_as_fit(self) -> None:
        records = [self.record(size) for size in (100, 200, 300, 900, 1)]
        made = list(datagrams(b"".join(records), 700))
        self.assertEqual(made, [b"".join(records[:3]), records[3], records[4]])
        self.assertEqual(list(datagrams(b"", 700)), [])

    def test_hello(self) -> None:
        self.assertTrue(is_hello(self.record(10)))
        self.assertFalse(is_hello(b"\x16\xfe\xfd\x00\x01" + bytes(20)))


class LossTests(TestCase):
    """OpenSSL has a clock of its own, so here time passes."""

    timeout = 20

    async def shake(self, lose: Callable[[int], bool]) -> Pair:
        pair = Pair(reactor)
        self.addCleanup(pair.close)
        pair.lose = lose
        put = pair._put

        def carry(to_server: bool, datagram: bytes) -> None:
            put(to_server, datagram)
            reactor.callLater(0, pair.run)

        setattr(pair, "_put", carry)
        pair.open()
        await pair.shaken[0]
        await gatherResults(pair.shaken[1:])
        return pair

    async def test_lost_flights(self) -> None:
        """The first hello and a part of the server's answer are sent again."""
        pair = await self.shake(lambda number: number in (1, 5))
        self.assertEqual((pair.client.state, pair.sent > 6), ("open", True))
        assert pair.server is not None
        pair.server.send(ALL_BYTES)
        pair.run()
        self.assertEqual(pair.at_client, [ALL_BYTES])

    async def test_last_flight(self) -> None:
        """The server's end of the handshake is repeated for a client that missed it."""
        pair = Pair(reactor)
        self.addCleanup(pair.close)
        pair.open()
        whole = pair.sent
        pair = await self.shake(lambda number: number == whole)
        self.assertEqual(pair.client.state, "open")
