"""What a WebSocketClient asks for, and which answers it takes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import ALL_BYTES, for_each_lua
from tests.support.websocket import TEXT, ClientCase, RemoteServer, frame


class URLTests(ClientCase):
    """URLs are checked as HTTP's are."""

    def test_what_is_sent(self) -> None:
        for url, line, host in (
            ("ws://127.0.0.1", "GET / HTTP/1.1", "127.0.0.1"),
            ("WS://127.0.0.1:80?x", "GET /?x HTTP/1.1", "127.0.0.1"),
            ("ws://127.0.0.1:81/a b?c d", "GET /a%20b?c%20d HTTP/1.1", "127.0.0.1:81"),
            ("ws://127.0.0.1/ü?", "GET /%C3%BC? HTTP/1.1", "127.0.0.1"),
            ("ws://127.0.0.1/\\255", "GET /%FF HTTP/1.1", "127.0.0.1"),
            ("ws://[::1]:8080/", "GET / HTTP/1.1", "[::1]:8080"),
            ("ws://[fe80::1%25lo]/", "GET / HTTP/1.1", "[fe80::1]"),
        ):
            server = self.connect(url=url)
            lines = server.request.decode("ascii").split("\r\n")
            self.assertEqual(lines[:2], [line, "Host: " + host])
            self.run_lua("ws:close()")

    def test_messages_do_not_wait_for_the_server(self) -> None:
        self.assertTrue(self.connect().no_delay)

    def test_where_it_goes(self) -> None:
        self.reactor.nameResolver.addresses["my_device"] = ["192.0.2.9"]
        for url, place in (
            ("ws://my_device:8080/", ("192.0.2.9", 8080)),
            ("ws://[::1]/", ("::1", 80)),
        ):
            server = self.connect(url=url)
            self.assertEqual(server.name[:2], place)
            self.run_lua("ws:close()")

    def test_what_is_no_url(self) -> None:
        for url, expected in (
            ("", "ws: or wss: URL"),
            ("http://h/", "ws: or wss: URL"),
            ("//h/", "ws: or wss: URL"),
            ("ws:", "URL with a host"),
            ("ws:/h/x", "URL with a host"),
            ("ws://h:0/", "URL with a port of 1..65535"),
            ("ws://h:99999/", "URL (Port out of range"),
            ("ws://h:x/", "URL (Port could not"),
            ("ws://[::1/", "URL ("),
            ("ws://h/#a", "URL without a fragment"),
            ("ws://h/#", "URL without a fragment"),
            ("ws://h/\\r\\nX: y", "URL without control characters"),
            ("ws://h/\\nX", "URL without control characters"),
            ("ws://h\\0/", "URL without control characters"),
        ):
            self.assertRaisedAtLine(
                f"net.WebSocketClient():connect('{url}')",
                "bad argument #1 to 'connect' (url: " + expected,
            )

    def test_what_cannot_be_a_name(self) -> None:
        """It is an event, as for a name that does not exist; with reconnect, of each try."""
        for host in ("a..b", ".x", "x" * 64, "%41", ""):
            for options in ("", "{reconnect = {minDelay = 1000, factor = 1}}"):
                self.run_lua(
                    f"w = net.WebSocketClient({options})"
                    " w:addEventListener('error', print)"
                    f" w:connect('ws://{host}/') print('returned')"
                )
                self.turn(2)
                said = [b"returned", b"Host not found\tdns"]
                self.assertEqual(self.taken(), said, (host, options))
                self.reactor.advance(1)
                self.assertEqual(self.taken(), said[1:] if options else [])
                self.run_lua("w:close()")

    def test_user_and_password(self) -> None:
        server = self.connect(url="ws://Aladdin:open%20sesame@127.0.0.1/")
        self.assertEqual(
            server.values("Authorization"), ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]
        )
        self.assertEqual(server.values("Host"), ["127.0.0.1"])
        self.run_lua("print(ws)")
        self.assertEqual(
            self.taken(), [b"WebSocketClient: ws://127.0.0.1/ (connecting)"]
        )

    def test_own_authorization(self) -> None:
        server = self.connect(
            url="ws://a:b@127.0.0.1/", more=", {authorization = 'Bearer x'}"
        )
        self.assertEqual(server.values("Authorization"), ["Bearer x"])


class HeaderTests(ClientCase):
    """Headers and subprotocols are checked as HTTP's are."""

    def test_names_and_values_go_out_as_written(self) -> None:
        value = bytes(set(ALL_BYTES) - {0, *b"\r\n"})
        self.run_lua(b"value = " + repr(value)[1:].encode().replace(b"\\x", b"\\x"))
        server = self.connect(
            more=", {SOAPACTION = value, ['x-Y'] = 5, z = {'1', '2'}}"
        )
        lines = server.request.split(b"\r\n")
        for line in (b"SOAPACTION: " + value, b"x-Y: 5", b"z: 1", b"z: 2"):
            self.assertIn(line, lines)

    def test_of_the_options_and_of_connect(self) -> None:
        """Those of connect count, whatever the case of their names."""
        server = self.connect(
            "{headers = {['X-A'] = 'option', ['X-B'] = 'option'}}",
            more=", {['x-a'] = 'connect'}",
        )
        self.assertEqual(server.values("X-A"), ["connect"])
        self.assertEqual(server.values("X-B"), ["option"])

    def test_what_cannot_be_sent(self) -> None:
        for headers, expected in (
            ("{a = 'b\\r\\nc: d'}", "header a: string without line ends"),
            ("{a = '\\0'}", "header a: string without line ends"),
            ("{['a b'] = 'c'}", "headers: name of a header"),
            ("{['a\\255'] = 'c'}", "headers: name of a header"),
            ("{[''] = 'c'}", "headers: name of a header"),
            ("{a = print}", "header a: string"),
            ("{'a'}", "headers: name of a header"),
        ):
            self.assertRaisedAtLine(
                f"net.WebSocketClient():connect('ws://h', {headers})",
                "bad argument #2 to 'connect' (" + expected,
            )
            self.assertRaisedAtLine(
                f"net.WebSocketClient({{headers = {headers}}})",
                "bad argument #1 to 'WebSocketClient' (" + expected,
            )
        self.assertRaisedAtLine(
            "net.WebSocketClient():connect('ws://h', 5)",
            "bad argument #2 to 'connect' (headers: table expected, got 5)",
        )

    def test_those_of_the_handshake(self) -> None:
        """They are the handshake's own; the script is told that its are not sent."""
        for name in (
            "Upgrade",
            "connection",
            "Sec-WebSocket-Key",
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Extensions",
            "Sec-WebSocket-Accept",
            "Content-Length",
            "Transfer-Encoding",
        ):
            server = self.connect(more=f", {{['{name}'] = 'mine'}}")
            self.assertNotIn("mine", server.values(name))
            self.assertWarned(f"the header {name} is made by the handshake")
            server.open()
            self.assertEqual(self.taken(), [b"connected"])
            self.run_lua("ws:close()")

    def test_those_that_take_the_place_of_ours(self) -> None:
        for name in ("Host", "User-Agent", "Pragma", "Origin", "Cookie"):
            server = self.connect(more=f", {{['{name}'] = 'mine'}}")
            self.assertEqual(server.values(name), ["mine"])
            self.assertWarned()

    def test_subprotocols(self) -> None:
        for options, more, sent in (
            ("{subprotocols = {'a', 'b'}}", "", ["a, b"]),
            ("{}", ", {['Sec-WebSocket-Protocol'] = 'x,y ,  z'}", ["x, y, z"]),
            ("{headers = {['sec-websocket-protocol'] = 'x'}}", "", ["x"]),
            ("{subprotocols = {'a'}}", ", {['Sec-WebSocket-Protocol'] = 'x'}", ["x"]),
            ("{subprotocols = {}}", "", []),
        ):
            server = self.connect(options, more=more)
            self.assertEqual(server.values("Sec-WebSocket-Protocol"), sent)

    def test_what_is_no_subprotocol(self) -> None:
        for value in (
            "{'a\\r\\nX: y'}",
            "{'a b'}",
            "{''}",
            "{'a,b'}",
            "{'a', 'a'}",
            "{'\\255'}",
            "{5}",
            "'a'",
        ):
            for name in ("WebSocketClient", "WebSocketServer"):
                self.assertRaisedAtLine(
                    f"net.{name}({{subprotocols = {value}}})",
                    f"bad argument #1 to '{name}' (option subprotocols: array of"
                    " different names of subprotocols expected",
                )
        self.assertRaisedAtLine(
            "net.WebSocketClient():connect('ws://h', {['Sec-WebSocket-Protocol'] = 'a b'})",
            "header Sec-WebSocket-Protocol: array of different names",
        )

    def test_later_changes_of_tables(self) -> None:
        """What the script does with its tables afterwards means nothing."""
        self.run_lua(
            "names = {'a'} fields = {x = '1'}"
            " ws = net.WebSocketClient({subprotocols = names, headers = fields})"
            " names[1] = function() end fields.x = print"
            " ws:connect('ws://127.0.0.1/')"
        )
        server = self.accept()
        self.assertEqual(server.values("Sec-WebSocket-Protocol"), ["a"])
        self.assertEqual(server.values("x"), ["1"])


class AnswerTests(ClientCase):
    def error(self, answer: bytes) -> bytes:
        """The one error that comes of a server's answer."""
        self.lines.clear()
        server = self.connect()
        server.send(answer)
        self.turn(2)
        (line,) = self.taken()
        self.assertTrue(server.gone)
        return line

    def test_refused(self) -> None:
        for status in (b"200 OK", b"301 Moved", b"403 Forbidden", b"503 \xfcber"):
            line = self.error(b"HTTP/1.1 %s\r\nX: y\r\n\r\nbody" % status)
            self.assertTrue(line.startswith(b"error\tWebSocket connection upgrade"))
            self.assertIn(status[:3], line)
            self.assertTrue(line.endswith(b"\trefused"))

    def test_what_is_not_the_answer(self) -> None:
        good = (
            b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
        for answer in (
            b"SSH-2.0-OpenSSH\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1\r\n\r\n",
            good + b"\r\n",
            good + b"Sec-WebSocket-Accept: nonsense\r\n\r\n",
            b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\n\r\n",
            b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        ):
            self.assertTrue(self.error(answer).endswith(b"\tprotocol"), answer)

    def test_endless(self) -> None:
        line = self.error(b"HTTP/1.1 101 x\r\n" + b"X: y\r\n" * 50_000)
        self.assertIn(b"262144 bytes", line)
        self.assertTrue(line.endswith(b"\tlimit"))

    def wrong(self, *headers: bytes) -> None:
        server = self.connect("{subprotocols = {'a'}}")
        server.send(server.answer(*headers))
        self.turn(2)
        (line,) = self.taken()
        self.assertTrue(line.endswith(b"\tprotocol"), line)

    def test_what_was_not_asked_for(self) -> None:
        for headers in (
            [b"Sec-WebSocket-Protocol: b"],
            [b"Sec-WebSocket-Protocol: a", b"Sec-WebSocket-Protocol: a"],
            [b"Sec-WebSocket-Extensions: x-unknown"],
            [b"Sec-WebSocket-Extensions: permessage-deflate; nonsense=1"],
            [b"Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate"],
        ):
            self.wrong(*headers)

    def test_an_answer_of_a_device(self) -> None:
        """LF line ends, other letters, an informational answer before it."""
        server = self.connect()
        answer = server.answer(b"X-Ger\xe4t: \xff").replace(b"\r\n", b"\n")
        server.send(b"HTTP/1.1 100 Continue\r\n\r\n" + answer + frame(TEXT, b"hi"))
        self.assertEqual(self.taken(), [b"connected", b"dataReceived\thi\tfalse"])

    def test_closed_before_the_answer(self) -> None:
        self.connect().close()
        self.turn(2)
        self.assertEqual(
            self.taken(),
            [
                b"error\tEnd of file (the server closed before it had answered)\teof",
            ],
        )

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=100), st.integers(0, 150), st.booleans())
    def test_any_bytes(self, junk: bytes, at: int, closes: bool) -> None:
        """One error or connected comes of it, whatever it is, and no traceback."""
        self.lines.clear()
        server: RemoteServer = self.connect()
        answer = server.answer()
        server.send(answer[:at] + junk + answer[at:])
        if closes and not server.gone:
            server.close()
        self.reactor.settle()
        names = [line.split(b"\t")[0] for line in self.taken()]
        self.assertIn(names[:1], ([], [b"error"], [b"connected"]))
        self.assertNotIn(b"error", names[1:])
        if closes:
            self.assertIn(names[-1:], ([b"error"], [b"disconnected"]))
        self.run_lua("ws:close()")
        if not server.gone:
            server.reset()
        self.turn(2)
        self.assertEqual(self.flushLoggedErrors(), [])


for _case in (URLTests, HeaderTests):
    globals().update(for_each_lua(_case))
del _case
