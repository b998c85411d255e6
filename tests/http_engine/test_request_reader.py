"""Requests are read strictly, and the same however they are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.http_engine.request_reader import (
    Refused,
    RequestHead,
    RequestReader,
)


class Events:
    """
    What a reader told: heads, bodies as a whole, C{"end"} of each request.
    """

    def __init__(self) -> None:
        self.told: list[object] = []
        self.head: RequestHead | None = None
        self._body = b""

    def head_received(self, head: RequestHead) -> None:
        self.head = head
        self.told.append((head.method, head.target, head.minor, tuple(head.headers)))

    def body_received(self, data: bytes) -> None:
        self._body += data

    def request_received(self) -> None:
        self.told.append(self._body)
        self._body = b""


def read(*pieces: bytes) -> list[object]:
    """The events of what a client sends; at the end, what it is refused with."""
    events = Events()
    reader = RequestReader(events)
    try:
        for piece in pieces:
            reader.feed(piece)
    except Refused as refused:
        events.told.append(refused.status)
    return events.told


HOST = b"Host: a\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST /p HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


class RequestTests(SynchronousTestCase):
    def test_a_request_is_a_head_and_an_end(self) -> None:
        self.assertEqual(
            read(GET + b"X-Case: Kept\r\n\r\n"),
            [(b"GET", b"/", 1, ((b"Host", b"a"), (b"X-Case", b"Kept"))), b""],
        )

    def test_bodies_by_length_and_in_chunks(self) -> None:
        self.assertEqual(read(POST + b"Content-Length: 5\r\n\r\nhello")[1], b"hello")
        self.assertEqual(
            read(CHUNKED + b"3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n")[1],
            b"hello",
        )

    def test_requests_may_follow_each_other(self) -> None:
        told = read((GET + b"\r\n") * 3)
        self.assertEqual(len(told), 6)

    def test_nothing_is_read_after_the_last_request(self) -> None:
        told = read(GET + b"Connection: close\r\n\r\n", GET + b"\r\n", b"\0\xff")
        self.assertEqual(len(told), 2)
        self.assertEqual(len(read(GET + b"Connection: close\r\n\r\n" + GET)), 2)

    @given(
        st.lists(st.integers(1, 400), max_size=12),
        st.sampled_from((b"", b"BREW / HTTP/1.1\r\n", b"\x16\x03", b"GET / ICY")),
    )
    def test_each_split_gives_the_same_events(
        self, cuts: list[int], last: bytes
    ) -> None:
        """What ends in a refusal has the same one, too."""
        data = (
            POST
            + b"Content-Length: 5\r\n\r\nhello"
            + CHUNKED
            + b"a\r\n0123456789\r\n0\r\n\r\n"
            + GET
            + b"X: y\r\n\r\n"
            + last
        )
        edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
        pieces = [data[start:end] for start, end in pairwise(edges)]
        self.assertEqual(read(*pieces), read(data))

    @given(st.lists(st.binary(max_size=60), max_size=6))
    def test_any_bytes_are_read_or_refused(self, pieces: list[bytes]) -> None:
        read(GET, *pieces)
        read(CHUNKED, *pieces)
        read(*pieces)


class RefusedTests(SynchronousTestCase):
    """What two readers could understand in two ways, and what is too much."""

    def test_framing_that_could_be_read_in_two_ways(self) -> None:
        for head in (
            b"Content-Length: 5\r\nContent-Length: 6\r\n",
            b"Content-Length: 5\r\nContent-Length: 5\r\n",
            b"Content-Length: 5, 5\r\n",
            b"Content-Length: +5\r\n",
            b"Content-Length: -5\r\n",
            b"Content-Length: 0x5\r\n",
            b"Content-Length: 5 5\r\n",
            b"Content-Length:\r\n",
            b"Content-Length : 5\r\n",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            b"Transfer-Encoding: identity\r\n",
            b"Transfer-Encoding: chunked, identity\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Transfer-Encoding: \x0bchunked\r\n",
            b"Transfer-Encoding : chunked\r\n",
            b"X: a\r\n Content-Length: 5\r\n",
            b"X: a\rContent-Length: 5\r\n",
            b"X: a\nContent-Length: 5\r\n",
            b"X: a\0b\r\n",
            b"X\xe4: a\r\n",
            b": a\r\n",
            b"X\r\n",
        ):
            self.assertIn(400, read(POST + head + b"\r\nhello"), head)

    def test_transfer_codings_that_nobody_undoes(self) -> None:
        """A script would be given the coded body for the plain one."""
        for head in (
            b"Transfer-Encoding: gzip, chunked\r\n",
            b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: ,chunked\r\n",
        ):
            told = read(POST + head + b"\r\n5\r\nhello\r\n0\r\n\r\n")
            self.assertEqual(told, [501], head)

    def test_chunks_in_http_1_0(self) -> None:
        """RFC 9112, 6.1: a proxy of that version forwards what it takes for no body."""
        head = b"POST / HTTP/1.0\r\nConnection: keep-alive\r\n"
        body = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        self.assertEqual(read(head + body + GET + b"\r\n"), [400])

    def test_a_connection_that_closes_is_not_kept(self) -> None:
        """RFC 9112, 9.3: C{close} counts more than C{keep-alive}, in each version."""
        for line in (b"GET / HTTP/1.0\r\n", GET):
            for head in (
                b"Connection: keep-alive\r\nConnection: close\r\n",
                b"Connection: close, keep-alive\r\n",
            ):
                self.assertEqual(len(read(line + head + b"\r\n" + GET + b"\r\n")), 2)

    def test_connect_is_for_proxies(self) -> None:
        self.assertEqual(read(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"), [501])

    def test_chunks_that_could_be_read_in_two_ways(self) -> None:
        for chunk in (
            b"5 \r\nhello\r\n0\r\n\r\n",
            b"0x5\r\nhello\r\n",
            b"+5\r\nhello\r\n",
            b"-5\r\nhello\r\n",
            b"5\nhello\n0\n\n",
            b"5\r\nhelloX\r\n",
            b"FFFFFFFFFFFFFFFFF\r\n",
            b"\r\nhello",
            b"5;a\0\r\nhello\r\n",
        ):
            self.assertEqual(read(CHUNKED + chunk)[-1], 400, chunk)

    def test_request_lines(self) -> None:
        for line, status in (
            (b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400),
            (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
            (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 400),
            (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
            (b"GET /\r\n\r\n", 505),
            (b"BREW /pot HTTP/1.1\r\n" + HOST + b"\r\n", 501),
            (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
            (b"\x16\x03\x01\x02\x00", 501),
        ):
            self.assertEqual(read(line)[-1], status, line)

    def test_one_host(self) -> None:
        """RFC 9112, 3.2: HTTP/1.1 has exactly one, HTTP/1.0 at most one."""
        for text, status in (
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (GET + HOST + b"\r\n", 400),
            (b"GET / HTTP/1.0\r\n" + HOST * 2 + b"\r\n", 400),
            (b"GET / HTTP/1.0\r\n\r\n", b""),
        ):
            self.assertEqual(read(text)[-1], status, text)

    def test_a_host_that_is_none(self) -> None:
        """RFC 9112, 3.2: a value that cannot be a host and port is refused."""
        for value in (b"a b", b"a/b", b"u@a", b"a, b", b"a?b", b"a\\b"):
            head = b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"
            self.assertEqual(read(head)[-1], 400, value)
        for value in (b"", b"my_device", b"[::1]:80", b"a.b:8080", b"[fe80::1%25lo]"):
            head = b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"
            self.assertEqual(read(head)[-1], b"", value)

    def test_bounds(self) -> None:
        long = b"x" * 20_000
        for text, status in (
            (b"GET /" + long + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
            (b"GET /" + long, 414),
            (GET + b"X: " + long + b"\r\n\r\n", 431),
            (GET + b"X: " + long, 431),
            (b"GET / HTTP/1.1\r\nX: " + long, 431),
            (GET + b"X: y\r\n" * 600 + b"\r\n", 431),
            (CHUNKED + b"5;" + long, 400),
            (CHUNKED + b"0\r\nX: " + long, 400),
            (CHUNKED + b"0\r\n" + b"X: y\r\n" * 600, 431),
        ):
            pieces = [text[at : at + 1000] for at in range(0, len(text), 1000)]
            self.assertEqual(read(*pieces)[-1], status, text[:40])

    def test_bounds_of_a_head_that_comes_at_once(self) -> None:
        long = b"x" * 20_000
        self.assertEqual(read(b"GET /" + long)[-1], 414)
        self.assertEqual(read(b"GET / HTTP/1.1\r\nX: " + long)[-1], 431)
        self.assertEqual(read(GET + b"X: " + long + b"\r\n\r\n")[-1], 431)


class UpgradeTests(SynchronousTestCase):
    def upgrading(self, rest: bytes) -> tuple[Events, RequestReader, bytes | None]:
        events = Events()
        reader = RequestReader(events)
        return (
            events,
            reader,
            reader.feed(
                POST
                + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\n"
                + rest
            ),
        )

    def test_what_follows_is_given_back(self) -> None:
        events, _, rest = self.upgrading(b"\x81\x01x")
        self.assertEqual(rest, b"\x81\x01x")
        assert events.head is not None
        self.assertTrue(events.head.upgrade)
        self.assertEqual(len(events.told), 1)

    def test_declined_it_is_an_ordinary_request(self) -> None:
        """Its body follows, and the next request."""
        events, reader, rest = self.upgrading(b"hel")
        assert events.head is not None and rest is not None
        self.assertIsNone(reader.decline_upgrade(events.head, rest))
        reader.feed(b"lo" + GET + b"\r\n")
        self.assertEqual(events.told[1], b"hello")
        self.assertEqual(len(events.told), 4)


class ProblemTests(SynchronousTestCase):
    def test_what_an_event_raises_comes_out(self) -> None:
        """As it was raised, and not as an error of the parser."""
        for name in ("head_received", "body_received", "request_received"):
            events = Events()

            def fail(*_: object) -> None:
                raise LookupError("mine")

            setattr(events, name, fail)
            reader = RequestReader(events)
            with self.assertRaises(LookupError):
                reader.feed(POST + b"Content-Length: 1\r\n\r\nx")
