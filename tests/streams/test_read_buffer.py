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


def serve(buffer: ReadBuffer) -> None:
    """Serve the reads that are satisfied."""
    for _ in range(buffer.waiting):
        buffer.serve()


def read(buffer: ReadBuffer, want: Any) -> Any:
    """Ask for what is here: what it is, or the code of the error."""
    waiter: Deferred[Any] = Deferred()
    waiter.addErrback(_code)
    buffer.ask(want, waiter)
    buffer.serve()
    return waiter.result


def reads(
    chunks: list[bytes], wants: list[Any], asked_first: int, limit: int
) -> list[Any]:
    """Ask for some reads first, feed, ask for the rest, end: all the answers."""
    buffer = ReadBuffer(limit)
    answers: list[Any] = [None] * len(wants)

    def ask(index: int) -> None:
        waiter: Deferred[bytes] = Deferred()
        waiter.addErrback(_code)
        waiter.addCallback(lambda result: answers.__setitem__(index, result))
        if buffer.ask(wants[index], waiter):
            serve(buffer)

    for index in range(asked_first):
        ask(index)
    for chunk in chunks:
        if not buffer.pass_on(chunk):
            buffer.feed(chunk)
            serve(buffer)
    for index in range(asked_first, len(wants)):
        ask(index)
    buffer.end()
    serve(buffer)
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
            got.append(read(buffer, ANYTHING))
        self.assertEqual(b"".join(got), data)

    def test_bytes(self) -> None:
        buffer = ReadBuffer()
        buffer.feed(ALL_BYTES)
        self.assertEqual(read(buffer, Exactly(200)), ALL_BYTES[:200])
        self.assertEqual(read(buffer, ANYTHING), ALL_BYTES[200:])

    def test_delimiter_is_taken_and_not_given(self) -> None:
        buffer = ReadBuffer()
        buffer.feed(b"one\r\ntwo\r\n\r\nrest")
        self.assertEqual(
            [read(buffer, Until(b"\r\n")) for _ in range(3)],
            [b"one", b"two", b""],
        )
        self.assertEqual(read(buffer, ANYTHING), b"rest")

    def test_long_line(self) -> None:
        """A line of 9 001 bytes comes whole."""
        buffer = ReadBuffer()
        buffer.feed(b"x" * 9001 + b"\n")
        self.assertEqual(read(buffer, Until(b"\n")), b"x" * 9001)

    def test_collected_bytes_stay_readable(self) -> None:
        """What readUntil had waited on at the end can still be read."""
        buffer = ReadBuffer()
        waiter: Deferred[bytes] = Deferred()
        buffer.ask(Until(b"\n"), waiter)
        buffer.feed(b"half")
        buffer.end()
        serve(buffer)
        self.assertEqual(self.failureResultOf(waiter, OperationError).value.code, "eof")
        self.assertEqual(read(buffer, ANYTHING), b"half")
        self.assertRaises(OperationError, buffer.ask, ANYTHING, Deferred())

    def test_withdrawn_read_loses_nothing(self) -> None:
        """The read behind one that is withdrawn gets what that one had waited on."""
        buffer = ReadBuffer()
        first: Deferred[bytes] = Deferred(buffer.withdraw)
        second: Deferred[bytes] = Deferred()
        buffer.ask(Exactly(10), first)
        buffer.ask(ANYTHING, second)
        buffer.feed(b"abc")
        serve(buffer)
        first.cancel()
        serve(buffer)
        self.failureResultOf(first, CancelledError)
        self.assertEqual(self.successResultOf(second), b"abc")

    def test_bound_of_reads(self) -> None:
        buffer = ReadBuffer()
        for _ in range(MAX_READS):
            buffer.ask(ANYTHING, Deferred())
        problem = self.assertRaises(OperationError, buffer.ask, ANYTHING, Deferred())
        self.assertEqual(problem.code, "limit")

    def test_wants_more(self) -> None:
        """Room, or a read that waits, is a reason to go on reading."""
        buffer = ReadBuffer(4)
        self.assertTrue(buffer.wants_more)
        buffer.feed(b"abcd")
        self.assertFalse(buffer.wants_more)
        buffer.ask(Until(b"\n"), Deferred())
        self.assertTrue(buffer.wants_more)
