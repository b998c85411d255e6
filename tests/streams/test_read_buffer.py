"""Reads that wait for bytes, against a simple model."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.read_buffer import (
    ANYTHING,
    EVERYTHING,
    MAX_READS,
    Exactly,
    ReadBuffer,
    Until,
)
from tests.support import ALL_BYTES
from tests.support.chunks import cut

# Few letters, so that delimiters are met and half met.
LETTERS = st.sampled_from([b"a", b"b", b"\x00"])
TEXT = st.lists(LETTERS, max_size=60).map(b"".join)
WANTS = st.one_of(
    st.integers(0, 12).map(Exactly),
    st.lists(LETTERS, min_size=1, max_size=5).map(b"".join).map(Until),
    st.just(EVERYTHING),
)


def _code(failure: Failure) -> bytes:
    problem: Any = failure.value
    code: bytes = problem.code
    return code


def reads(
    chunks: list[bytes], wants: list[Any], asked_first: int, limit: int
) -> list[Any]:
    """Ask for some reads first, feed, ask for the rest, end: all the answers."""
    buffer = ReadBuffer(limit)
    answers: list[Any] = [None] * len(wants)

    def ask(index: int) -> None:
        waiter: Deferred[bytes] = Deferred()
        waiter.addErrback(_code)
        try:
            data = buffer.read(wants[index], waiter)
        except OperationError as problem:
            answers[index] = problem.code
            return
        if data is not None:
            answers[index] = data
        else:
            waiter.addCallback(lambda result: answers.__setitem__(index, result))

    for index in range(asked_first):
        ask(index)
    for chunk in chunks:
        buffer.feed(chunk)
    for index in range(asked_first, len(wants)):
        ask(index)
    buffer.finish()
    rest = buffer.take(len(buffer)) if len(buffer) else b""
    return [*answers, rest]


def model(data: bytes, wants: list[Any], limit: int) -> list[Any]:
    """The same on the whole data at once."""
    answers: list[Any] = []
    for want in wants:
        if isinstance(want, Exactly):
            if want.count > limit:
                answers.append("limit")
            elif len(data) < want.count:
                answers.append("eof")
            else:
                answers.append(data[: want.count])
                data = data[want.count :]
        elif isinstance(want, Until):
            index = data.find(want.delimiter)
            if index > limit or (
                index < 0 and len(data) - len(want.delimiter) >= limit
            ):
                answers.append("limit")
            elif index < 0:
                answers.append("eof")
            else:
                answers.append(data[:index])
                data = data[index + len(want.delimiter) :]
        elif len(data) > limit:
            answers.append("limit")
        else:
            answers.append(data)
            data = b""
    return [*answers, data]


class ReadBufferTests(SynchronousTestCase):
    @given(TEXT, st.lists(st.integers(0, 60)), st.lists(WANTS, max_size=8), st.data())
    def test_any_split_gives_the_same_reads(
        self, data: bytes, places: list[int], wants: list[Any], draw: Any
    ) -> None:
        """However the input is cut, and whenever the reads are asked for."""
        asked_first = draw.draw(st.integers(0, len(wants)))
        limit = draw.draw(st.sampled_from([8, 1000]))
        self.assertEqual(
            reads(cut(data, places), wants, asked_first, limit),
            model(data, wants, limit),
        )

    @given(TEXT, st.lists(st.integers(0, 60)))
    def test_read_loses_and_invents_nothing(
        self, data: bytes, places: list[int]
    ) -> None:
        buffer = ReadBuffer()
        got = []
        for chunk in cut(data, places):
            buffer.feed(chunk)
            waiter: Deferred[bytes] = Deferred()
            read = buffer.read(ANYTHING, waiter)
            assert read
            got.append(read)
        self.assertEqual(b"".join(got), data)

    def test_bytes(self) -> None:
        buffer = ReadBuffer()
        buffer.feed(ALL_BYTES)
        self.assertEqual(buffer.read(Exactly(200), Deferred()), ALL_BYTES[:200])
        self.assertEqual(buffer.read(ANYTHING, Deferred()), ALL_BYTES[200:])

    def test_delimiter_is_taken_and_not_given(self) -> None:
        buffer = ReadBuffer()
        buffer.feed(b"one\r\ntwo\r\n\r\nrest")
        self.assertEqual(
            [buffer.read(Until(b"\r\n"), Deferred()) for _ in range(3)],
            [b"one", b"two", b""],
        )
        self.assertEqual(buffer.read(ANYTHING, Deferred()), b"rest")

    def test_long_line(self) -> None:
        """A line of 9 001 bytes comes whole."""
        buffer = ReadBuffer()
        buffer.feed(b"x" * 9001 + b"\n")
        self.assertEqual(buffer.read(Until(b"\n"), Deferred()), b"x" * 9001)

    def test_collected_bytes_stay_readable(self) -> None:
        """What readUntil had waited on at the end can still be read."""
        buffer = ReadBuffer()
        waiter: Deferred[bytes] = Deferred()
        self.assertIsNone(buffer.read(Until(b"\n"), waiter))
        buffer.feed(b"half")
        buffer.finish()
        self.assertEqual(self.failureResultOf(waiter, OperationError).value.code, "eof")
        self.assertEqual(buffer.read(ANYTHING, Deferred()), b"half")
        self.assertRaises(OperationError, buffer.read, ANYTHING, Deferred())

    def test_withdrawn_read_loses_nothing(self) -> None:
        """The read behind one that is withdrawn gets what that one had waited on."""
        buffer = ReadBuffer()
        first: Deferred[bytes] = Deferred(buffer.withdraw)
        second: Deferred[bytes] = Deferred()
        buffer.read(Exactly(10), first)
        buffer.read(ANYTHING, second)
        buffer.feed(b"abc")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual(self.successResultOf(second), b"abc")

    def test_bound_of_reads(self) -> None:
        buffer = ReadBuffer()
        for _ in range(MAX_READS):
            buffer.read(ANYTHING, Deferred())
        problem = self.assertRaises(OperationError, buffer.read, ANYTHING, Deferred())
        self.assertEqual(problem.code, "limit")

    def test_wants_more(self) -> None:
        """Room, or a read that waits, is a reason to go on reading."""
        buffer = ReadBuffer(4)
        self.assertTrue(buffer.wants_more)
        buffer.feed(b"abcd")
        self.assertFalse(buffer.wants_more)
        buffer.read(Until(b"\n"), Deferred())
        self.assertTrue(buffer.wants_more)
