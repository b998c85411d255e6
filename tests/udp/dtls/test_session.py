"""DTLS sessions over a wire in memory that loses, mixes and repeats datagrams."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable

import trustme
from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.tls.certificates import Identity
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.udp.dtls.context import server_context
from eplua_twisted.udp.dtls.cookies import CookieExchange
from eplua_twisted.udp.dtls.records import MTU
from eplua_twisted.udp.dtls.session import MAX_HANDSHAKE, Session, make_connection
from tests.support import ALL_BYTES
from tests.support.dtls import Pair, client_session, pems


class SessionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.pair = Pair(self.clock)

    def open(self) -> Session:
        self.pair.open()
        for each in self.pair.handshakes:
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

    def test_what_is_over_has_no_connection(self) -> None:
        """OpenSSL's memory goes with the end, not with whoever holds the session."""

        def connections() -> int:
            gc.collect()
            # Never isinstance: it would ask proxies for the class of what they are for.
            return sum(type(each) is SSL.Connection for each in gc.get_objects())

        server = self.open()
        other = client_session(self.clock, self.pair.to_server)
        shaking = other.begin()
        before = connections()
        self.pair.client.close()
        self.pair.run()
        shaking.cancel()
        self.failureResultOf(shaking)
        self.assertEqual({server.state, self.pair.client.state, other.state}, {"over"})
        self.assertEqual(connections(), before - 3)

    def test_given_up(self) -> None:
        """A handshake that is cancelled leaves no timer, and says nothing more."""
        shaking = self.pair.client.begin()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        shaking.cancel()
        self.failureResultOf(shaking)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.pair.client.state, "over")
        self.pair.client.receive(b"x")

    def test_a_client_that_would_resume_its_session(self) -> None:
        """It has to show its certificate again, and gets in."""
        authority, pem = pems()
        asking = TLSOptions(
            certificate=pem, private_key=pem, client_authority=authority
        )
        pair, context = self.pair, server_context(asking)
        pair.cookies = CookieExchange(context, self.clock, MTU, pair.to_client)
        # A client that takes tickets, as ours do not.
        taking = SSL.Context(SSL.DTLS_METHOD)
        identity = Identity.load("certificate", pem, pem)
        assert identity is not None
        identity.use(taking)
        kept: SSL.Session | None = None
        for _ in range(2):
            connection = make_connection(taking, MTU)
            connection.set_connect_state()
            if kept is not None:
                connection.set_session(kept)
            pair.server, pair.handshakes = None, []
            pair.client = Session(
                connection,
                self.clock,
                MTU,
                pair.to_server,
                pair.at_client.append,
                pair.ends.append,
            )
            pair.open()
            for each in pair.handshakes:
                self.successResultOf(each)
            kept = connection.get_session()
            self.assertIsNotNone(kept)
            pair.close()
            pair.run()

    def test_a_handshake_that_goes_on_and_on(self) -> None:
        """Parts of messages that are still to come: OpenSSL would keep them."""
        self.pair.lose = lambda number: number == 4
        self.pair.open()
        server, (_, shaking) = self.pair.server, self.pair.handshakes
        assert server is not None
        self.assertEqual(server.state, "handshake")
        part = b"\x10\0\x40\0" + b"\0\x09" + bytes(3) + b"\0\4\0" + bytes(1024)
        count = MAX_HANDSHAKE // len(part)
        for number in range(count + 1):
            header = b"\x16\xfe\xfd\0\0" + (100 + number).to_bytes(6, "big")
            server.receive(header + len(part).to_bytes(2, "big") + part)
        failure = self.failureResultOf(shaking, OperationError)
        self.assertEqual(failure.value.code, "limit")
        self.pair.close()
        self.failureResultOf(self.pair.handshakes[0])

    def test_unknown_authority(self) -> None:
        """The client fails with why, the server with the alert."""
        stranger = trustme.CA().issue_cert("localhost")
        pem = stranger.private_key_and_cert_chain_pem.bytes()
        context = server_context(TLSOptions(certificate=pem, private_key=pem))
        other = Pair(self.clock)
        other.cookies = CookieExchange(context, self.clock, MTU, other.to_client)
        other.open()
        (client, server) = (self.failureResultOf(each) for each in other.handshakes)
        self.assertIn("unknown issuer", client.value.message)
        server.trap(SSL.Error)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class LossTests(TestCase):
    """OpenSSL has a clock of its own, so here time passes."""

    timeout = 20

    async def handshake(self, lose: Callable[[int], bool]) -> Pair:
        pair = Pair(reactor)
        self.addCleanup(pair.close)
        pair.lose = lose

        def carry(to_server: bool, datagram: bytes) -> None:
            pair.put_on_wire(to_server, datagram)
            reactor.callLater(0, pair.run)

        pair.put = carry
        pair.open()
        await pair.handshakes[0]
        await gatherResults(pair.handshakes[1:])
        return pair

    async def test_lost_flights(self) -> None:
        """The first hello and a part of the server's answer are sent again."""
        pair = await self.handshake(lambda number: number in (1, 5))
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
        pair = await self.handshake(lambda number: number == whole)
        self.assertEqual(pair.client.state, "open")
