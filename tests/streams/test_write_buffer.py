"""Writes that wait for the transport, against a simple model."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.streams.write_buffer import SLICE, WriteBuffer
from tests.support import ALL_BYTES


class Outlet:
    """A transport that takes so many bytes and is then full."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.got = b""
        self.producer: Any = None

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, data: bytes) -> None:
        self.got += data
        self.room -= len(data)
        if self.room < 0 and self.producer is not None:
            self.producer.pauseProducing()

    def drain(self, room: int) -> None:
        self.room = room
        self.producer.resumeProducing()


class WriteBufferTests(SynchronousTestCase):
    @given(
        st.lists(st.binary(min_size=1, max_size=50), max_size=20),
        st.lists(st.integers(0, 80), max_size=30),
    )
    def test_order(self, pieces: list[bytes], rooms: list[int]) -> None:
        """All that was written comes, in order, and the amount comes back to 0."""
        outlet = Outlet(20)
        buffer = WriteBuffer(outlet)
        for piece in pieces:
            buffer.write(piece)
        for room in rooms:
            outlet.drain(room)
        outlet.drain(10**6)
        self.assertEqual(outlet.got, b"".join(pieces))
        self.assertEqual(buffer.amount, 0)

    def test_amount(self) -> None:
        outlet = Outlet(0)
        buffer = WriteBuffer(outlet)
        buffer.write(b"abc")
        buffer.write(b"de")
        self.assertEqual((buffer.amount, outlet.got), (5, b"abc"))

    def test_large_write_in_slices(self) -> None:
        """A large write fills the transport no more than a small one."""
        outlet = Outlet(0)
        buffer = WriteBuffer(outlet)
        data = ALL_BYTES * 1024
        buffer.write(data)
        self.assertEqual(len(outlet.got), SLICE)
        while buffer.amount:
            outlet.drain(0)
        self.assertEqual(outlet.got, data)

    def test_when_below(self) -> None:
        """Waiters are answered in order, each when little enough waits."""
        outlet = Outlet(0)
        buffer = WriteBuffer(outlet)
        for _ in range(3):
            buffer.write(b"1234")
        first, second = buffer.when_below(5), buffer.when_below(9)
        outlet.drain(0)
        self.assertNoResult(first)
        self.assertNoResult(second)
        outlet.drain(0)
        self.successResultOf(first)
        self.successResultOf(second)

    def test_when_empty(self) -> None:
        """The transport is let go of before it is closed, or it would not close."""
        outlet = Outlet(0)
        buffer = WriteBuffer(outlet)
        buffer.write(b"abc")
        done: list[Any] = []
        buffer.when_empty(lambda: done.append(outlet.producer))
        self.assertEqual(done, [])
        outlet.drain(10)
        self.assertEqual(done, [None])

    def test_fail(self) -> None:
        outlet = Outlet(0)
        buffer = WriteBuffer(outlet)
        buffer.write(b"abc")
        waiter = buffer.when_below(1)
        buffer.fail(CancelledError())
        self.failureResultOf(waiter, CancelledError)

    def test_withdrawn(self) -> None:
        outlet = Outlet(0)
        buffer = WriteBuffer(outlet)
        buffer.write(b"abc")
        waiter = buffer.when_below(1)
        waiter.cancel()
        self.failureResultOf(waiter, CancelledError)
        outlet.drain(10)
