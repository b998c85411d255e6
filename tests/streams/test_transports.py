"""Eager transports keep Twisted's semantics."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.protocol import Protocol
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.streams.transports import EagerReactor, Server, eager
from tests.support import ALL_BYTES, MemoryReactor


class Watcher:
    """A reactor that only notes who waits for what."""

    def __init__(self) -> None:
        self.writers: set[Any] = set()
        self.readers: set[Any] = set()

    def addWriter(self, writer: Any) -> None:
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        self.writers.discard(writer)

    def addReader(self, reader: Any) -> None:
        self.readers.add(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers.discard(reader)

    def callLater(self, delay: float, f: Any, *arguments: Any) -> None:
        """Aborts are not of interest here."""


class Socket:
    """A socket that takes so many bytes at a time."""

    def __init__(self, rooms: list[int]) -> None:
        self.rooms = rooms
        self.got = b""
        self.broken = False

    def setblocking(self, blocking: bool) -> None:
        """It never blocks."""

    def fileno(self) -> int:
        return 0

    def send(self, data: bytes) -> int:
        if self.broken:
            raise BrokenPipeError(32, "broken")
        room = self.rooms.pop(0) if self.rooms else 10**9
        if not room:
            raise BlockingIOError(11, "full")
        self.got += bytes(data[:room])
        return min(room, len(data))


class Producer:
    """Counts its pauses."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")

    def stopProducing(self) -> None:
        self.calls.append("stop")


class EagerTests(SynchronousTestCase):
    def transport(self, *rooms: int) -> Any:
        self.socket: Any = Socket(list(rooms))
        self.reactor: Any = Watcher()
        server: Any = Server
        transport = server(
            self.socket, Protocol(), ("127.0.0.1", 1), None, 1, self.reactor
        )
        transport.connected = 1
        return transport

    def test_at_once(self) -> None:
        """What fits is sent in the call, and nobody waits for the socket."""
        transport = self.transport()
        transport.write(ALL_BYTES)
        self.assertEqual(self.socket.got, ALL_BYTES)
        self.assertEqual(self.reactor.writers, set())

    def test_rest_is_queued(self) -> None:
        transport = self.transport(10, 0)
        transport.write(ALL_BYTES)
        self.assertEqual(self.socket.got, ALL_BYTES[:10])
        self.assertEqual(self.reactor.writers, {transport})
        transport.doWrite()
        transport.doWrite()
        self.assertEqual(self.socket.got, ALL_BYTES)
        self.assertEqual(self.reactor.writers, set())

    @given(
        st.lists(st.binary(max_size=30), max_size=20),
        st.lists(st.integers(0, 20), max_size=60),
        st.lists(st.booleans(), max_size=40),
    )
    def test_order(
        self, pieces: list[bytes], rooms: list[int], sequences: list[bool]
    ) -> None:
        """Whatever the socket takes, every byte goes once and in order."""
        transport = self.transport(*rooms)
        for index, piece in enumerate(pieces):
            if index < len(sequences) and sequences[index]:
                transport.writeSequence([piece[:3], piece[3:]])
            else:
                transport.write(piece)
        for _ in range(200):
            if self.reactor.writers:
                transport.doWrite()
        self.assertEqual(self.socket.got, b"".join(pieces))

    def test_broken_is_told_later(self) -> None:
        """write never calls back into the protocol: the next turn finds out."""
        transport = self.transport()
        self.socket.broken = True
        transport.write(b"x")
        self.assertEqual(self.reactor.writers, {transport})
        self.assertIsInstance(transport.doWrite(), Exception)

    def test_producer(self) -> None:
        """It is paused when something is left, resumed when all has gone."""
        transport = self.transport(10, 5)
        producer = Producer()
        transport.registerProducer(producer, True)
        transport.write(b"x" * 20)
        self.assertEqual(producer.calls, ["pause"])
        transport.doWrite()
        self.assertEqual(producer.calls, ["pause"])
        transport.doWrite()
        self.assertEqual(producer.calls, ["pause", "resume"])

    def test_after_lose_connection(self) -> None:
        """Bytes behind a close are sent as Twisted sends them."""
        transport = self.transport(0)
        transport.write(b"one")
        transport.loseConnection()
        transport.write(b"two")
        self.assertEqual(self.socket.got, b"")
        transport.doWrite()
        self.assertEqual(self.socket.got, b"onetwo")

    def test_not_connected(self) -> None:
        transport = self.transport()
        transport.connected = 0
        transport.write(b"x")
        self.assertEqual((self.socket.got, self.reactor.writers), (b"", set()))

    def test_text_is_refused(self) -> None:
        self.assertRaises(TypeError, self.transport().write, "text")


class ReactorTests(SynchronousTestCase):
    def test_only_reactors_with_sockets(self) -> None:
        memory = MemoryReactor()
        self.assertIs(eager(memory), memory)

    def test_all_else_is_the_reactors(self) -> None:
        from twisted.internet import reactor
        from twisted.internet.interfaces import IReactorTCP, IReactorTime

        wrapped = eager(reactor)
        self.assertIsInstance(wrapped, EagerReactor)
        self.assertTrue(IReactorTCP.providedBy(wrapped))
        self.assertTrue(IReactorTime.providedBy(wrapped))
        self.assertEqual(wrapped.callLater, reactor.callLater)
