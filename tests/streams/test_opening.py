"""The client's side of the opening handshake."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.opening import MAX_ANSWER, AnswerReader, Opening
from tests.support import ALL_BYTES

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
PLAIN = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nX: y\r\n\r\n"


class RequestTests(SynchronousTestCase):
    def test_whole(self) -> None:
        opening = Opening("h:8080", "/a?b", ("x", "y"), (b"X-Test", b"1"))
        self.assertEqual(
            opening.request(KEY, ["permessage-deflate"]),
            b"GET /a?b HTTP/1.1\r\n"
            b"Host: h:8080\r\n"
            b"Upgrade: websocket\r\n"
            b"Connection: Upgrade\r\n"
            b"Pragma: no-cache\r\n"
            b"Cache-Control: no-cache\r\n"
            b"User-Agent: eplua\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: x, y\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
            b"X-Test: 1\r\n\r\n",
        )

    def test_nothing_offered(self) -> None:
        request = Opening("h", "/").request(KEY, [])
        self.assertNotIn(b"Protocol", request)
        self.assertNotIn(b"Extensions", request)

    def test_own_fields_take_the_place_of_ours(self) -> None:
        """Host stays the first one."""
        headers = (b"x", b"1", b"USER-AGENT", b"me", b"host", b"other")
        lines = Opening("h", "/", (), headers).request(KEY, []).split(b"\r\n")
        self.assertEqual(lines[1], b"host: other")
        self.assertIn(b"USER-AGENT: me", lines)
        self.assertNotIn(b"User-Agent: eplua", lines)
        self.assertNotIn(b"Host: h", lines)

    def test_every_byte(self) -> None:
        value = bytes(set(ALL_BYTES) - {0, *b"\r\n"})
        request = Opening("h", "/", (), (b"X", value)).request(KEY, [])
        self.assertTrue(request.endswith(b"\r\nX: " + value + b"\r\n\r\n"))


class AnswerTests(SynchronousTestCase):
    def read(self, *pieces: bytes) -> bytes | None:
        reader = AnswerReader()
        for piece in pieces[:-1]:
            self.assertIsNone(reader.feed(piece))
        return reader.feed(pieces[-1])

    def refused(self, *pieces: bytes) -> tuple[str, str]:
        problem = self.assertRaises(OperationError, self.read, *pieces)
        return problem.code, problem.message

    def test_as_it_came(self) -> None:
        """What follows it is not touched."""
        self.assertEqual(self.read(PLAIN + ALL_BYTES), PLAIN + ALL_BYTES)

    def test_byte_by_byte(self) -> None:
        self.assertEqual(self.read(*(bytes([each]) for each in PLAIN)), PLAIN)

    def test_line_ends_of_devices(self) -> None:
        self.assertEqual(
            self.read(PLAIN.replace(b"\r\n", b"\n") + b"\n"), PLAIN + b"\n"
        )
        self.assertEqual(self.read(PLAIN.replace(b"y\r\n\r\n", b"y\n\r\n")), PLAIN)

    def test_what_is_not_ascii(self) -> None:
        """Nobody asks for such a field, and it is no reason to fail."""
        self.assertEqual(
            self.read(PLAIN.replace(b"X: y", b"X-Ger\xe4t: \xc3\xbc")),
            PLAIN.replace(b"X: y", b"X-Ger?t: ??"),
        )

    def test_folded_lines(self) -> None:
        self.assertEqual(
            self.read(PLAIN.replace(b"X: y", b"X: y\r\n \tz")),
            PLAIN.replace(b"X: y", b"X: y z"),
        )

    def test_informational_answers_before_it(self) -> None:
        early = (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        )
        self.assertEqual(self.read(early + PLAIN), PLAIN)
        self.assertEqual(self.read(early, PLAIN), PLAIN)
        self.assertEqual(self.refused(early, b"x"), self.refused(b"x"))

    def test_other_answers(self) -> None:
        """Autobahn judges them."""
        for status in (b"403 Forbidden", b"200 OK", b"301", b"1011 x"):
            answer = b"HTTP/1.1 %s\r\n\r\n" % status
            self.assertEqual(self.read(answer), answer)

    def test_what_is_not_http(self) -> None:
        """It is known at the first byte."""
        for begin in (b"SSH-2.0-x", b"\x16\x03", b"HTTQ", b"<html>", b"\0"):
            self.assertEqual(
                self.refused(begin), ("protocol", "the server's answer is not HTTP")
            )
        self.assertEqual(self.refused(b"HT", b"ML"), self.refused(b"x"))

    def test_endless(self) -> None:
        begin = b"HTTP/1.1 101 x\r\n"
        code, message = self.refused(begin + b"X: y\r\n" * (MAX_ANSWER // 6 + 1))
        self.assertEqual(code, "limit")
        self.assertIn(str(MAX_ANSWER), message)
        self.assertEqual(self.refused(begin, *[b"x" * 1000] * 300)[0], "limit")

    @given(st.binary())
    def test_any_bytes(self, data: bytes) -> None:
        """They are an answer in ASCII, or refused."""
        for whole in (data, b"HTTP/1.1 101 x\r\n" + data, PLAIN[:-2] + data):
            try:
                answer = AnswerReader().feed(whole)
            except OperationError:
                continue
            if answer is not None:
                head = answer.partition(b"\r\n\r\n")[0]
                self.assertTrue(head.isascii())
                self.assertTrue(head.startswith(b"HTTP/"))
