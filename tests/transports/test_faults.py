"""What is wrong with a network is decided by a seed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, cast

from twisted.internet.testing import AccumulatingProtocol, MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.traffic import Traffic
from eplua_twisted.errors import OperationError
from eplua_twisted.transports.faults import (
    LARGE,
    LONGEST_DELAY,
    SMALL,
    SMALL_SIZES,
    Faults,
    FaultyPoller,
    FaultyTCPConnection,
    faulty,
)
from eplua_twisted.transports.sizes import READ


def pieces(faults: Faults, count: int) -> Iterator[int]:
    end = faults.begin()
    for _ in range(count):
        yield faults.size(end)


class BusySocket:
    """More comes each time that it was looked what is there."""

    def __init__(self) -> None:
        self.waits = b"123"

    def setblocking(self, blocking: bool) -> None:
        pass

    def fileno(self) -> int:
        return 1000

    def recv(self, size: int, flags: int = 0) -> bytes:
        got = self.waits[:size]
        if flags & socket.MSG_PEEK:
            self.waits += b"45"
        else:
            self.waits = self.waits[size:]
        return got


class FaultsTests(SynchronousTestCase):
    def test_pieces_are_small_at_first_and_odd_always(self) -> None:
        sizes = list(pieces(Faults("split", "a"), SMALL + 100))
        self.assertTrue(set(sizes[:SMALL]) <= set(SMALL_SIZES))
        self.assertTrue(all(size % 2 and 0 < size <= LARGE for size in sizes))
        self.assertTrue(max(sizes) > max(SMALL_SIZES))

    def test_a_seed_decides(self) -> None:
        """Of each end, whatever is read at others meanwhile."""
        one, other = Faults("split", "a"), Faults("split", "a")
        ends = [one.begin(), one.begin()], [other.begin(), other.begin()]
        mixed = [(one.size(ends[0][0]), one.size(ends[0][1])) for _ in range(20)]
        apart = [[other.size(end) for _ in range(20)] for end in ends[1]]
        self.assertEqual(mixed, list(zip(*apart, strict=True)))
        self.assertNotEqual(
            list(pieces(Faults("split", "b"), 20)), [first for first, _ in mixed]
        )

    def test_delays(self) -> None:
        faults = Faults("delay", "a")
        end = faults.begin()
        self.assertTrue(faults.delays)
        self.assertEqual(faults.size(end), READ)
        found = [faults.delay(end) for _ in range(20)]
        self.assertTrue(0 <= min(found) < max(found) <= LONGEST_DELAY)

    def test_breaks_once_somewhere_in_the_traffic(self) -> None:
        """Each byte of each end may be the first that does not arrive."""
        found = set()
        for seed in range(200):
            faults = Faults("reset", str(seed), [2, 0, 3])
            for end in (faults.begin(), faults.begin(), faults.begin()):
                amount = 0
                while amount < 3 and (size := faults.size(end)):
                    faults.traffic[end] += min(size, 3)
                    amount = faults.traffic[end]
                if not size:
                    found.add((end, amount))
        self.assertEqual(found, {(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)})

    def test_without_traffic_nothing_breaks(self) -> None:
        self.assertEqual(set(pieces(Faults("reset", "a"), 5)), {READ})

    def test_without_a_fault_all_is_read(self) -> None:
        faults = Faults(None, "a")
        self.assertEqual(set(pieces(faults, 5)), {READ})
        self.assertFalse(faults.delays)

    def test_only_connections_of_ours_have_any(self) -> None:
        problem = self.assertRaises(
            OperationError,
            faulty,
            MemoryReactorClock(),
            Traffic(),
            Faults("split", "a"),
        )
        self.assertEqual(problem.code, "state")

    def test_what_comes_while_it_is_counted_is_read_later(self) -> None:
        """So that a connection may break at each byte, and at none beyond the last."""
        faults = Faults(None, "a")
        sock, protocol = cast(Any, BusySocket()), AccumulatingProtocol()
        poller = FaultyPoller(cast(Any, MemoryReactorClock()), Traffic(), faults)
        connection = FaultyTCPConnection(sock, None, ("127.0.0.1", 1), None, 0, poller)
        connection.protocol = protocol
        for counted in (3, 5, 7):
            connection.doRead()
            self.assertEqual(len(protocol.data), counted)
            self.assertEqual(faults.traffic, [counted])
