"""Responses are read as tolerantly as curl and requests do, however they are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.http_engine.response_reader import ResponseHead, ResponseReader


class Events:
    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.codings: list[bytes] = []
        self.body = b""
        self.reusable: bool | None = None

    def head_received(self, head: ResponseHead, codings: list[bytes]) -> None:
        self.head, self.codings = head, codings

    def body_received(self, data: bytes) -> None:
        self.body += data

    def response_received(self, reusable: bool) -> None:
        self.reusable = reusable


def read(
    *pieces: bytes, head_only: bool = False, clean: bool | None = None
) -> tuple[int | None, bytes, bool | None, str | None]:
    """
    Status, body, whether the connection may serve again (C{None}: not complete), and
    the code of an error.

    @param clean: how the connection ends; C{None}: it does not
    """
    events = Events()
    reader = ResponseReader(events, head_only)
    code = None
    try:
        for piece in pieces:
            reader.feed(piece)
        if clean is not None:
            reader.end(clean)
    except OperationError as problem:
        code = problem.code
    status = events.head.status if events.head else None
    return status, events.body, events.reusable, code


OK = b"HTTP/1.1 200 OK\r\n"
FIVE = b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class BodyTests(SynchronousTestCase):
    def test_kinds_of_bodies(self) -> None:
        for text, result in (
            (OK + FIVE, (200, b"hello", True, None)),
            (OK + b"Content-Length: 0\r\n\r\n", (200, b"", True, None)),
            (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", (200, b"hello", True, None)),
            (OK + b"\r\nhello", (200, b"hello", None, None)),
            (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True, None)),
            (b"HTTP/1.1 304 Not Modified\r\n\r\n", (304, b"", True, None)),
            (OK + b"Connection: close\r\n" + FIVE, (200, b"hello", False, None)),
            (b"HTTP/1.0 200 OK\r\n" + FIVE, (200, b"hello", False, None)),
            (
                b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n" + FIVE,
                (200, b"hello", True, None),
            ),
        ):
            self.assertEqual(read(text), result, text)

    def test_head_has_no_body(self) -> None:
        self.assertEqual(
            read(OK + b"Content-Length: 5\r\n\r\n", head_only=True),
            (200, b"", True, None),
        )

    def test_a_part_of_a_body_is_never_a_success(self) -> None:
        for text in (OK + FIVE[:-1], CHUNKED + b"5\r\nhel", CHUNKED, OK[:-4], b""):
            self.assertEqual(read(text, clean=True)[2:], (None, "eof"), text)
            self.assertEqual(read(text, clean=False)[2:], (None, "reset"), text)
        until = OK + b"\r\nhello"
        self.assertEqual(read(until, clean=True), (200, b"hello", False, None))
        self.assertEqual(read(until, clean=False)[2:], (None, "reset"))

    def test_informational_responses_come_before(self) -> None:
        self.assertEqual(
            read(
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\n"
                + OK
                + FIVE
            ),
            (200, b"hello", True, None),
        )

    def test_what_follows_ends_the_trust(self) -> None:
        """A connection with bytes that nobody asked for serves no other request."""
        self.assertEqual(read(OK + FIVE + b"x"), (200, b"hello", False, None))
        self.assertEqual(
            read(CHUNKED + b"0\r\n\r\nHTTP/1.1 200 OK"), (200, b"", False, None)
        )
        for text in (
            b"HTTP/1.1 204 No Content\r\n" + FIVE,
            OK + b"Content-Length: 0\r\n\r\nx",
        ):
            self.assertEqual(read(text)[1:3], (b"", False), text)
        self.assertEqual(read(OK + FIVE, head_only=True)[1:3], (b"", False))

    @given(st.lists(st.integers(1, 300), max_size=12))
    def test_each_split_gives_the_same(self, cuts: list[int]) -> None:
        for data in (
            b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"X: a\r\n b\r\n" + FIVE,
            CHUNKED + b"5;x\r\nhello\r\na\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
            b"HTTP/1.0 200\n\nhello",
        ):
            edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
            pieces = [data[start:end] for start, end in pairwise(edges)]
            self.assertEqual(read(*pieces, clean=True), read(data, clean=True))

    @given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
    def test_any_bytes_are_read_or_an_error(
        self, pieces: list[bytes], clean: bool
    ) -> None:
        for start in (b"", OK, CHUNKED, OK + b"\r\n"):
            status, _, reusable, code = read(start, *pieces, clean=clean)
            self.assertTrue(code or (status and reusable is not None))
            self.assertIn(code, (None, "eof", "reset", "protocol", "limit"))


class ToleranceTests(SynchronousTestCase):
    """What both curl and requests accept is accepted."""

    def test_odd_heads(self) -> None:
        for head in (
            b"HTTP/1.1 200\r\n",
            b"HTTP/1.1 200 \r\n",
            b"HTTP/1.1  200 OK\r\n",
            b"\r\n\r\nHTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\nX-Ger\xc3\xa4t: x\r\n",
            b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\n",
            b"HTTP/1.1 200 OK\r\nX:\r\n",
            b"HTTP/1.1 200 OK\r\n: no name\r\n",
            b"HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\n",
            b"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        ):
            self.assertEqual(read(head + FIVE)[:2], (200, b"hello"), head)

    def test_odd_lengths(self) -> None:
        for length in (
            b"Content-Length : 5",
            b"Content-Length: +5",
            b"Content-Length: 005",
            b"Content-Length:5",
            b"content-length:   5   ",
            b"Content-Length: 5, 5",
        ):
            self.assertEqual(
                read(OK + length + b"\r\n\r\nhello"),
                (200, b"hello", True, None),
                length,
            )

    def test_odd_chunks(self) -> None:
        for chunks in (
            b"5  \r\nhello\r\n0\r\n\r\n",
            b'5;\r\nhello\r\n0;x="y"\r\n\r\n',
            b"5\nhello\n0\n\n",
            b"0005\r\nhello\r\n000\r\n\r\n",
            b"5\r\nhello\r\n0\r\nTrailer: x\r\nnonsense\r\n\r\n",
        ):
            self.assertEqual(
                read(CHUNKED + chunks), (200, b"hello", True, None), chunks
            )

    def test_line_ends_without_carriage_return(self) -> None:
        self.assertEqual(
            read(b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
            (200, b"hello", True, None),
        )

    def test_transfer_codings_besides_chunked(self) -> None:
        events = Events()
        ResponseReader(events).feed(
            OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
        )
        self.assertEqual((events.codings, events.body), ([b"gzip"], b"x"))

    def test_a_length_beside_chunks_ends_the_trust(self) -> None:
        """The chunks count; the connection serves no other request."""
        self.assertEqual(
            read(
                OK + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"5\r\nhello\r\n0\r\n\r\n"
            ),
            (200, b"hello", False, None),
        )


class RefusedTests(SynchronousTestCase):
    def test_what_is_not_http(self) -> None:
        for text in (
            b"HTTP 200 OK\r\n\r\n",
            b"HTTP/1.1 OK\r\n\r\n",
            b"HTTP/1.1 20 OK\r\n\r\n",
            b"HTTP/1.1 099 OK\r\n\r\n",
            b"HTTP/2 200\r\n\r\n",
            b"SSH-2.0-OpenSSH",
            b"\x15\x03\x01\x00\x02\x02",
            OK + b"no colon\r\n\r\n",
            OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            OK + b"Content-Length: x\r\n\r\n",
            OK + b"Content-Length: 99999999999999999999\r\n\r\n",
            OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            CHUNKED + b"x\r\n",
            CHUNKED + b"-5\r\n",
            CHUNKED + b"FFFFFFFFFFFFFFFFF\r\n",
            CHUNKED + b"5\r\nhelloX\r\n",
            CHUNKED + b"5;" + b"x" * 5000,
        ):
            self.assertEqual(read(text)[3], "protocol", text[:60])

    def test_what_came_is_shown_as_text(self) -> None:
        problem = self.assertRaises(
            OperationError, ResponseReader(Events()).feed, b"HTTP \xff OK\r\n\r\n"
        )
        self.assertEqual(
            problem.message, 'the answer is not HTTP: status line "HTTP \\xff OK"'
        )

    def test_bounds(self) -> None:
        for text, code in (
            (OK + b"X: " + b"x" * 300_000, "limit"),
            (OK + b"X: y\r\n" * 1001 + b"\r\n", "limit"),
            (b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000, "limit"),
            (CHUNKED + b"0\r\n" + b"X: y\r\n" * 20_000, "protocol"),
            (b"\r\n" * 3_000, "protocol"),
        ):
            self.assertEqual(read(text)[3], code, text[:40])
            pieces = [text[at : at + 10_000] for at in range(0, len(text), 10_000)]
            self.assertEqual(read(*pieces)[3], code, text[:40])
