"""Bodies that come in pieces, and redirects."""

from __future__ import annotations

import gzip

import brotli

from tests.support import RemotePeer, for_each_lua
from tests.support.http_client import MemoryTestCase, answer


class StreamTests(MemoryTestCase):
    STREAM = (
        "{data = function(c) print('chunk', c) end, success = function(r) print(r.status, #r.data) end,"
        " error = print}"
    )
    EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nX: y\r\n\r\n"

    def test_data(self) -> None:
        peer = self.ask(self.STREAM)
        peer.send(answer(b"abcd")[:-2], b"cd")
        self.assertEqual(self.lines, [b"chunk\tab", b"chunk\tcd", b"200\t0"])

    def test_data_is_decoded(self) -> None:
        peer = self.ask(self.STREAM)
        peer.send(answer(gzip.compress(b"ab"), b"200 OK", b"Content-Encoding: gzip"))
        self.assertEqual(self.lines, [b"chunk\tab", b"200\t0"])

    def test_data_has_a_limit_only_on_request(self) -> None:
        self.run_lua("n = 0 params.data = function(c) n = n + #c end")
        peer = self.ask()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(70):
            peer.send(bytes(1024 * 1024))
        peer.close()
        self.run_lua("print(n)")
        self.assertEqual(self.lines, [b"200\t0", b"%d" % (70 * 1024 * 1024)])
        self.ask(options="{maxSize = 3}").send(answer(b"abcd"))
        self.assertTrue(self.lines[-1].endswith(b"limit"))

    def test_data_then_an_error(self) -> None:
        peer = self.ask(self.STREAM)
        peer.send(answer(b"abcd")[:-2])
        peer.close()
        self.assertEqual(self.lines, [b"chunk\tab", b"End of file\teof"])

    def test_error_in_data(self) -> None:
        peer = self.ask("{data = function() error('oops') end, success = show}")
        peer.send(answer(b"abcd"))
        self.assertIn("oops", self.errors[0])
        self.assertEqual(self.lines, [b"200\t0"])

    def test_events(self) -> None:
        """Success for each chunk, then an error: as HC3."""
        peer = self.ask(
            "{success = function(r) print(r.status, r.data, r.headers.x) end, error = print}"
        )
        peer.send(self.EVENTS, b"one", b"two")
        self.assertEqual(self.lines, [b"200\tone\ty", b"200\ttwo\ty"])
        peer.close()
        self.assertEqual(self.lines[2:], [b"End of file\teof"])

    def test_events_time_out_when_silent(self) -> None:
        peer = self.ask(
            "{options = {timeout = 1000}, success = function(r) print(r.data) end, error = print}"
        )
        peer.send(self.EVENTS)
        for _ in range(3):
            self.reactor.advance(0.9)
            peer.send(b"x")
        self.assertEqual(self.lines, [b"x"] * 3)
        self.reactor.advance(1)
        self.assertEqual(self.lines[3:], [b"Operation canceled\ttimeout"])
        self.turn()
        self.assertTrue(peer.gone)

    def test_events_cancelled(self) -> None:
        peer = self.ask(
            "{success = function(r) print(r.data) request:cancel() end, error = print}"
        )
        peer.send(self.EVENTS, b"one", b"two")
        self.assertEqual(self.lines, [b"one"])
        self.turn()
        self.assertTrue(peer.gone)

    def test_script_behind(self) -> None:
        """A script that is behind has the server wait, and nothing more decoded."""
        peer = self.ask(self.STREAM)
        encoded = brotli.compress(b"x" * 200_000)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: %d\r\n\r\n"
        self.run_lua("params = nil")
        peer.send(head % len(encoded))
        self.press()
        self.assertTrue(peer.paused)
        peer.push(encoded)
        self.assertEqual(self.lines, [])
        self.release()
        self.reactor.settle()
        self.assertEqual(sum(len(line) - 6 for line in self.lines[:-1]), 200_000)
        self.assertEqual(self.lines[-1], b"200\t0")

    def test_script_behind_when_the_answer_comes(self) -> None:
        peer = self.ask(self.STREAM)
        self.press()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        self.assertTrue(peer.paused)
        self.release()
        self.assertFalse(peer.paused)
        peer.send(b"abcd")
        self.assertEqual(self.lines, [b"chunk\tabcd", b"200\t0"])


class RedirectTests(MemoryTestCase):
    def follow(
        self,
        status: int,
        location: bytes,
        options: str = "redirects = 3",
        url: str = "http://127.0.0.1/a",
    ) -> RemotePeer:
        """What is on the connection after a redirect."""
        peer = self.ask(
            f"{{options = {{{options}}}, success = function(r) print(r.status, r.url) end, error = print}}",
            url,
        )
        peer.received()
        peer.send(answer(b"moved", b"%d X" % status, b"Location: " + location))
        return peer

    def test_not_followed(self) -> None:
        """Unless asked for; HC3 scripts do it themselves."""
        self.follow(302, b"/b", "")
        self.assertEqual(self.lines, [b"302\thttp://127.0.0.1/a"])

    def test_followed(self) -> None:
        for status in (301, 302, 303, 307, 308):
            peer = self.follow(status, b"b?c")
            self.assertTrue(peer.received().startswith(b"GET /b?c HTTP/1.1"))
            peer.send(answer())
            self.assertEqual(self.lines.pop(), b"200\thttp://127.0.0.1/b?c")
            peer.close()

    def test_to_another_port(self) -> None:
        self.follow(302, b"http://127.0.0.1:81/x")
        peer = self.accept()
        self.assertTrue(peer.received().startswith(b"GET /x "))
        peer.send(answer())
        self.assertEqual(self.lines, [b"200\thttp://127.0.0.1:81/x"])

    def test_post_becomes_get(self) -> None:
        for status in (301, 302, 303):
            peer = self.follow(
                status, b"/b", "redirects = 1, method = 'POST', json = {}"
            )
            sent = peer.received()
            self.assertTrue(sent.startswith(b"GET /b "))
            self.assertNotIn(b"Content-Type", sent)
            peer.send(answer())
            peer.close()

    def test_post_stays_post(self) -> None:
        for status in (307, 308):
            peer = self.follow(
                status, b"/b", "redirects = 1, method = 'POST', data = 'body'"
            )
            sent = peer.received()
            self.assertTrue(sent.startswith(b"POST /b "))
            self.assertTrue(sent.endswith(b"\r\n\r\nbody"))
            peer.send(answer())
            peer.close()

    def test_secrets_stay(self) -> None:
        """Another origin gets only what is known to be no secret."""
        options = (
            "redirects = 1, user = 'u', password = 'p', headers = {Cookie = 'a=b',"
            " ['X-Api-Key'] = 'y', ['aCCept'] = 'text/plain'}"
        )
        sent = self.follow(302, b"/b", options).received()
        for header in (b"Authorization: ", b"Cookie: ", b"X-Api-Key: ", b"aCCept: "):
            self.assertIn(header, sent)
        self.follow(302, b"http://127.0.0.2/b", options)
        self.assertEqual(
            self.accept().received().split(b"\r\n")[1:-2],
            [
                b"Host: 127.0.0.2",
                b"aCCept: text/plain",
                b"User-Agent: eplua",
                b"Accept-Encoding: gzip, deflate, br",
            ],
        )

    def test_loop(self) -> None:
        peer = self.follow(302, b"/a", "redirects = 2")
        moved = answer(b"", b"302 X", b"Location: /a")
        peer.send(moved)
        self.assertEqual(self.lines, [])
        peer.send(moved)
        self.assertEqual(
            self.lines, [b"more than 2 redirects (option redirects)\tlimit"]
        )

    def test_to_nowhere(self) -> None:
        for location in (b"ftp://x/", b"http://", b"file:///etc/passwd"):
            self.follow(302, location)
            self.assertTrue(self.lines[-1].startswith(b"the server redirects to no "))
            self.assertTrue(self.lines[-1].endswith(b"\tprotocol"))

    def test_without_location(self) -> None:
        """An empty one is none, to curl and requests too."""
        for headers in ((), (b"Location:",)):
            peer = self.ask("{options = {redirects = 1}, success = show}")
            peer.send(answer(b"", b"302 X", b"Connection: close", *headers))
            self.assertEqual(self.lines[-1], b"302\t0")

    def test_large_body_of_a_redirect(self) -> None:
        """It is not waited for; the connection goes."""
        peer = self.ask("{options = {redirects = 1}, success = show}")
        moved = answer(bytes(200_000), b"302 X", b"Location: /b")
        peer.send(moved[:70_000], moved[70_000:140_000])
        self.turn()
        self.assertTrue(peer.gone)
        self.accept().send(answer())
        self.assertEqual(self.lines, [b"200\t0"])

    def test_cancelled_between(self) -> None:
        peer = self.follow(302, b"/b")
        self.run_lua("request:cancel()")
        self.turn()
        self.assertTrue(peer.gone)
        self.assertEqual(self.lines, [])


globals().update(for_each_lua(StreamTests))
