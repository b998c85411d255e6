"""Bodies that come in pieces, and redirects."""

from __future__ import annotations

import gzip

import brotli
from twisted.internet.error import ConnectionDone

from tests.support import for_each_lua
from tests.support.http_client import MemoryTestCase, Transport, answer


class StreamTests(MemoryTestCase):
    STREAM = (
        "{data = function(c) print('chunk', c) end, success = function(r) print(r.status, #r.data) end,"
        " error = print}"
    )
    EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nX: y\r\n\r\n"

    def test_data(self) -> None:
        transport = self.ask(self.STREAM)
        transport.receive(answer(b"abcd")[:-2], b"cd")
        self.assertEqual(self.lines, [b"chunk\tab", b"chunk\tcd", b"200\t0"])

    def test_data_is_decoded(self) -> None:
        transport = self.ask(self.STREAM)
        transport.receive(
            answer(gzip.compress(b"ab"), b"200 OK", b"Content-Encoding: gzip")
        )
        self.assertEqual(self.lines, [b"chunk\tab", b"200\t0"])

    def test_data_has_a_limit_only_on_request(self) -> None:
        self.run_lua("n = 0 params.data = function(c) n = n + #c end")
        transport = self.ask()
        transport.receive(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(70):
            transport.receive(bytes(1024 * 1024))
        transport.ended(ConnectionDone())
        self.run_lua("print(n)")
        self.assertEqual(self.lines, [b"200\t0", b"%d" % (70 * 1024 * 1024)])
        self.ask(options="{maxSize = 3}").receive(answer(b"abcd"))
        self.assertTrue(self.lines[-1].endswith(b"limit"))

    def test_data_then_an_error(self) -> None:
        transport = self.ask(self.STREAM)
        transport.receive(answer(b"abcd")[:-2])
        transport.ended(ConnectionDone())
        self.assertEqual(self.lines, [b"chunk\tab", b"End of file\teof"])

    def test_error_in_data(self) -> None:
        transport = self.ask("{data = function() error('oops') end, success = show}")
        transport.receive(answer(b"abcd"))
        self.assertIn("oops", self.errors[0])
        self.assertEqual(self.lines, [b"200\t0"])

    def test_events(self) -> None:
        """Success for each chunk, then an error: as HC3."""
        transport = self.ask(
            "{success = function(r) print(r.status, r.data, r.headers.x) end, error = print}"
        )
        transport.receive(self.EVENTS, b"one", b"two")
        self.assertEqual(self.lines, [b"200\tone\ty", b"200\ttwo\ty"])
        transport.ended(ConnectionDone())
        self.assertEqual(self.lines[2:], [b"End of file\teof"])

    def test_events_time_out_when_silent(self) -> None:
        transport = self.ask(
            "{options = {timeout = 1000}, success = function(r) print(r.data) end, error = print}"
        )
        transport.receive(self.EVENTS)
        for _ in range(3):
            self.reactor.advance(0.9)
            transport.receive(b"x")
        self.assertEqual(self.lines, [b"x"] * 3)
        self.reactor.advance(1)
        self.assertEqual(self.lines[3:], [b"Operation canceled\ttimeout"])
        self.assertTrue(transport.gone)

    def test_events_cancelled(self) -> None:
        transport = self.ask(
            "{success = function(r) print(r.data) request:cancel() end, error = print}"
        )
        transport.receive(self.EVENTS, b"one", b"two")
        self.assertEqual(self.lines, [b"one"])
        self.assertTrue(transport.gone)

    def test_script_behind(self) -> None:
        """A script that is behind has the server wait, and nothing more decoded."""
        transport = self.ask(self.STREAM)
        encoded = brotli.compress(b"x" * 200_000)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: %d\r\n\r\n"
        self.run_lua("params = nil")
        resources = self.runtime._resources
        transport.receive(head % len(encoded))
        resources.pause(True)
        self.assertEqual(transport.producerState, "paused")
        transport.receive(encoded)
        self.assertEqual(self.lines, [])
        resources.pause(False)
        self.assertEqual(sum(len(line) - 6 for line in self.lines[:-1]), 200_000)
        self.assertEqual(self.lines[-1], b"200\t0")

    def test_script_behind_when_the_answer_comes(self) -> None:
        transport = self.ask(self.STREAM)
        self.runtime._resources.pause(True)
        transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        self.assertEqual(transport.producerState, "paused")
        self.runtime._resources.pause(False)
        self.assertEqual(transport.producerState, "producing")
        transport.receive(b"abcd")
        self.assertEqual(self.lines, [b"chunk\tabcd", b"200\t0"])


class RedirectTests(MemoryTestCase):
    def follow(
        self,
        status: int,
        location: bytes,
        options: str = "redirects = 3",
        url: str = "http://127.0.0.1/a",
    ) -> Transport:
        """What is on the connection after a redirect."""
        transport = self.ask(
            f"{{options = {{{options}}}, success = function(r) print(r.status, r.url) end, error = print}}",
            url,
        )
        transport.clear()
        transport.receive(answer(b"moved", b"%d X" % status, b"Location: " + location))
        return transport

    def test_not_followed(self) -> None:
        """Unless asked for; HC3 scripts do it themselves."""
        self.follow(302, b"/b", "")
        self.assertEqual(self.lines, [b"302\thttp://127.0.0.1/a"])

    def test_followed(self) -> None:
        for status in (301, 302, 303, 307, 308):
            transport = self.follow(status, b"b?c")
            self.assertTrue(transport.sent().startswith(b"GET /b?c HTTP/1.1"))
            transport.receive(answer())
            self.assertEqual(self.lines.pop(), b"200\thttp://127.0.0.1/b?c")
            transport.ended(ConnectionDone())

    def test_to_another_port(self) -> None:
        self.follow(302, b"http://127.0.0.1:81/x")
        transport = self.accept()
        self.assertTrue(transport.sent().startswith(b"GET /x "))
        transport.receive(answer())
        self.assertEqual(self.lines, [b"200\thttp://127.0.0.1:81/x"])

    def test_post_becomes_get(self) -> None:
        for status in (301, 302, 303):
            transport = self.follow(
                status, b"/b", "redirects = 1, method = 'POST', json = {}"
            )
            sent = transport.sent()
            self.assertTrue(sent.startswith(b"GET /b "))
            self.assertNotIn(b"Content-Type", sent)
            transport.receive(answer())
            transport.ended(ConnectionDone())

    def test_post_stays_post(self) -> None:
        for status in (307, 308):
            transport = self.follow(
                status, b"/b", "redirects = 1, method = 'POST', data = 'body'"
            )
            sent = transport.sent()
            self.assertTrue(sent.startswith(b"POST /b "))
            self.assertTrue(sent.endswith(b"\r\n\r\nbody"))
            transport.receive(answer())
            transport.ended(ConnectionDone())

    def test_secrets_stay(self) -> None:
        """Another origin gets neither password nor cookie."""
        options = "redirects = 1, user = 'u', password = 'p', headers = {Cookie = 'a=b', X = 'y'}"
        sent = self.follow(302, b"/b", options).sent()
        for header in (b"Authorization: ", b"Cookie: ", b"X: "):
            self.assertIn(header, sent)
        self.follow(302, b"http://127.0.0.2/b", options)
        sent = self.accept().sent()
        for header in (b"Authorization: ", b"Cookie: "):
            self.assertNotIn(header, sent)
        self.assertIn(b"X: y", sent)

    def test_loop(self) -> None:
        transport = self.follow(302, b"/a", "redirects = 2")
        moved = answer(b"", b"302 X", b"Location: /a")
        transport.receive(moved)
        self.assertEqual(self.lines, [])
        transport.receive(moved)
        self.assertEqual(
            self.lines, [b"more than 2 redirects (option redirects)\tlimit"]
        )

    def test_to_nowhere(self) -> None:
        for location in (b"ftp://x/", b"http://", b"file:///etc/passwd"):
            self.follow(302, location)
            self.assertTrue(self.lines[-1].startswith(b"the server redirects to no "))
            self.assertTrue(self.lines[-1].endswith(b"\tprotocol"))

    def test_without_location(self) -> None:
        transport = self.ask("{options = {redirects = 1}, success = show}")
        transport.receive(answer(b"", b"302 X"))
        self.assertEqual(self.lines, [b"302\t0"])

    def test_large_body_of_a_redirect(self) -> None:
        """It is not waited for; the connection goes."""
        transport = self.ask("{options = {redirects = 1}, success = show}")
        moved = answer(bytes(200_000), b"302 X", b"Location: /b")
        transport.receive(moved[:70_000], moved[70_000:140_000])
        self.assertTrue(transport.gone)
        self.accept().receive(answer())
        self.assertEqual(self.lines, [b"200\t0"])

    def test_cancelled_between(self) -> None:
        transport = self.follow(302, b"/b")
        self.run_lua("request:cancel()")
        self.assertTrue(transport.gone)
        self.assertEqual(self.lines, [])


globals().update(for_each_lua(StreamTests))
