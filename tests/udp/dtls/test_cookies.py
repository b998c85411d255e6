"""Who may begin a session of DTLS."""

from __future__ import annotations

import os

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.udp.dtls.cookies import MAX_HELLO
from tests.support.dtls import ADDRESS, Pair


class CookieExchangeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.pair = Pair(self.clock)
        self.addCleanup(self.pair.close)

    def hello(self) -> bytes:
        handshake = self.pair.client.begin()
        handshake.addErrback(lambda failure: failure.trap(CancelledError))
        (_, datagram) = self.pair.wire.pop()
        return datagram

    def test_nothing_is_kept(self) -> None:
        """A thousand first hellos, from wherever: an answer each, no longer than they."""
        hello = self.hello()
        for port in range(1000):
            self.assertIsNone(self.pair.cookies.admit(hello, ("192.0.2.1", port)))
        self.assertEqual(len(self.pair.wire), 1000)
        self.assertTrue(all(len(each) < len(hello) for _, each in self.pair.wire))

    def second(self) -> bytes:
        self.pair.cookies.admit(self.hello(), ADDRESS)
        self.pair.client.receive(self.pair.wire.pop()[1])
        (_, datagram) = self.pair.wire.pop()
        return datagram

    def test_cookie(self) -> None:
        """It is for one address only, and for a minute or two."""
        hello = self.second()
        self.assertIsNone(self.pair.cookies.admit(hello, ("192.0.2.2", 5684)))
        self.clock.advance(60)
        self.assertIsNotNone(self.pair.cookies.admit(hello, ADDRESS))
        self.clock.advance(60)
        self.assertIsNone(self.pair.cookies.admit(hello, ADDRESS))

    def test_cookie_of_another_handshake(self) -> None:
        """Who sees a cookie can only repeat the hello that it is for."""
        hello = self.second()
        forged = bytearray(hello)
        forged[27] ^= 1
        self.assertIsNone(self.pair.cookies.admit(bytes(forged), ADDRESS))
        self.assertIsNotNone(self.pair.cookies.admit(hello, ADDRESS))

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
            self.assertIsNone(self.pair.cookies.admit(bad, ADDRESS), bad)
        self.pair.wire.clear()
        self.assertIsNone(self.pair.cookies.admit(hello, ADDRESS))
        self.assertEqual(len(self.pair.wire), 1)
