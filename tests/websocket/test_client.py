"""WebSocketClient, with a server that the test plays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import ALL_BYTES, for_each_lua
from tests.support.chunks import cut
from tests.support.websocket import (
    BINARY,
    CLOSE,
    MASK,
    PING,
    PONG,
    TEXT,
    ClientCase,
    close,
    frame,
    seen,
)


class HandshakeTests(ClientCase):
    def test_what_is_asked(self) -> None:
        server = self.connect(
            "{subprotocols = {'a', 'b'}, headers = {['X-Test'] = 'yes'}}",
            "ws://127.0.0.1:8080/some/path?x=1",
        )
        lines = server.request.split(b"\r\n")
        self.assertEqual(lines[0], b"GET /some/path?x=1 HTTP/1.1")
        for line in (
            b"Host: 127.0.0.1:8080",
            b"Sec-WebSocket-Protocol: a, b",
            b"X-Test: yes",
        ):
            self.assertIn(line, lines)

    def test_connected_when_the_server_accepts(self) -> None:
        server = self.connect("{subprotocols = {'a', 'b'}}")
        server.send(server.answer(b"Sec-WebSocket-Protocol: b"))
        self.run_lua("print(ws:isOpen(), ws:subprotocol())")
        self.assertEqual(self.lines, [b"connected", b"true\tb"])

    def test_in_pieces(self) -> None:
        """An answer may come byte by byte."""
        server = self.connect()
        answer = server.answer() + frame(TEXT, b"hi")
        server.send(*(answer[at : at + 1] for at in range(len(answer))))
        self.assertEqual(self.lines, [b"connected", b"dataReceived\thi\tfalse"])

    def test_refused_connection(self) -> None:
        """One error, and no disconnected."""
        self.run_lua(
            "ws = net.WebSocketClient() ws:addEventListener('error', print)"
            " ws:addEventListener('disconnected', print) ws:connect('ws://127.0.0.1')"
        )
        self.reactor.refuse()
        self.turn()
        self.assertEqual(self.lines, [b"Connection refused\trefused"])

    def test_refused_by_a_status(self) -> None:
        """The status is told."""
        server = self.connect()
        server.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        self.reactor.settle()
        self.assertEqual(len(self.lines), 1)
        self.assertRegex(self.lines[0], rb"^error\t.*403.*\trefused$")

    def test_an_answer_of_something_else(self) -> None:
        server = self.connect()
        server.send(b"SSH-2.0-x\r\n\r\n")
        server.close()
        self.reactor.settle()
        self.assertEqual(len(self.lines), 1)
        self.assertRegex(self.lines[0], rb"^error\t.*\tprotocol$")

    def test_no_answer(self) -> None:
        self.connect().close()
        self.reactor.settle()
        self.assertEqual(len(self.lines), 1)
        self.assertRegex(self.lines[0], rb"^error\tEnd of file.*\teof$")

    def test_time_limit(self) -> None:
        """10 seconds, or what the option says, until the handshake is done."""
        for options, time in (("", 10), ("{timeout = 500}", 0.5)):
            self.lines.clear()
            server = self.connect(options)
            self.reactor.advance(time - 0.01)
            self.assertEqual(self.lines, [])
            self.reactor.advance(0.02)
            self.turn()
            self.assertEqual(self.lines, [b"error\tOperation canceled\ttimeout"])
            self.assertTrue(server.gone)

    def test_close_while_connecting(self) -> None:
        """No event at all."""
        server = self.connect()
        self.run_lua("ws:close() ws:close()")
        self.reactor.settle()
        self.assertTrue(server.gone)
        self.assertEqual(self.lines, [])


class MessageTests(ClientCase):
    def test_text_and_bytes_as_they_came(self) -> None:
        server = self.open()
        server.send(frame(TEXT, "ä".encode()), frame(BINARY, ALL_BYTES))
        self.assertEqual(
            self.lines,
            [
                b"dataReceived\t\xc3\xa4\tfalse",
                b"dataReceived\t" + ALL_BYTES + b"\ttrue",
            ],
        )

    def test_text_and_bytes_as_they_are_sent(self) -> None:
        server = self.open()
        self.run_lua("print(ws:send('text'), ws:sendBinary('\\0\\255'))")
        self.assertEqual(seen(server), [(TEXT, b"text"), (BINARY, b"\0\xff")])
        self.assertEqual(self.lines, [b"true\ttrue"])

    def test_text_that_is_no_utf8_is_not_sent(self) -> None:
        server = self.open()
        self.run_lua("print(ws:send('\\255'))")
        self.assertEqual(seen(server), [])
        self.assertEqual(
            self.lines[0], b"nil\ttext must be UTF-8 (see sendBinary)\tprotocol"
        )

    def test_too_large_a_message(self) -> None:
        """1009, when its length is known, and no more of it than the bound is kept."""
        server = self.open("{maxMessageSize = 1000, compression = false}")
        server.send(frame(BINARY, bytes(1001))[:200])
        (sent,) = seen(server)
        self.assertEqual((sent[0], sent[1][:2]), (CLOSE, close(1009)))

    def test_pings_are_answered(self) -> None:
        server = self.open()
        server.send(frame(PING, b"are you there"))
        self.assertEqual(seen(server), [(PONG, b"are you there")])

    def test_pongs_are_told(self) -> None:
        server = self.open()
        self.run_lua("print(ws:ping('hello')) print(ws:ping(('x'):rep(126)))")
        self.assertEqual(seen(server), [(PING, b"hello")])
        server.send(frame(PONG, b"hello"))
        self.assertEqual(
            self.lines,
            [
                b"true",
                b"nil\ta ping has at most 125 bytes (no option moves this bound)\tlimit",
                b"pong\thello",
            ],
        )

    def test_a_script_that_is_behind_has_the_server_wait(self) -> None:
        server = self.open()
        self.press()
        self.assertTrue(server.paused)
        server.send(frame(TEXT, b"late"))
        self.turn()
        self.assertEqual(self.lines, [])
        self.release()
        self.turn()
        self.assertEqual(self.lines, [b"dataReceived\tlate\tfalse"])


class AmountTests(ClientCase):
    def test_what_waits_is_told(self) -> None:
        """From send on until the system has taken it."""
        server = self.open("{compression = false}")
        server.stall()
        self.run_lua("ws:send(('x'):rep(100000)) print(ws:bufferedAmount() >= 100000)")
        server.take()
        self.reactor.settle()
        self.run_lua("print(ws:bufferedAmount())")
        self.assertEqual(self.lines, [b"true", b"0"])


class ChunkTests(ClientCase):
    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.binary(max_size=300), min_size=1, max_size=5),
        st.lists(st.integers(0, 1600), max_size=6),
    )
    def test_cut_anywhere(self, messages: list[bytes], cuts: list[int]) -> None:
        """How the bytes are cut into chunks makes no difference."""
        self.lines.clear()
        server = self.open()
        data = b"".join(frame(BINARY, each) for each in messages)
        server.send(*cut(data, cuts))
        self.assertEqual(
            self.lines, [b"dataReceived\t" + each + b"\ttrue" for each in messages]
        )
        self.run_lua("ws:close()")


class EndTests(ClientCase):
    def test_server_closes(self) -> None:
        server = self.open()
        server.send(frame(CLOSE, close(4001, b"as asked")))
        self.assertEqual(seen(server)[0][0], CLOSE)
        server.close()
        self.turn()
        self.assertEqual(self.lines, [b"disconnected\t4001\tas asked\ttrue"])
        self.run_lua("print(ws:send('x'))")
        self.turn()
        self.assertEqual(
            self.lines[1:],
            [b"nil\tNot connected\tstate", b"error\tNot connected\tstate"],
        )

    def test_script_closes(self) -> None:
        server = self.open()
        self.run_lua("ws:close(1000, 'done') print(ws:isOpen())")
        self.assertEqual(seen(server), [(CLOSE, close(1000, b"done"))])
        server.send(frame(CLOSE, close(1000, b"done")))
        server.close()
        self.turn()
        self.assertEqual(self.lines, [b"false", b"disconnected\t1000\tdone\ttrue"])

    def test_lost_without_a_close(self) -> None:
        self.open().reset()
        self.turn()
        self.assertEqual(len(self.lines), 1)
        self.assertRegex(self.lines[0], rb"^disconnected\t1006\t.*\tfalse$")

    def test_a_server_that_does_not_answer_the_close(self) -> None:
        """It has five seconds."""
        server = self.open()
        self.run_lua("ws:close()")
        self.reactor.advance(4.9)
        self.turn()
        self.assertFalse(server.gone)
        self.reactor.advance(0.2)
        self.turn()
        self.assertTrue(server.gone)

    def test_a_dead_server_is_found(self) -> None:
        """It answers no ping, within the time of the options."""
        server = self.open(
            "{pingInterval = 1000, pingTimeout = 500, compression = false}"
        )
        self.reactor.advance(1)
        self.assertEqual(seen(server)[0][0], PING)
        self.reactor.advance(0.5)
        self.turn()
        self.assertEqual(self.lines, [b"disconnected\t1006\tping timeout\tfalse"])

    def test_a_living_server_is_left_alone(self) -> None:
        server = self.open(
            "{pingInterval = 1000, pingTimeout = 500, compression = false}"
        )
        pings = []
        for _ in range(10):
            self.reactor.advance(0.5)
            asked = seen(server)
            server.send(*(frame(PONG, each[1]) for each in asked))
            pings += asked
        self.assertGreater(len(pings), 2)
        self.run_lua("print(ws:isOpen())")
        self.assertEqual(self.lines[-1], b"true")

    def test_frames_that_break_the_protocol(self) -> None:
        """1002 for a masked frame, 1007 for text that is no UTF-8."""
        for data, code in (
            (frame(TEXT, b"x", mask=MASK), 1002),
            (frame(TEXT, b"\xff"), 1007),
        ):
            server = self.open()
            server.send(data)
            (sent,) = seen(server)
            self.assertEqual((sent[0], sent[1][:2]), (CLOSE, close(code)))
            self.assertTrue(
                self.taken()[0].startswith(b"disconnected\t%d\t" % code), code
            )


class BadInputTests(ClientCase):
    def test_bad_arguments(self) -> None:
        for call, text in (
            ("connect(5)", "#1 to 'connect' (url:"),
            ("connect('http://x')", "#1 to 'connect' (url: ws: or wss: URL"),
            (
                "connect('ws://h', {a = 'b\\r\\nc: d'})",
                "header a: string without line ends",
            ),
            (
                "connect('ws://h', {['a b'] = 'c'})",
                "headers: name of a header expected",
            ),
            (
                "addEventListener('conected', print)",
                'unknown event "conected"; known: connected, dataReceived,'
                " disconnected, error, pong",
            ),
            ("addEventListener('connected', 5)", "(listener: function expected"),
            ("close(1001)", "(code: 1000 or 3000..4999"),
            ("wait('connected')", "not in a task"),
            ("send({})", "#1 to 'send' (data"),
        ):
            self.assertRaisedAtLine(f"net.WebSocketClient():{call}", text)
        self.assertEqual(self.reactor.tcpClients, [])

    def test_unknown_options(self) -> None:
        """HC3's constructors warn, once a line; our own tables raise."""
        self.run_lua(
            "for i = 1, 2 do net.WebSocketClient({tiemout = 5}) end"
            " net.WebSocketClientTls({tiemout = 5})"
        )
        self.assertWarned(
            "'WebSocketClient' does not know \"tiemout\"; known: compression, headers,",
            "'WebSocketClientTls' does not know \"tiemout\"",
        )
        for name in ("reconnect", "tls"):
            self.assertRaisedAtLine(
                f"net.WebSocketClient({{{name} = {{x = 1}}}})",
                f"#1 to 'WebSocketClient' (unknown option \"{name}.x\"; known:",
            )

    def test_bad_options(self) -> None:
        for options, text in (
            ("{timeout = 'x'}", "option timeout: a finite number"),
            ("{timeout = -1}", "option timeout: a finite number"),
            ("{maxMessageSize = 0}", "option maxMessageSize: positive integer"),
            ("{headers = 5}", "option headers: table"),
            ("{compression = 'no'}", "option compression: boolean"),
            ("{tls = 5}", "tls: true or a table"),
            ("5", "options: table expected, got 5"),
        ):
            self.assertRaisedAtLine(f"net.WebSocketClient({options})", text)

    def test_a_dot_for_a_colon(self) -> None:
        for call in ("connect('ws://h')", "send('x')", "close()", "wait('connected')"):
            self.assertRaisedAtLine(
                f"local ws = net.WebSocketClient() ws.{call}",
                "WebSocketClient expected",
                "call it with a colon",
            )

    def test_connect_while_connected(self) -> None:
        self.open()
        self.run_lua("ws:connect('ws://127.0.0.1:1') print(ws:isOpen())")
        self.turn()
        self.assertEqual(self.lines, [b"true", b"error\tAlready connected\tstate"])


for _case in (HandshakeTests, MessageTests, AmountTests, EndTests, BadInputTests):
    globals().update(for_each_lua(_case))
del _case
