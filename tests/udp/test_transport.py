"""How datagrams are read from a port."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.transports.datagrams import BATCH, BATCHES, Datagrams
from eplua_twisted.udp.options import UDPOptions
from eplua_twisted.udp.transport import BoundTransport, listen
from tests.memory import MemoryReactor

HERE = ("127.0.0.1", 5000)


class Receiver:
    """Notes what it is told, and does what the test wants."""

    def __init__(self) -> None:
        self.told: list[list[bytes] | str] = []
        self.do: Callable[[], object] = lambda: None

    def datagrams_received(self, datagrams: Datagrams) -> None:
        self.told.append([data for data, _ in datagrams])
        self.do()

    def connection_refused(self) -> None:
        self.told.append("refused")


class TransportTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor: Any = MemoryReactor()
        self.receiver = Receiver()
        self.peer = self.reactor.bind("127.0.0.1", 7)

    def make(self, **options: bool) -> BoundTransport:
        return listen(self.reactor, self.receiver, *HERE, UDPOptions(**options))

    def listen(self, **options: bool) -> socket.socket:
        transport = self.make(**options)
        self.addCleanup(self.reactor.advance, 0)
        self.addCleanup(transport.stopListening)
        return transport.socket

    def test_what_is_there_is_handed_over_together(self) -> None:
        self.listen()
        for data in (b"a", b"b", b"c"):
            self.peer.send(data, HERE)
        self.reactor.advance(0)
        self.assertEqual(self.receiver.told, [[b"a", b"b", b"c"]])

    def test_in_small_batches(self) -> None:
        """So that the answer to the first does not wait for all."""
        self.listen()
        for _ in range(2 * BATCH + 1):
            self.peer.send(b"x", HERE)
        self.reactor.advance(0)
        self.assertEqual(self.receiver.told, [[b"x"] * BATCH, [b"x"] * BATCH, [b"x"]])

    def test_a_flood_does_not_keep_the_reactor(self) -> None:
        """Others have their turn before all is read."""
        self.listen()
        for _ in range(30):
            self.peer.send(b"x" * 20_000, HERE)
        self.reactor.advance(0)
        first = sum(map(len, self.receiver.told))
        self.assertLess(first, 30)
        self.reactor.settle()
        self.assertEqual(sum(map(len, self.receiver.told)), 30)

    def test_small_datagrams_do_not_keep_it_either(self) -> None:
        self.listen()
        for _ in range(2 * BATCH * BATCHES):
            self.peer.send(b"x", HERE)
        self.reactor.advance(0)
        self.assertEqual(sum(map(len, self.receiver.told)), BATCH * BATCHES)

    def test_what_comes_meanwhile_is_read_in_the_same_turn(self) -> None:
        """As from a peer that sends again when it has an answer; though not for ever."""
        self.listen()
        self.receiver.do = lambda: self.peer.send(b"x", HERE)
        self.peer.send(b"x", HERE)
        self.reactor.advance(0)
        self.assertEqual(self.receiver.told, [[b"x"]] * BATCHES)

    def test_paused_or_closed_inside_a_callback(self) -> None:
        """What is read already is handed over; nothing more is read."""
        for leave in ("stopReading", "stopListening"):
            transport: Any = self.make()
            self.receiver.do = getattr(transport, leave)
            for _ in range(2 * BATCH):
                self.peer.send(b"x", HERE)
            self.reactor.settle()
            self.assertEqual(self.receiver.told, [[b"x"] * BATCH], leave)
            self.receiver.told.clear()
            self.receiver.do = lambda: None
            transport.stopListening()
            self.reactor.settle()

    def test_empty_datagrams_do_not_keep_it_either(self) -> None:
        self.listen()
        for _ in range(300_000):
            self.peer.send(b"", HERE)
        self.reactor.advance(0)
        self.assertLess(sum(map(len, self.receiver.told)), 300_000)

    def test_what_came_before_a_refusal(self) -> None:
        """It is handed over first, and what comes after it too."""
        opened: Any = self.listen()
        self.peer.send(b"before", HERE)
        arrived = opened.recvfrom
        failed: list[bool] = []

        def receive(size: int) -> object:
            if opened.readable or failed:
                return arrived(size)
            failed.append(True)
            self.peer.send(b"after", HERE)
            raise OSError(errno.EHOSTUNREACH, "No route to host")

        opened.recvfrom = receive
        self.reactor.settle()
        self.assertEqual(self.receiver.told, [[b"before"], "refused", [b"after"]])

    def test_a_refusal_is_no_end(self) -> None:
        """It is told in its place, and reading goes on."""
        opened = self.listen()
        opened.connect(("127.0.0.1", 9))
        opened.send(b"x")
        self.reactor.settle()
        opened.connect(self.peer.name)
        self.peer.send(b"after", HERE)
        self.reactor.settle()
        self.assertEqual(self.receiver.told, ["refused", [b"after"]])

    def test_options_are_set_before_it_is_bound(self) -> None:
        for option, name in (
            ("reuse_address", socket.SO_REUSEADDR),
            ("reuse_port", socket.SO_REUSEPORT),
            ("broadcast", socket.SO_BROADCAST),
        ):
            opened = self.listen(**{option: True})
            self.assertTrue(opened.getsockopt(socket.SOL_SOCKET, name), option)
            self.doCleanups()
        opened = self.listen()
        self.assertFalse(opened.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
