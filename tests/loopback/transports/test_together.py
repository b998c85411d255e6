"""What connections write while several are ready leaves together."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.transports.poller import TOGETHER, Poller
from eplua_twisted.transports.sizes import HELD, PIECES
from eplua_twisted.transports.sockets import UNIXConnection


class Below(Clock):
    """A reactor that the test turns."""

    def addReader(self, reader: Any) -> None:
        """The test itself calls it."""

    def removeReader(self, reader: Any) -> None:
        """The test itself calls it."""


class Answering(Protocol):
    """Does what the test says when something comes."""

    transport: Any

    def __init__(self) -> None:
        self.do: Callable[[], object] = lambda: None

    def dataReceived(self, data: bytes) -> None:
        self.do()


class TogetherTests(SynchronousTestCase):
    def setUp(self) -> None:
        below: Any = Below()
        self.below = below
        self.poller = Poller(below)
        self.addCleanup(self.poller.connectionLost, Failure(ConnectionLost()))

    def pair(self) -> tuple[Answering, socket.socket]:
        """A protocol with its connection, and the other end."""
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        theirs.setblocking(False)
        protocol = Answering()
        protocol.makeConnection(
            UNIXConnection(ours, protocol, "", None, 0, self.poller)
        )
        return protocol, theirs

    def got(self, peer: socket.socket) -> bytes | None:
        """What has come there; C{None} for nothing."""
        try:
            return peer.recv(2**20)
        except BlockingIOError:
            return None

    def turn(self, *peers: socket.socket) -> None:
        """A turn in which these have sent something."""
        for peer in peers:
            peer.send(b"x")
        self.poller.doRead()

    def test_when_several_are_ready(self) -> None:
        """Nothing leaves before each has had its turn."""
        (first, one), (second, two) = self.pair(), self.pair()
        seen: list[bytes | None] = []

        def answer(protocol: Answering) -> None:
            protocol.transport.write(b"a")
            protocol.transport.write(b"b")
            seen.extend([self.got(one), self.got(two)])

        first.do, second.do = lambda: answer(first), lambda: answer(second)
        self.turn(one, two)
        self.assertEqual(seen, [None] * 4)
        self.assertEqual((self.got(one), self.got(two)), (b"ab", b"ab"))

    def test_at_once_when_one_is(self) -> None:
        protocol, peer = self.pair()
        seen: list[bytes | None] = []

        def answer() -> None:
            protocol.transport.write(b"a")
            seen.append(self.got(peer))

        protocol.do = answer
        self.turn(peer)
        self.assertEqual(seen, [b"a"])

    def test_what_follows_is_held_back_when_one_is(self) -> None:
        """A thousand small writes are not a thousand calls of the system."""
        protocol, peer = self.pair()
        seen: list[bytes | None] = []

        def answer() -> None:
            for piece in (b"a", b"b", b"c"):
                protocol.transport.write(piece)
                seen.append(self.got(peer))

        protocol.do = answer
        self.turn(peer)
        self.assertEqual(seen, [b"a", None, None])
        self.assertEqual(self.got(peer), b"bc")
        self.turn(peer)
        self.assertEqual(seen[3:], [b"a", None, None], "the next turn as the first")

    def test_what_follows_is_held_back_when_none_is(self) -> None:
        """
        What a timer writes leaves when it is over: on the reactor's next turn, or before
        another is served.
        """
        (first, one), (_, two) = self.pair(), self.pair()
        for end in (lambda: self.below.advance(0), lambda: self.turn(two)):
            seen: list[bytes | None] = []
            for piece in (b"a", b"b", b"c", b"d"):
                first.transport.write(piece)
                seen.append(self.got(one))
            self.assertEqual(seen, [b"a", b"b", None, None])
            end()
            self.assertEqual(self.got(one), b"cd")

    def test_a_stop_leaves_no_turn_to_come(self) -> None:
        """What waits for it leaves, and what is written from then on goes at once."""
        protocol, peer = self.pair()
        for piece in (b"a", b"b", b"c"):
            protocol.transport.write(piece)
        self.poller.rest()
        self.assertEqual(self.got(peer), b"abc")
        for piece in (b"d", b"e", b"f"):
            protocol.transport.write(piece)
        self.assertEqual(self.got(peer), b"def")
        self.assertEqual(self.below.getDelayedCalls(), [])

    def test_one_write_while_none_is_ready_asks_for_no_turn(self) -> None:
        (first, one), (_, two) = self.pair(), self.pair()
        for _ in range(3):
            first.transport.write(b"a")
            self.turn(two)
            self.assertEqual(self.got(one), b"a")
        self.assertEqual(self.below.getDelayedCalls(), [])

    def test_much_leaves_before_the_end(self) -> None:
        """By its size, and by the number of its pieces."""
        for piece, count in ((bytes(16 * 1024), HELD // 2**14 + 1), (b"x", PIECES)):
            (first, one), (_, two) = self.pair(), self.pair()
            seen: list[bytes | None] = []

            def answer(
                first: Answering = first,
                one: socket.socket = one,
                piece: bytes = piece,
                seen: list[bytes | None] = seen,
                count: int = count,
            ) -> None:
                for _ in range(count + 1):
                    seen.append(self.got(one))
                    first.transport.write(piece)

            first.do = answer
            self.turn(one, two)
            self.assertEqual(seen[:-1], [None] * count)
            self.assertEqual(seen[-1], piece * count)
            self.assertEqual(self.got(one), piece)

    def test_much_to_one_that_broke(self) -> None:
        """A write never calls the protocol: it hears of it afterwards."""
        (first, one), (second, two) = self.pair(), self.pair()
        told: list[bool] = []

        def answer() -> None:
            one.close()
            for _ in range(PIECES + 1):
                first.transport.write(b"x")
            told.append(bool(first.transport.connected))

        first.do = answer
        second.do = lambda: second.transport.write(b"b")
        self.turn(one, two)
        self.poller.doRead()
        self.assertEqual((told, self.got(two)), ([True], b"b"))
        self.assertFalse(first.transport.connected)

    def test_nothing_is_no_write(self) -> None:
        (first, one), (_, two) = self.pair(), self.pair()

        def answer() -> None:
            for piece in (b"", b"a", b"", b"b"):
                first.transport.write(piece)

        first.do = answer
        self.turn(one, two)
        self.assertEqual(self.got(one), b"ab")

    def test_not_more_than_a_few_are_held_back(self) -> None:
        """The first do not wait for hundreds."""
        pairs = [self.pair() for _ in range(TOGETHER + 2)]
        sent: list[int] = []

        def answer(protocol: Answering) -> None:
            protocol.transport.write(b"a")
            sent.append(sum(self.got(peer) is not None for _, peer in pairs))

        for protocol, _ in pairs:
            protocol.do = lambda each=protocol: answer(each)  # type: ignore[misc]
        self.turn(*[peer for _, peer in pairs])
        self.assertEqual(sent[TOGETHER:], [TOGETHER, 0])

    def test_order_and_size(self) -> None:
        """Much is not held back, and comes after what was."""
        (first, one), (second, two) = self.pair(), self.pair()
        second.do = lambda: None

        def answer() -> None:
            first.transport.write(b"a")
            first.transport.write(b"b" * 50_000)
            first.transport.write(b"c")

        first.do = answer
        self.turn(one, two)
        self.poller.doRead()
        self.assertEqual(self.got(one), b"a" + b"b" * 50_000 + b"c")

    def test_an_end_after_it(self) -> None:
        (first, one), (_, two) = self.pair(), self.pair()

        def answer() -> None:
            first.transport.write(b"a")
            first.transport.loseConnection()

        first.do = answer
        self.turn(one, two)
        self.poller.doRead()
        self.assertEqual((self.got(one), self.got(one)), (b"a", b""))

    def test_one_that_broke_meanwhile(self) -> None:
        """Nothing is raised, and the others get theirs."""
        (first, one), (second, two) = self.pair(), self.pair()

        def answer() -> None:
            first.transport.write(b"a")
            one.close()

        first.do = answer
        second.do = lambda: second.transport.write(b"b")
        self.turn(one, two)
        self.poller.doRead()
        self.assertEqual(self.got(two), b"b")
        self.assertFalse(first.transport.connected)

    def test_a_full_one_pauses_its_producer(self) -> None:
        (first, one), (_, two) = self.pair(), self.pair()
        paused: list[bool] = []

        class Producer:
            def pauseProducing(self) -> None:
                paused.append(True)

            def resumeProducing(self) -> None:
                paused.append(False)

            def stopProducing(self) -> None:
                """The test is over."""

        handle = first.transport.getHandle()
        try:
            while True:
                handle.send(bytes(2**16))
        except BlockingIOError:
            pass
        first.transport.registerProducer(Producer(), True)
        first.do = lambda: first.transport.write(b"a")
        self.turn(one, two)
        self.assertEqual(paused, [True])
        while self.got(one) is not None:
            self.poller.doRead()
        self.assertEqual(paused, [True, False])
