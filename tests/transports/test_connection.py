"""Connections, over a socket that takes what a test says."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.main import CONNECTION_LOST
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.traffic import Traffic
from eplua_twisted.transports.poller import IN, OUT
from eplua_twisted.transports.sizes import READ, READS
from eplua_twisted.transports.sockets import TCPConnection
from tests.support import ALL_BYTES


class Watcher:
    """A poller that only notes who waits for what."""

    late = None
    alone = False

    def __init__(self) -> None:
        self.writers: set[Any] = set()
        self.readers: set[Any] = set()
        self.calls: list[Any] = []
        self.traffic = Traffic()

    def watch(self, descriptor: Any, events: int) -> None:
        descriptor.watched_for = events
        for event, waiting in ((IN, self.readers), (OUT, self.writers)):
            if events & event:
                waiting.add(descriptor)
            else:
                waiting.discard(descriptor)

    def callLater(self, delay: float, f: Any, *arguments: Any) -> None:
        self.calls.append((f, arguments))


class Socket:
    """A socket that takes so many bytes at a time."""

    def __init__(self, rooms: list[int]) -> None:
        self.rooms = rooms
        self.got = b""
        self.broken = self.closed = False
        self.arrived: list[bytes] = []

    def setblocking(self, blocking: bool) -> None:
        """It never blocks."""

    def fileno(self) -> int:
        return 0

    def sendmsg(self, pieces: list[bytes]) -> int:
        return self.send(b"".join(pieces))

    def shutdown(self, how: int) -> None:
        """Nobody is on the other end."""

    def setsockopt(self, level: int, name: int, value: object) -> None:
        """Options are not of interest here."""

    def close(self) -> None:
        self.closed = True

    def recv(self, size: int) -> bytes:
        return self.arrived.pop(0)

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


class Noting(Protocol):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def dataReceived(self, data: bytes) -> None:
        self.told.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.told.append(reason.type)


class Pausing(Noting):
    """Wants nothing more after the first piece."""

    transport: Any

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        self.transport.pauseProducing()


class ReadTests(SynchronousTestCase):
    """How much is read before others have their turn."""

    def read(self, protocol: Noting, *pieces: bytes) -> list[object]:
        sock: Any = Socket([])
        sock.arrived = list(pieces)
        kind, watcher = TCPConnection, Watcher()
        connection: Any = kind(sock, protocol, ("127.0.0.1", 1), None, 1, watcher)  # type: ignore[arg-type]
        protocol.transport = connection
        self.assertIsNone(connection.doRead())
        return protocol.told

    def test_more_is_read_while_reads_are_full(self) -> None:
        full = [bytes([each]) * READ for each in range(READS + 1)]
        self.assertEqual(self.read(Noting(), *full), full[:READS])

    def test_a_read_that_is_not_full_is_the_last(self) -> None:
        full = b"x" * READ
        self.assertEqual(self.read(Noting(), full, b"rest", b"later"), [full, b"rest"])

    def test_nothing_is_read_for_who_has_paused(self) -> None:
        full = b"x" * READ
        self.assertEqual(self.read(Pausing(), full, full), [full])


class ConnectionTests(SynchronousTestCase):
    def transport(self, *rooms: int) -> Any:
        self.socket: Any = Socket(list(rooms))
        self.reactor: Any = Watcher()
        self.protocol: Any = Noting()
        kind: Any = TCPConnection
        return kind(self.socket, self.protocol, ("127.0.0.1", 1), None, 1, self.reactor)

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
        transport.connectionLost(Failure(ConnectionDone()))
        transport.write(b"x")
        self.assertEqual((self.socket.got, self.reactor.writers), (b"", set()))

    def test_what_is_no_bytes_is_refused(self) -> None:
        transport = self.transport()
        for wrong in ("text", bytearray(b"x"), memoryview(b"x"), None):
            self.assertRaises(TypeError, transport.write, wrong)
        self.assertRaises(TypeError, transport.writeSequence, [b"x", "text"])
        self.assertEqual(self.socket.got, b"")

    def test_pull_producer(self) -> None:
        """It is asked again when all has gone, though nothing was ever queued."""
        transport = self.transport()
        producer = Producer()
        transport.registerProducer(producer, False)
        self.assertEqual(producer.calls, ["resume"])
        transport.write(b"x")
        transport.doWrite()
        self.assertEqual((self.socket.got, producer.calls), (b"x", ["resume"] * 2))
        self.assertEqual(self.reactor.writers, set())

    def test_a_second_producer_is_refused(self) -> None:
        transport = self.transport()
        transport.registerProducer(Producer(), True)
        self.assertRaises(RuntimeError, transport.registerProducer, Producer(), True)

    def test_producer_of_what_is_over(self) -> None:
        """It is told to stop; so is one that is registered then."""
        transport = self.transport()
        producers = [Producer(), Producer()]
        transport.registerProducer(producers[0], True)
        transport.connectionLost(Failure(ConnectionDone()))
        transport.registerProducer(producers[1], True)
        self.assertEqual([each.calls for each in producers], [["stop"]] * 2)

    def test_producer_that_raises_when_it_is_stopped(self) -> None:
        """The protocol is told all the same, and the socket closed."""
        transport = self.transport()
        producer: Any = Producer()
        producer.stopProducing = lambda: 1 / 0
        transport.registerProducer(producer, True)
        self.assertRaises(
            ZeroDivisionError, transport.connectionLost, Failure(ConnectionDone())
        )
        self.assertTrue(self.socket.closed)
        self.assertEqual(self.protocol.told, [ConnectionDone])

    def test_end_of_one_that_was_broken(self) -> None:
        """A write has heard that it is broken: the end is not in good order."""
        transport = self.transport()
        self.socket.arrived = [b"last", b""]
        self.socket.broken = True
        transport.write(b"x")
        self.assertIsNone(transport.doRead())
        self.assertIs(transport.doRead(), CONNECTION_LOST)
        self.assertEqual(self.protocol.told, [b"last"])

    def test_aborted(self) -> None:
        """On the next turn, once; what is written or resumed meanwhile does nothing."""
        transport = self.transport(0)
        transport.write(b"x")
        transport.abortConnection()
        transport.abortConnection()
        transport.resumeProducing()
        transport.write(b"y")
        transport.loseConnection()
        transport.loseWriteConnection()
        self.assertEqual((self.reactor.readers, self.reactor.writers), (set(), set()))
        self.assertEqual(self.protocol.told, [])
        ((lost, arguments),) = self.reactor.calls
        lost(*arguments)
        lost(*arguments)
        self.assertEqual(self.protocol.told, [ConnectionAborted])
        self.assertEqual(self.socket.got, b"")

    def test_written_after_the_writing_side_has_ended(self) -> None:
        transport = self.transport()
        transport.loseWriteConnection()
        transport.write(b"before")
        transport.doWrite()
        transport.doWrite()
        transport.write(b"after")
        self.assertEqual(self.socket.got, b"before")

    def test_repr_of_what_is_over(self) -> None:
        transport = self.transport()
        transport.connectionLost(Failure(ConnectionDone()))
        self.assertIn("127.0.0.1", repr(transport))
        self.assertIn("127.0.0.1", transport.logPrefix())
