"""SOCKS 5 proxies: what is said to them, whatever they answer and however it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.socks import Socks
from tests.support.http_client import MemoryTestCase, answer

HELLO, HELLO_WITH_PASSWORD = b"\5\1\0", b"\5\2\0\2"
OPEN, WITH_PASSWORD, NONE = b"\5\0", b"\5\2", b"\5\xff"
CONNECTED = b"\5\0\0\1\0\0\0\0\0\0"


def talk(socks: Socks, *pieces: bytes) -> tuple[bytes, bytes | None]:
    """
    @return: all that is said, and what follows the negotiation; C{None}: it goes on
    """
    said, rest = socks.begin(), None
    for piece in pieces:
        assert rest is None
        more, rest = socks.receive(piece)
        said += more
    return said, rest


class SocksTests(SynchronousTestCase):
    def test_kinds_of_addresses(self) -> None:
        """The proxy looks names up."""
        for host, address in (
            ("example.com", b"\3\x0bexample.com"),
            ("192.0.2.1", b"\1\xc0\0\2\1"),
            ("2001:db8::1", b"\4\x20\1\x0d\xb8" + bytes(11) + b"\1"),
        ):
            self.assertEqual(
                talk(Socks(host, 8080, None), OPEN),
                (HELLO + b"\5\1\0" + address + b"\x1f\x90", None),
            )

    def test_name_that_is_too_long(self) -> None:
        problem = self.assertRaises(
            OperationError, talk, Socks("a" * 256, 1, None), OPEN
        )
        self.assertEqual(problem.code, "dns")

    def test_replies_with_each_kind_of_address(self) -> None:
        for bound in (b"\1" + bytes(4), b"\3\3abc", b"\3\0", b"\4" + bytes(16)):
            reply = b"\5\0\0" + bound + b"\0\0"
            for rest in (b"", b"rest"):
                self.assertEqual(talk(Socks("h", 1, None), OPEN, reply + rest)[1], rest)

    @given(st.lists(st.integers(1, 20), max_size=20))
    def test_any_cut(self, sizes: list[int]) -> None:
        answers = WITH_PASSWORD + b"\1\0" + CONNECTED + b"rest"
        socks = Socks("h", 1, b"us:er")
        said, rest, at = socks.begin(), None, 0
        # Each answer comes when what it answers was said, but may come in pieces.
        for end in (2, 4, len(answers)):
            while at < end and rest is None:
                size = min(sizes.pop() if sizes else 1, end - at)
                more, rest = socks.receive(answers[at : at + size])
                said, at = said + more, at + size
        self.assertEqual(
            said,
            HELLO_WITH_PASSWORD + b"\1\2us\2er" + b"\5\1\0\3\1h\0\1",
        )
        assert rest is not None
        self.assertEqual(rest + answers[at:], b"rest")

    def test_password_only_if_asked_for(self) -> None:
        said, _ = talk(Socks("h", 1, b"us:er"), OPEN)
        self.assertEqual(said, HELLO_WITH_PASSWORD + b"\5\1\0\3\1h\0\1")

    def test_failures(self) -> None:
        for user, answers, code in (
            (None, (NONE,), "denied"),
            (None, (WITH_PASSWORD,), "denied"),
            (b"us:er", (NONE,), "denied"),
            (b"us:er", (WITH_PASSWORD, b"\1\1"), "denied"),
            (b"u" * 256 + b":", (WITH_PASSWORD,), "denied"),
            (None, (b"\5\1",), "protocol"),
            (b"us:er", (b"\5\x80",), "protocol"),
            (None, (b"\4\0",), "protocol"),
            (None, (b"HTTP/1.1 400 Bad",), "protocol"),
            (None, (OPEN, b"\4\0\0\1"), "protocol"),
            (None, (OPEN, b"\5\0\0\7" + bytes(9)), "protocol"),
            (None, (OPEN, b"\5\1\0\1"), "protocol"),
            (None, (OPEN, b"\5\2\0\1"), "denied"),
            (None, (OPEN, b"\5\3"), "unreachable"),
            (None, (OPEN, b"\5\4\0\1"), "unreachable"),
            (None, (OPEN, b"\5\5\0\1"), "refused"),
            (None, (OPEN, b"\5\x63\0\1"), "protocol"),
        ):
            problem = self.assertRaises(
                OperationError, talk, Socks("h", 1, user), *answers
            )
            self.assertEqual(problem.code, code, answers)

    @given(st.lists(st.binary(min_size=1, max_size=30), max_size=6))
    def test_any_bytes(self, pieces: list[bytes]) -> None:
        socks = Socks("h", 1, b"us:er")
        try:
            for piece in pieces:
                if socks.receive(piece)[1] is not None:
                    break
        except OperationError as problem:
            self.assertIn(
                problem.code, ("protocol", "denied", "unreachable", "refused")
            )


class RequestTests(MemoryTestCase):
    PROXY = "{proxy = 'socks5://127.0.0.9'}"

    def test_http(self) -> None:
        """The server is asked as if there were no proxy, and the way is kept."""
        peer = self.ask(url="http://example.com/a", options=self.PROXY)
        self.assertEqual(self.reactor.tcpClients[0][:2], ("127.0.0.9", 1080))
        self.assertEqual(peer.received(), HELLO)
        self.assertIn(b"example.com", peer.ask(OPEN))
        sent = peer.ask(CONNECTED)
        self.assertTrue(sent.startswith(b"GET /a HTTP/1.1\r\nHost: example.com\r\n"))
        peer.send(answer())
        self.run_lua("client:request('http://example.com/b', params)")
        self.assertTrue(peer.received().startswith(b"GET /b "))

    def test_https(self) -> None:
        peer = self.ask(url="https://example.com/", options=self.PROXY)
        peer.received()
        peer.ask(OPEN)
        self.assertEqual(peer.ask(CONNECTED)[:2], b"\x16\x03")

    def test_other_servers_have_ways_of_their_own(self) -> None:
        for host in ("one.example", "two.example"):
            peer = self.ask(url=f"http://{host}/", options=self.PROXY)
            peer.send(OPEN)
            peer.send(CONNECTED)
            peer.send(answer())
        self.assertEqual(len(self.reactor.tcpClients), 2)

    def test_failure(self) -> None:
        peer = self.ask(options=self.PROXY)
        peer.send(OPEN)
        peer.send(b"\5\5\0\1" + bytes(6))
        self.assertEqual(self.lines, [b"error\tConnection refused\trefused"])
        self.turn()
        self.assertTrue(peer.gone)

    def test_proxy_that_says_nothing(self) -> None:
        peer = self.ask(options="{proxy = 'socks5://127.0.0.9', timeout = 1000}")
        self.reactor.advance(1)
        self.turn()
        self.assertEqual(self.lines, [b"error\tOperation canceled\ttimeout"])
        self.assertTrue(peer.gone)

    def test_proxy_that_closes(self) -> None:
        self.ask(options=self.PROXY).close()
        self.assertEqual(self.lines, [b"error\tEnd of file\teof"])
