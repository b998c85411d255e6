"""What happens to many sockets behind one descriptor of the reactor."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from eplua_twisted.transports.poller import AT_ONCE, ROUNDS, Poller
from eplua_twisted.transports.reactor import LeanReactor, lean
from eplua_twisted.transports.sockets import UNIXConnection
from tests.support import MemoryReactor


class Below:
    """A reactor that knows only who reads."""

    def __init__(self) -> None:
        self.readers: list[Any] = []
        self.callLater: Any = None

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers.remove(reader)


class Noting(Protocol):
    """Notes what it is told, and does what the test wants."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.do: Callable[[], object] = lambda: None

    def dataReceived(self, data: bytes) -> None:
        self.told.append(data)
        self.do()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.told.append(reason.type)


@implementer(IHalfCloseableProtocol)
class Halves(Noting):
    """Knows halves of a connection."""

    def readConnectionLost(self) -> None:
        self.told.append("read end")
        self.do()

    def writeConnectionLost(self) -> None:
        self.told.append("write end")


class PollerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.below = Below()
        below: Any = self.below
        self.poller = Poller(below)
        self.addCleanup(self.poller.connectionLost, Failure(ConnectionLost()))

    def pair(self, kind: type[Noting] = Noting) -> tuple[Any, socket.socket]:
        """A protocol with its connection, and the other end."""
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        protocol = kind()
        connection = UNIXConnection(ours, protocol, "", None, 0, self.poller)
        protocol.makeConnection(connection)
        return protocol, theirs

    def test_all_that_are_ready(self) -> None:
        pairs = [self.pair() for _ in range(3)]
        for _, peer in pairs[::2]:
            peer.send(b"x")
        self.poller.doRead()
        self.assertEqual([each.told for each, _ in pairs], [[b"x"], [], [b"x"]])

    def test_a_busy_one_starves_nobody(self) -> None:
        """Each has one turn, and the reactor is given its own after some."""
        busy, flood = self.pair()
        others = [self.pair() for _ in range(3)]
        # It never has nothing to read.
        busy.do = lambda: flood.send(b"more")
        for _, peer in [(busy, flood), *others]:
            peer.send(b"x")
        self.poller.doRead()
        self.assertEqual([each.told for each, _ in others], [[b"x"]] * 3)
        self.assertEqual(len(busy.told), ROUNDS)

    def test_many_are_served_by_turns(self) -> None:
        most = ROUNDS * AT_ONCE
        pairs = [self.pair() for _ in range(most + 10)]
        for _, peer in pairs:
            peer.send(b"x")
        self.poller.doRead()
        self.assertEqual(sum(len(each.told) for each, _ in pairs), most)
        self.poller.doRead()
        self.assertEqual([each.told for each, _ in pairs], [[b"x"]] * len(pairs))

    def test_an_exception_drops_that_connection_only(self) -> None:
        (first, one), (second, two) = self.pair(), self.pair()
        first.do = lambda: 1 / 0
        one.send(b"x")
        two.send(b"x")
        self.poller.doRead()
        self.assertEqual(first.told, [b"x", ZeroDivisionError])
        self.assertEqual(second.told, [b"x"])
        self.assertEqual(one.recv(1), b"")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_an_exception_that_wants_to_end_the_program(self) -> None:
        """Nothing that a protocol raises ends the others."""
        for problem in (SystemExit, KeyboardInterrupt, GeneratorExit):
            (first, one), (second, two) = self.pair(), self.pair()

            def leave(problem: Any = problem) -> None:
                raise problem

            first.do = leave
            one.send(b"x")
            two.send(b"x")
            self.poller.doRead()
            self.assertEqual((first.told[1:], second.told), ([problem], [b"x"]))
            self.assertEqual(len(self.flushLoggedErrors(problem)), 1)

    def test_an_exception_while_it_is_disconnected(self) -> None:
        (first, one), (second, two) = self.pair(), self.pair()
        first.connectionLost = lambda reason: 1 / 0
        one.close()
        two.send(b"x")
        self.poller.doRead()
        self.assertEqual(second.told, [b"x"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_one_closes_another_that_is_ready_too(self) -> None:
        """Whichever comes first, the other hears nothing but its end."""
        pairs = [self.pair(), self.pair()]
        for index, (protocol, peer) in enumerate(pairs):
            other = pairs[1 - index][0].transport
            protocol.do = lambda other=other: other.connectionLost(
                Failure(ConnectionDone())
            )
            peer.send(b"x")
        self.poller.doRead()
        told = sorted((each.told for each, _ in pairs), key=str)
        self.assertEqual(told, [[ConnectionDone], [b"x"]])

    def test_a_number_that_is_used_again(self) -> None:
        """What was found for the connection before is not the new one's."""
        pairs = [self.pair(), self.pair()]
        made: list[Any] = []

        def replace(other: Any) -> None:
            number = other.fileno()
            other.connectionLost(Failure(ConnectionDone()))
            made.append(self.pair())
            self.assertEqual(made[0][0].transport.fileno(), number)

        for index, (protocol, peer) in enumerate(pairs):
            other = pairs[1 - index][0].transport
            protocol.do = lambda other=other: replace(other)
            # An end of the other one: the new one would take it for its own.
            peer.send(b"x")
            peer.shutdown(socket.SHUT_WR)
        self.poller.doRead()
        protocol, peer = made[0]
        self.assertEqual(protocol.told, [])
        peer.send(b"mine")
        self.poller.doRead()
        self.assertEqual(protocol.told, [b"mine"])

    def test_paused_and_resumed_inside_a_callback(self) -> None:
        protocol, peer = self.pair()
        protocol.do = protocol.transport.pauseProducing
        peer.send(b"1")
        self.poller.doRead()
        peer.send(b"2")
        self.poller.doRead()
        self.assertEqual(protocol.told, [b"1"])

        def both() -> None:
            protocol.transport.pauseProducing()
            protocol.transport.resumeProducing()

        protocol.do = both
        protocol.transport.resumeProducing()
        self.poller.doRead()
        peer.send(b"3")
        self.poller.doRead()
        self.assertEqual(protocol.told, [b"1", b"2", b"3"])

    def test_a_paused_one_is_not_told_of_its_end(self) -> None:
        """And does not keep the reactor busy; what came is read before the end."""
        protocol, peer = self.pair()
        protocol.transport.pauseProducing()
        peer.send(b"last")
        peer.close()
        self.assertEqual(self.poller.waiting(-1), [])
        protocol.transport.resumeProducing()
        for _ in range(2):
            self.poller.doRead()
        self.assertEqual(protocol.told, [b"last", ConnectionDone])

    def test_halves(self) -> None:
        """Its peer has ended its side: it can go on writing."""
        protocol, peer = self.pair(Halves)
        peer.send(b"x")
        peer.shutdown(socket.SHUT_WR)
        for _ in range(3):
            self.poller.doRead()
        self.assertEqual(protocol.told, [b"x", "read end"])
        protocol.transport.write(b"answer")
        self.assertEqual(peer.recv(10), b"answer")
        protocol.transport.loseWriteConnection()
        self.poller.doRead()
        self.assertEqual(protocol.told[2:], ["write end"])
        self.assertEqual(peer.recv(10), b"")
        protocol.transport.loseConnection()
        self.assertEqual(protocol.told[3:], [ConnectionDone])

    def test_an_exception_about_a_half(self) -> None:
        protocol, peer = self.pair(Halves)
        protocol.do = lambda: 1 / 0
        peer.shutdown(socket.SHUT_WR)
        self.poller.doRead()
        self.assertEqual(protocol.told, ["read end", ZeroDivisionError])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_broken_while_nothing_is_read(self) -> None:
        """Only its writing side is watched: it is lost, and not done."""
        protocol, peer = self.pair()
        try:
            while True:
                protocol.transport.socket.send(bytes(2**16))
        except BlockingIOError:
            protocol.transport.write(b"x")
        protocol.transport.pauseProducing()
        peer.close()
        self.poller.doRead()
        self.assertEqual(protocol.told, [ConnectionLost])

    def test_closed_by_somebody_else(self) -> None:
        """A socket whose descriptor is gone can still be let go."""
        protocol, _ = self.pair()
        os.close(protocol.transport.socket.detach())
        protocol.transport.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(protocol.told, [ConnectionDone])
        self.assertEqual(self.poller.waiting(-1), [])

    def test_closed_by_somebody_else_and_its_number_used_again(self) -> None:
        """The end of the first one takes nothing from the second."""
        first, _ = self.pair()
        number = first.transport.fileno()
        os.close(first.transport.socket.detach())
        second, peer = self.pair()
        self.assertEqual(second.transport.fileno(), number)
        first.transport.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(first.told, [ConnectionDone])
        peer.send(b"x")
        self.poller.doRead()
        self.assertEqual(second.told, [b"x"])

    def test_no_room_to_watch_it(self) -> None:
        """The system's refusal is raised, and nothing is kept."""
        protocol, _ = self.pair()
        protocol.transport.pauseProducing()
        os.close(protocol.transport.socket.detach())
        self.assertRaises(OSError, protocol.transport.resumeProducing)
        protocol.transport.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.poller.waiting(-1), [])

    def test_the_reactor_ends(self) -> None:
        """Every connection is told, also when one of them raises."""
        (first, _), (second, _) = self.pair(), self.pair()
        first.connectionLost = lambda reason: 1 / 0
        self.poller.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(second.told, [ConnectionLost])
        self.assertEqual(self.poller.fileno(), -1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_no_descriptor_before_the_first_connection(self) -> None:
        self.assertEqual((self.below.readers, self.poller.fileno()), ([], -1))

    def test_rest(self) -> None:
        """The descriptor is let go when the last connection is gone, and comes back."""
        protocol, peer = self.pair()
        self.poller.rest()
        self.assertEqual(self.below.readers, [self.poller])
        protocol.transport.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((self.below.readers, self.poller.fileno()), ([], -1))
        protocol, peer = self.pair()
        peer.send(b"x")
        self.poller.doRead()
        self.assertEqual(protocol.told, [b"x"])

    def test_rest_inside_a_callback(self) -> None:
        (first, one), (second, two) = self.pair(), self.pair()
        for protocol, peer in ((first, one), (second, two)):
            protocol.do = self.poller.rest
            peer.send(b"x")
        self.poller.doRead()
        self.assertEqual((first.told, second.told), ([b"x"], [b"x"]))


class ReactorTests(SynchronousTestCase):
    def test_only_reactors_with_sockets(self) -> None:
        memory = MemoryReactor()
        self.assertIs(lean(memory), memory)

    def test_all_else_is_the_reactors(self) -> None:
        from twisted.internet.interfaces import IReactorTCP, IReactorTime

        reactor: Any = global_reactor
        wrapped: Any = lean(reactor)
        self.assertIsInstance(wrapped, LeanReactor)
        self.assertTrue(IReactorTCP.providedBy(wrapped))
        self.assertTrue(IReactorTime.providedBy(wrapped))
        self.assertEqual(wrapped.callLater, reactor.callLater)

    def test_without_epoll(self) -> None:
        """Other systems have Twisted's own connections."""
        import select

        epoll = select.epoll
        del select.epoll
        try:
            self.assertIs(lean(global_reactor), global_reactor)
        finally:
            select.epoll = epoll  # type: ignore[misc]
