"""What goes wrong with HTTP requests, and how they end."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import brotli

from eplua_twisted.http_engine.bounds import MAX_RESPONSE_HEAD
from tests.support import RemotePeer, for_each_lua
from tests.support.http_client import MemoryTestCase, answer


class FailureTests(MemoryTestCase):
    """Each error, once, with its word."""

    def after(
        self,
        *chunks: bytes,
        lost: Callable[[RemotePeer], None] | None = None,
        params: str = "params",
        options: str = "",
    ) -> bytes:
        peer = self.ask(params, options=options)
        peer.send(*chunks)
        if lost is not None:
            lost(peer)
        self.turn()
        (line,) = self.lines
        self.lines.clear()
        return line

    def test_refused(self) -> None:
        self.run_lua("net.HTTPClient():request('http://127.0.0.1/', params)")
        self.reactor.refuse()
        self.assertEqual(self.lines, [b"error\tConnection refused\trefused"])

    def test_closed_without_an_answer(self) -> None:
        self.assertEqual(self.after(lost=RemotePeer.close), b"error\tEnd of file\teof")

    def test_closed_in_the_headers(self) -> None:
        self.assertEqual(
            self.after(b"HTTP/1.1 200 OK\r\nX: ", lost=RemotePeer.close),
            b"error\tEnd of file\teof",
        )

    def test_closed_in_the_body(self) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"
        for data in (answer(bytes(99))[:-1], chunked):
            self.assertEqual(
                self.after(data, lost=RemotePeer.close), b"error\tEnd of file\teof"
            )

    def test_a_part_of_a_body_without_a_length(self) -> None:
        """Its end is the end of the connection, and a reset is none."""
        part = b"HTTP/1.1 200 OK\r\n\r\nhello"
        self.assertEqual(self.after(part, lost=RemotePeer.close), b"200\t5")
        self.assertEqual(
            self.after(part, lost=RemotePeer.reset),
            b"error\tConnection reset by peer\treset",
        )

    def test_reset(self) -> None:
        self.assertEqual(
            self.after(lost=RemotePeer.reset),
            b"error\tConnection reset by peer\treset",
        )

    def test_not_http(self) -> None:
        for data in (
            b"SSH-2.0-OpenSSH\r\n\r\n",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP 200 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ):
            line = self.after(data)
            self.assertTrue(
                line.startswith(b"error\tthe answer is not HTTP: "), (data, line)
            )
            self.assertTrue(line.endswith(b"\tprotocol"), line)

    def test_endless_headers(self) -> None:
        peer = self.ask()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        for number in range(MAX_RESPONSE_HEAD // 1000 + 1):
            peer.send(b"X-%d: " % number + b"x" * 1000 + b"\r\n")
        self.turn()
        self.assertTrue(peer.gone)
        self.assertEqual(
            self.lines,
            [
                b"error\tthe answer's head is longer than 262144 bytes (no option moves"
                b" this bound)\tlimit"
            ],
        )

    def test_too_many_headers(self) -> None:
        for count in (999, 1000):
            data = answer(b"", b"200 OK", *[b"X-%d: y" % n for n in range(count)])
            self.ask(options="{persistent = false}").send(data)
        self.assertEqual(
            self.lines,
            [
                b"200\t0",
                b"error\tthe answer has more than 1000 headers (no option moves this"
                b" bound)\tlimit",
            ],
        )

    def test_endless_informational_answers(self) -> None:
        peer = self.ask()
        for _ in range(MAX_RESPONSE_HEAD // 1000 + 1):
            peer.send(b"HTTP/1.1 102 P\r\nX: " + b"x" * 1000 + b"\r\n\r\n")
        self.turn()
        self.assertTrue(peer.gone)

    def test_endless_parts_of_chunks(self) -> None:
        """A chunk's line, empty lines before the answer, and what follows the last one."""
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for beginning, piece in (
            (chunked, b"0" * 1000),
            (chunked + b"5;", b"x" * 1000),
            (chunked + b"0\r\n", b"X: " + b"y" * 995 + b"\r\n"),
            (chunked + b"0\r\nX: ", b"y" * 1000),
        ):
            peer = self.ask()
            peer.send(beginning)
            for _ in range(70):
                if not peer.gone:
                    peer.send(piece)
                self.turn()
            self.assertTrue(peer.gone, beginning)
            self.assertTrue(self.lines.pop().endswith(b"\tprotocol"))

    def test_endless_body_in_the_smallest_chunks(self) -> None:
        """It is bounded as any other."""
        peer = self.ask(options="{maxSize = 100000}")
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(11):
            if not peer.gone:
                peer.send(b"1\r\nx\r\n" * 10_000)
            self.turn()
        self.assertTrue(peer.gone)
        self.assertTrue(self.lines[0].endswith(b"(option maxSize)\tlimit"))

    def test_small_chunks_make_the_whole(self) -> None:
        data = bytes(range(256)) * 20
        chunks = b"".join(b"1\r\n%c\r\n" % each for each in data) + b"0\r\n\r\n"
        got: list[bytes] = []
        self.runtime.expose("take", got.append)
        peer = self.ask("{success = function(r) take(r.data) end}")
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        self.assertEqual(got, [data])

    def test_too_large(self) -> None:
        """It is refused as soon as it is seen, and the connection closed."""
        peer = self.ask(options="{maxSize = 10}")
        peer.send(answer(bytes(99))[:-50])
        self.turn()
        self.assertTrue(peer.gone)
        self.assertEqual(
            self.lines,
            [b"error\tthe body is longer than 10 bytes (option maxSize)\tlimit"],
        )

    def test_just_not_too_large(self) -> None:
        self.ask(options="{maxSize = 10}").send(answer(bytes(10)))
        self.assertEqual(self.lines, [b"200\t10"])

    def test_bomb(self) -> None:
        """Decoded bytes count."""
        for name, bomb in (
            (b"gzip", gzip.compress(bytes(10_000_000))),
            (b"br", brotli.compress(bytes(10_000_000))),
        ):
            line = self.after(
                answer(bomb, b"200 OK", b"Content-Encoding: " + name),
                options="{maxSize = 1000000}",
            )
            self.assertTrue(line.endswith(b"(option maxSize)\tlimit"), line)

    def test_broken_encoding(self) -> None:
        for body in (b"no gzip", gzip.compress(b"abc")[:-5]):
            line = self.after(answer(body, b"200 OK", b"Content-Encoding: gzip"))
            self.assertTrue(line.startswith(b"error\tthe body is not valid gzip"), line)
            self.assertTrue(line.endswith(b"\tprotocol"), line)

    def test_too_many_encodings(self) -> None:
        line = self.after(
            answer(b"x", b"200 OK", b"Content-Encoding: " + b", ".join([b"gzip"] * 9))
        )
        self.assertTrue(line.endswith(b"\tlimit"), line)

    def test_timeout(self) -> None:
        """Connecting, waiting for the answer, and in a body that stalls."""
        for chunks in ((), (b"HTTP/1.1 200",), (answer(bytes(9))[:-1],)):
            peer = self.ask(options="{timeout = 2000}")
            peer.send(*chunks)
            self.reactor.advance(1.9)
            self.assertEqual(self.lines, [])
            self.reactor.advance(0.1)
            self.assertEqual(self.lines, [b"error\tOperation canceled\ttimeout"])
            self.turn()
            self.assertTrue(peer.gone)
            self.lines.clear()

    def test_timeout_while_connecting(self) -> None:
        self.run_lua("net.HTTPClient():request('http://127.0.0.1/', params)")
        self.reactor.advance(30)
        self.assertEqual(self.lines, [b"error\tOperation canceled\ttimeout"])

    def test_timeout_of_the_request(self) -> None:
        """It goes before the client's; 0 is none."""
        self.run_lua(
            """
            local c = net.HTTPClient({timeout = 1000})
            c:request("http://127.0.0.1/", {options = {timeout = 50}, error = function() print(50) end})
            c:request("http://127.0.0.1/", {options = {timeout = 0}, error = function() print(0) end})
            """
        )
        self.reactor.advance(0.05)
        self.reactor.advance(100)
        self.assertEqual(self.lines, [b"50"])

    def test_no_error_callback(self) -> None:
        """One warning, with the line of the request."""
        self.ask("{success = show}").close()
        self.assertWarned("test.lua:1: End of file (eof; no error callback was given)")


class CancelTests(MemoryTestCase):
    def test_in_every_state(self) -> None:
        """Waiting, connecting, sent, in the middle of the body, done, twice."""
        for chunks in ((), (b"HTTP/1.1 200 OK\r\n",), (answer(bytes(99))[:-9],)):
            peer = self.ask()
            peer.send(*chunks)
            self.run_lua("request:cancel() request:cancel()")
            self.turn()
            self.assertTrue(peer.gone)
        self.ask().send(answer())
        self.assertEqual(self.lines, [b"200\t0"])
        self.run_lua("request:cancel()")

    def test_connecting(self) -> None:
        self.run_lua("net.HTTPClient():request('http://127.0.0.1/', params):cancel()")
        self.run_lua("print(eplua.stats().HTTPRequest)")
        self.assertEqual(self.lines, [b"nil"])

    def test_one_that_waits_for_room(self) -> None:
        self.run_lua(
            "local c = net.HTTPClient({maxConnectionsPerHost = 1})"
            " c:request('http://127.0.0.1/1', params)"
            " c:request('http://127.0.0.1/2', params):cancel()"
            " c:request('http://127.0.0.1/3', params)"
        )
        peer = self.accept()
        peer.send(answer())
        self.assertIn(b"GET /3 ", peer.received())

    def test_in_its_own_chunk(self) -> None:
        peer = self.ask(
            "{data = function(chunk) print(chunk) request:cancel() end, success = show, error = print}"
        )
        peer.send(answer(b"abcd")[:-2], b"cd")
        self.assertEqual(self.lines, [b"ab"])
        self.turn()
        self.assertTrue(peer.gone)

    def test_after_a_body_is_all_here(self) -> None:
        """A connection that may serve another request is not closed."""
        peer = self.ask("{data = function(chunk) print(chunk) request:cancel() end}")
        peer.send(answer(b"abcd"))
        self.assertEqual(self.lines, [b"abcd"])
        self.ask().send(answer())


globals().update(for_each_lua(FailureTests))
