"""Peers that would have TLS keep, or send, without end, or never let it end."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IOpenSSLServerConnectionCreator,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.errors import describe
from eplua_twisted.streams.endpoints import client_endpoint
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.tls.context import client_creator, server_context
from eplua_twisted.tls.handshake import CUT
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tls.transport import (
    LINGER,
    MAX_ANSWERS,
    UNTAKEN,
    TLSClientEndpoint,
)
from tests.memory.sockets import RECEIVE_BUFFER
from tests.support.key_updates import key_updates
from tests.support.tls import OneProtocol, Speaker
from tests.support.tls_pair import End, EndFactory, Pair
from tests.tls.test_transport import PairTestCase

GOODBYE = b"\x15\x03\x03\0\2\1\0"
"""C{close_notify}, without keys."""

JUNK = b"\x17\x03\x03\0\x20" + bytes(32)
"""A record that no keys fit."""


def below(layer: Any) -> Any:
    """The transport that an end's TLS stands on."""
    return layer.transport


class HandshakeTests(PairTestCase):
    def test_goodbye_in_the_place_of_a_hello(self) -> None:
        """It is the end of the handshake, and nothing in the log."""
        pair = Pair(self.trusted, self.server)
        server = Speaker(GOODBYE)
        pair.reactor.listenTCP(444, OneProtocol(server))
        client = End()
        connecting = self.connect(pair, client)
        pair.reactor.settle()
        self.successResultOf(connecting)
        self.assertEqual(describe(Failure(client.lost)), CUT)

    def connect(self, pair: Pair, client: End) -> Any:
        reactor: Any = pair.reactor
        plain = client_endpoint(reactor, "localhost", 444)
        creator = client_creator(self.trusted, "localhost", 444, frozenset())
        return TLSClientEndpoint(plain, creator, reactor).connect(EndFactory(client))


class CountingConnection(SSL.Connection):
    """@ivar taken: bytes that were put into it"""

    taken = 0

    def bio_write(self, buf: bytes | bytearray | memoryview) -> int:
        self.taken += len(buf)
        return super().bio_write(buf)


@implementer(IHalfCloseableProtocol)
class HalfOpen(End):
    def readConnectionLost(self) -> None:
        self.reads.append(b"end")

    def writeConnectionLost(self) -> None:
        raise NotImplementedError


class AfterTheEndTests(PairTestCase):
    def test_what_comes_after_the_end_of_the_peer_is_not_kept(self) -> None:
        made: list[CountingConnection] = []

        @implementer(IOpenSSLServerConnectionCreator)
        class Counting:
            def __init__(self, options: TLSOptions) -> None:
                self._context = server_context(options).getContext()

            def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
                made.append(CountingConnection(self._context, None))
                return made[-1]

        context: Any = Counting
        pair = Pair(self.trusted, self.server, end=HalfOpen, context=context)
        wire = below(pair.client.transport)
        pair.client.transport.loseConnection()
        pair.reactor.settle()
        self.assertEqual(pair.server.reads, [b"end"])
        before = made[0].taken
        for _ in range(10):
            wire.write(bytes(1000))
            pair.reactor.settle()
        self.assertEqual(made[0].taken, before)
        self.assertIsNone(pair.server.lost)


class AnswersTests(PairTestCase):
    """Key updates that ask for one in return."""

    def pair_13(self) -> tuple[Pair, bytes]:
        """@return: and the client's secret"""
        lines: list[bytes] = []

        def context(options: TLSOptions) -> Any:
            made = server_context(options)
            made.getContext().set_keylog_callback(lambda _, line: lines.append(line))
            return made

        pair = Pair(self.trusted, self.server, context=context)
        self.assertTrue(pair.server.shaken)
        (secret,) = (
            bytes.fromhex(line.split()[2].decode())
            for line in lines
            if line.startswith(b"CLIENT_TRAFFIC_SECRET_0")
        )
        return pair, secret

    def test_a_peer_that_takes_them(self) -> None:
        """Whatever came at once, each is answered."""
        pair, secret = self.pair_13()
        below(pair.client.transport).write(key_updates(secret, 2000))
        pair.reactor.settle()
        pair.server.transport.write(b"still there")
        pair.reactor.settle()
        self.assertEqual(pair.client.reads, [b"still there"])
        self.assertIsNone(pair.server.lost)

    def test_a_peer_that_does_not(self) -> None:
        pair, secret = self.pair_13()
        pair.client.transport.pauseProducing()
        count = (RECEIVE_BUFFER + 2 * MAX_ANSWERS) // len(key_updates(secret, 1))
        below(pair.client.transport).write(key_updates(secret, count))
        pair.reactor.settle()
        self.assertEqual(describe(Failure(pair.server.lost)), UNTAKEN)


class StalledTests(PairTestCase):
    """A client that takes nothing while much is sent to it, and breaks TLS then."""

    def stalled(self) -> tuple[Pair, WriteBuffer]:
        pair = Pair(self.trusted, self.server)
        out = WriteBuffer(pair.server.transport)
        pair.client.transport.pauseProducing()
        out.write(bytes(8 * RECEIVE_BUFFER))
        pair.reactor.settle()
        self.assertGreater(out.amount, 0)
        return pair, out

    def test_it_takes_the_rest(self) -> None:
        """The connection ends, and does not wait for more to send."""
        pair, _ = self.stalled()
        below(pair.client.transport).write(JUNK)
        pair.reactor.settle()
        pair.client.transport.resumeProducing()
        pair.reactor.settle()
        self.assertIsInstance(pair.server.lost, SSL.Error)
        self.assertEqual(pair.reactor.getDelayedCalls(), [])

    def test_it_never_takes_the_rest(self) -> None:
        for said in (JUNK, None):
            pair, _ = self.stalled()
            if said is None:
                pair.client.transport.loseConnection()
            else:
                below(pair.client.transport).write(said)
            pair.reactor.settle()
            self.assertIsNone(pair.server.lost)
            pair.reactor.advance(2 * LINGER)
            pair.reactor.settle()
            self.assertIsNotNone(pair.server.lost)
