"""What a WebSocketServer asks of an opening handshake, and how it refuses."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory import RemotePeer
from tests.support import ALL_BYTES, for_each_lua
from tests.support.websocket import (
    KEY,
    MASK,
    TEXT,
    ServerCase,
    frame,
    request,
    seen,
)

GOOD = b"HTTP/1.1 101 "


class RefusalTests(ServerCase):
    """A request that is not as it should be is answered in HTTP, and that is all."""

    def refused(self, data: bytes, status: int, *fields: bytes) -> None:
        client = self.reactor.connect()
        client.send(data)
        answer = client.received()
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        self.assertTrue(lines[0].startswith(b"HTTP/1.1 %d " % status), (data, answer))
        for each in (b"Content-Length: 0", *fields):
            self.assertIn(each, lines)
        self.assertEqual(body, b"")
        self.turn()
        # It has time to read that, and what it still sends is not looked at.
        self.assertEqual((client.ending, client.gone), ("half", False))
        client.send(bytes(100_000))
        client.send(request())
        self.assertEqual(client.received(), b"")
        client.close()
        self.turn()
        self.assertTrue(client.gone)
        self.assertEqual(self.lines, [])

    def test_no_upgrade(self) -> None:
        """RFC 9110, 15.5.22."""
        self.serve()
        for data in (
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
            request(without=b"Upgrade"),
            request(without=b"Connection"),
            request(b"X: y").replace(b"Upgrade: websocket", b"Upgrade: h2c"),
            request().replace(b"GET", b"PUT", 1),
        ):
            self.refused(
                data, 426, b"Upgrade: websocket", b"Connection: close, Upgrade"
            )

    def test_version(self) -> None:
        """RFC 6455, 4.4."""
        self.serve()
        for data in (
            request(without=b"Sec-WebSocket-Version"),
            request().replace(b"Version: 13", b"Version: 7"),
            request().replace(b"Version: 13", b"Version: 13x"),
        ):
            self.refused(data, 426, b"Sec-WebSocket-Version: 13")

    def test_what_is_not_as_it_should_be(self) -> None:
        self.serve()
        for data in (
            request(without=b"Host"),
            request(without=b"Sec-WebSocket-Key"),
            request(b"Host: i"),
            request(b"Sec-WebSocket-Key: " + KEY),
            request(b"Sec-WebSocket-Version: 13"),
            request(b"Origin: http://a", b"Origin: http://b"),
            request(b"Sec-WebSocket-Protocol: a, b, a"),
            request(key=b"short"),
            request(key=b"x" * 24),
            request(path=b"/#fragment"),
            request(b"no colon"),
            request(b"Space : x"),
            request().replace(b"HTTP/1.1", b"HTTP/9.9", 1),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
            b"SSH-2.0-x\r\n\r\n",
        ):
            client = self.reactor.connect()
            client.send(data)
            answer = client.received()
            self.assertRegex(answer, rb"\AHTTP/1\.1 (400|501|505) ", data)
            client.close()
        self.reactor.settle()
        self.assertEqual(self.lines, [])

    def test_extensions_that_are_nonsense(self) -> None:
        self.serve()
        for value in (
            b"permessage-deflate; server_max_window_bits=99",
            b"permessage-deflate; unknown=1",
        ):
            answer = self.ask(b"/", b"Sec-WebSocket-Extensions: " + value).received()
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        for value in (b"", b"x", b",,;=;,", b"foo; bar", b'foo; bar="'):
            self.client(b"/", b"Sec-WebSocket-Extensions: " + value)

    def test_an_endless_head(self) -> None:
        """431 at the bounds of HTTPServer, whatever of it is endless."""
        self.serve()
        begin = b"GET / HTTP/1.1\r\nHost: h\r\n"
        for head, piece, status in (
            (b"GET /", b"x" * 1000, 414),
            (begin + b"X: ", b"x" * 1000, 431),
            (begin, b"X" * 1000, 431),
            (begin, b"X: y\r\n" * 100, 431),
            (begin, b"Cookie: y\r\n" * 1000, 431),
            (begin + b"X: y\r\n", b" folded\r\n" * 100, None),
        ):
            client = self.reactor.connect()
            client.send(head)
            sent = 0
            while not (answer := client.received()):
                self.assertTrue(sent < 40_000, head)
                client.send(piece)
                sent += len(piece)
            if status:
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer)
            client.close()

    def test_600_000_headers(self) -> None:
        """The first read that has too many is answered; the others are thrown away."""
        self.serve()
        client = self.reactor.connect()
        data = b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 600_000
        client.send(data[:65536])
        self.assertTrue(client.received().startswith(b"HTTP/1.1 431 "))
        client.send(data[65536:])
        self.assertEqual(client.received(), b"")

    def test_the_largest_that_is_accepted(self) -> None:
        self.serve()
        self.client(b"/" + b"x" * 8000, b"X: " + b"y" * 8000)
        self.client(b"/", *(b"X-%d: y" % number for number in range(490)))


class TimeTests(ServerCase):
    def test_a_silent_client(self) -> None:
        self.serve()
        client = self.reactor.connect()
        self.reactor.advance(9.9)
        self.assertEqual(client.received(), b"")
        self.reactor.advance(0.2)
        self.assertTrue(client.received().startswith(b"HTTP/1.1 408 "))
        self.linger_is_over(client)

    def test_a_slow_client(self) -> None:
        """However its bytes trickle in."""
        self.serve()
        client = self.reactor.connect()
        for byte in b"GET / HTTP":
            client.send(bytes([byte]))
            self.reactor.advance(1)
        self.turn()
        self.assertTrue(client.received().startswith(b"HTTP/1.1 408 "))
        self.linger_is_over(client)

    def linger_is_over(self, client: RemotePeer) -> None:
        """Whoever does not leave after a refusal is cut off, whatever it sends."""
        for _ in range(6):
            if not client.gone:
                client.send(bytes(100))
            self.reactor.advance(0.5)
        self.assertTrue(client.gone)

    def test_done_in_time(self) -> None:
        self.serve()
        client = self.client()
        self.reactor.advance(100)
        self.assertFalse(client.gone)


class AcceptTests(ServerCase):
    """The hook C{accept}."""

    def verdict(self, value: str) -> bytes:
        """@return: the status that a client gets after a hook that returns a value"""
        self.lines.clear()
        self.serve("", f"accept = function(info) return {value} end")
        client = self.ask()
        self.turn()
        return client.received().split(b" ")[1]

    def test_yes(self) -> None:
        for value in ("true", "nil", ""):
            self.assertEqual(self.verdict(value), b"101")
        self.assertEqual(self.errors, [])

    def test_no(self) -> None:
        for value, status in (
            ("false", b"403"),
            ("400", b"400"),
            ("404.0", b"404"),
            ("499", b"499"),
            ("599", b"599"),
        ):
            self.assertEqual(self.verdict(value), status)
        self.assertEqual(self.errors, [])

    def test_what_it_must_not_return(self) -> None:
        """A script error with the place of the hook, and 500."""
        for value, shown in (
            ("1.5", "1.5"),
            ("99999", "99999"),
            ("200", "200"),
            ("399", "399"),
            ("600", "600"),
            ("-1", "-1"),
            ("0/0", "nan"),
            ("math.huge", "inf"),
            ("'403'", '"403"'),
            ("{}", "table"),
            ("print", "function"),
        ):
            self.errors.clear()
            self.assertEqual(self.verdict(value), b"500", value)
            self.assertEqual(len(self.errors), 1, value)
            self.assertRegex(
                self.errors[0].replace("-nan", "nan"),
                rf"^test\.lua:\d+: bad result of 'accept' \(boolean or status of"
                rf" 400\.\.599 expected, got {shown}\)$",
            )

    def test_an_error_in_it(self) -> None:
        for code in ("error('mine')", "error({code = 5})", "error()"):
            self.errors.clear()
            self.serve("", f"accept = function() {code} end")
            client = self.ask()
            self.turn()
            self.assertTrue(client.received().startswith(b"HTTP/1.1 500 "), code)
            self.assertEqual(len(self.errors), 1)
            self.lines.clear()

    def test_what_it_is_told(self) -> None:
        self.serve(
            "{subprotocols = {'b'}}",
            "accept = function(i) print(i.ip, i.port, i.path, i.origin, i.subprotocol,"
            " i.headers['x-test'], i.headers.HOST) end",
        )
        client = self.ask(
            b"/a?b=c",
            b"Origin: http://o",
            b"X-Test: 1",
            b"X-TEST: 2",
            b"Sec-WebSocket-Protocol: a",
            b"Sec-WebSocket-Protocol: b",
        )
        self.assertEqual(
            self.lines[0],
            b"%s\t%d\t/a?b=c\thttp://o\tb\t1, 2\th"
            % (client.name[0].encode(), client.name[1]),
        )

    def test_not_while_the_script_is_busy(self) -> None:
        """503 when the script comes too late, and the client is not read meanwhile."""
        self.serve("", "accept = function() print('asked') end")
        self.runtime.expose("ask", self.ask_busily)
        self.run_lua("ask()")
        self.assertTrue(self.late.received().startswith(b"HTTP/1.1 503 "))
        self.late.close()
        self.turn(2)
        self.run_lua("print(#server:getClients())")
        self.assertEqual(self.lines, [b"asked", b"0"])

    def ask_busily(self) -> None:
        """A client comes while Lua is on the stack, and time passes."""
        self.late = self.ask()
        self.assertTrue(self.late.paused)
        self.reactor.advance(10.1)

    def test_a_client_that_left_meanwhile(self) -> None:
        """It is no ghost."""
        self.serve("", "accept = function() print('asked') end")
        self.runtime.expose("ask", self.leave_busily)
        self.run_lua("ask()")
        self.turn(3)
        self.run_lua("print(#server:getClients())")
        self.assertEqual(self.lines[-1], b"0")
        self.assertEqual(
            [each for each in self.lines if each.startswith((b"in", b"out"))],
            [],
        )

    def leave_busily(self) -> None:
        client = self.ask()
        client.reset()
        self.reactor.advance(10.1)
        self.turn(2)

    def test_what_comes_early(self) -> None:
        """Frames right behind the request are not lost."""
        self.serve("", "accept = function() return true end")
        client = self.reactor.connect()
        client.send(request() + frame(TEXT, b"early", mask=MASK))
        answer, _, data = client.received().partition(b"\r\n\r\n")
        self.assertTrue(answer.startswith(GOOD))
        self.assertEqual(data, frame(TEXT, b"early"))


class BytesTests(ServerCase):
    def test_path_and_headers_as_they_were_sent(self) -> None:
        value = bytes(set(ALL_BYTES) - {0, *b"\r\n \t\x7f", *range(32)})
        self.serve(
            "",
            "connected = function(id, info) print(info.path)"
            " print(info.headers['X-Bytes']) end",
        )
        self.client(b"/%C3%BC?x=%FF", b"X-Bytes: " + value)
        self.assertEqual(self.lines, [b"/%C3%BC?x=%FF", value])

    def test_a_target_may_be_a_whole_url(self) -> None:
        """RFC 9112, 3.2.2."""
        self.serve()
        for target, path in (
            (b"http://h/a?b", b"/a?b"),
            (b"ws://h:80", b"/"),
            (b"ws://h?x", b"/?x"),
        ):
            self.lines.clear()
            self.client(target)
            self.assertEqual(self.lines, [b"in\t%s\tnil" % path])


class CutTests(ServerCase):
    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(1, 80), max_size=30))
    def test_a_request_cut_anywhere(self, cuts: list[int]) -> None:
        self.lines.clear()
        if not self.reactor.ports:
            self.serve()
        data = request(b"X: y") + frame(TEXT, b"hello", mask=MASK)
        client = self.reactor.connect()
        for cut in cuts:
            client.send(data[:cut]) if data[:cut] else None
            data = data[cut:]
        client.send(data) if data else None
        answer, _, rest = client.received().partition(b"\r\n\r\n")
        self.assertTrue(answer.startswith(GOOD), answer)
        self.assertEqual(rest, frame(TEXT, b"hello"))
        client.close()

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=200), st.integers(0, 170))
    def test_any_bytes(self, junk: bytes, at: int) -> None:
        """Whatever comes in a request, nobody raises and nothing stays."""
        if not self.reactor.ports:
            self.serve()
        data = request()
        client = self.reactor.connect()
        client.send(data[:at] + junk + data[at:])
        client.close()
        self.reactor.settle()
        self.run_lua("assert(#server:getClients() == 0)")
        self.assertEqual(self.flushLoggedErrors(), [])


class AttachedTests(ServerCase):
    """A WebSocket server behind an HTTP server: the same rules."""

    def test_behind_an_http_server(self) -> None:
        self.run_lua(
            """
            http = net.HTTPServer()
            server = http:websocket("/ws", {
              connected = function(id, info) print("in", info.path) end,
              accept = function(info) return info.headers.x == "good" or 1.5 end,
              receive = function(id, data) server:send(id, data) end,
            })
            http:start("127.0.0.1", 0, function(q, r) r:send(404) end)
            """
        )
        self.turn()
        good = self.client(b"/ws?q", b"X: good")
        good.frame(TEXT, b"hello")
        self.assertEqual(seen(good), [(TEXT, b"hello")])
        bad = self.ask(b"/ws")
        self.turn()
        self.assertTrue(bad.received().startswith(b"HTTP/1.1 500 "))
        self.assertEqual(len(self.errors), 1)
        version = self.reactor.connect()
        version.send(request(path=b"/ws").replace(b"Version: 13", b"Version: 99"))
        self.assertIn(b"426 Upgrade Required", version.received())
        self.assertEqual(self.lines, [b"in\t/ws?q"])


for _case in (RefusalTests, AcceptTests, BytesTests, AttachedTests):
    globals().update(for_each_lua(_case))
del _case
