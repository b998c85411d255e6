"""WebSocketServer, with clients that the test plays."""

from __future__ import annotations

from tests.support import ALL_BYTES, for_each_lua
from tests.support.websocket import (
    BINARY,
    CLOSE,
    MASK,
    PING,
    PONG,
    TEXT,
    ServerCase,
    close,
    frame,
    seen,
)


class HandshakeTests(ServerCase):
    def test_accepts_with_the_proof_of_the_key(self) -> None:
        self.serve()
        answer = self.ask(b"/path?x=1", b"Origin: http://page.example").received()
        self.assertIn(b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", answer)
        self.assertEqual(self.lines, [b"in\t/path?x=1\thttp://page.example"])

    def test_messages_do_not_wait_for_the_client(self) -> None:
        self.serve()
        self.assertTrue(self.client().no_delay)

    def test_takes_the_first_of_its_own_subprotocols(self) -> None:
        self.serve("{subprotocols = {'a', 'b'}}")
        answer = self.ask(b"/", b"Sec-WebSocket-Protocol: b, c, a").received()
        self.assertIn(b"Sec-WebSocket-Protocol: a\r\n", answer)

    def test_refuses_other_origins(self) -> None:
        self.serve("{origins = {'http://good.example'}}")
        self.client(b"/", b"Origin: http://good.example")
        for headers in ([b"Origin: http://bad.example"], []):
            answer = self.ask(b"/", *headers).received()
            self.assertTrue(answer.startswith(b"HTTP/1.1 403 "), answer)

    def test_asks_the_hook(self) -> None:
        """It refuses with false or a status; an error in it refuses too."""
        self.serve(
            "",
            """accept = function(info)
              if info.path == "/yes" then return true end
              if info.path == "/nothing" then return end
              if info.path == "/no" then return false end
              if info.path == "/gone" then return 410 end
              error("hook")
            end""",
        )
        for path, status in (
            (b"/yes", b"101"),
            (b"/nothing", b"101"),
            (b"/no", b"403"),
            (b"/gone", b"410"),
            (b"/error", b"500"),
        ):
            client = self.ask(path)
            self.turn()
            self.assertEqual(client.received().split()[1], status, path)
        self.assertEqual(len(self.errors), 1)

    def test_refuses_more_clients_than_the_option_says(self) -> None:
        self.serve("{maxConnections = 1}")
        first = self.client()
        self.assertTrue(self.reactor.connect().gone)
        first.reset()
        self.turn()
        self.client()


class MessageTests(ServerCase):
    def test_text_and_bytes_there_and_back(self) -> None:
        self.serve()
        client = self.client()
        client.send(
            frame(TEXT, "ä".encode(), mask=MASK), frame(BINARY, ALL_BYTES, mask=MASK)
        )
        self.assertEqual(seen(client), [(TEXT, "ä".encode()), (BINARY, ALL_BYTES)])

    def test_pings_are_answered(self) -> None:
        self.serve()
        client = self.client()
        client.send(frame(PING, b"?", mask=MASK))
        self.assertEqual(seen(client), [(PONG, b"?")])

    def test_a_broadcast_reaches_all(self) -> None:
        self.serve()
        clients = [self.client() for _ in range(3)]
        self.run_lua("print(server:broadcast('all'), #server:getClients())")
        self.assertEqual(self.lines[3:], [b"3\t3"])
        for client in clients:
            self.assertEqual(seen(client), [(TEXT, b"all")])

    def test_too_large_a_message_is_answered_1009(self) -> None:
        self.serve("{maxMessageSize = 1000}")
        client = self.client()
        client.send(frame(TEXT, b"x" * 5000, mask=MASK))
        (sent,) = seen(client)
        self.assertEqual((sent[0], sent[1][:2]), (CLOSE, close(1009)))

    def test_frames_that_break_the_protocol(self) -> None:
        """1002 for one that is not masked, 1007 for text that is no UTF-8."""
        self.serve()
        for data, code in (
            (frame(TEXT, b"x"), 1002),
            (frame(TEXT, b"\xff", mask=MASK), 1007),
        ):
            client = self.client()
            client.send(data)
            (sent,) = seen(client)
            self.assertEqual((sent[0], sent[1][:2]), (CLOSE, close(code)))
            client.close()
            self.turn()
            self.assertTrue(self.lines[-1].startswith(b"out\t%d\t" % code), self.lines)

    def test_what_waits_for_a_slow_client_is_bounded(self) -> None:
        self.serve("{compression = false}")
        client = self.client()
        client.stall()
        self.run_lua(
            """
            local id, data, sent = server:getClients()[1], ("x"):rep(1048576), 0
            while true do
              local ok, _, code = server:send(id, data)
              if not ok then print(code, sent, server:bufferedAmount(id) > 1048576) break end
              sent = sent + 1
            end
            """
        )
        self.assertEqual(self.lines[1:], [b"limit\t16\ttrue"])


class EndTests(ServerCase):
    def test_client_closes(self) -> None:
        self.serve()
        client = self.client()
        client.send(frame(CLOSE, close(4002, b"bye"), mask=MASK))
        self.assertEqual(seen(client), [(CLOSE, close(4002, b"bye"))])
        self.turn()
        self.assertTrue(client.gone)
        self.assertEqual(self.lines[1:], [b"out\t4002\tbye"])

    def test_server_closes_a_client(self) -> None:
        self.serve()
        client = self.client()
        self.run_lua("server:close(server:getClients()[1], 4000, 'you')")
        self.assertEqual(seen(client), [(CLOSE, close(4000, b"you"))])
        client.send(frame(CLOSE, close(4000, b"you"), mask=MASK))
        self.turn()
        self.assertEqual(self.lines[1:], [b"out\t4000\tyou"])

    def test_stop_says_goodbye(self) -> None:
        self.serve()
        client = self.client()
        self.run_lua("server:stop({success = function() print('stopped') end})")
        (sent,) = seen(client)
        self.assertEqual((sent[0], sent[1][:2]), (CLOSE, close(1001)))
        client.send(frame(CLOSE, close(1001), mask=MASK))
        self.reactor.settle()
        self.assertEqual(self.lines[-1], b"stopped")

    def test_sending_to_one_that_has_gone(self) -> None:
        self.serve()
        client = self.client()
        self.run_lua("id = server:getClients()[1]")
        client.reset()
        self.turn()
        self.run_lua("print(server:send(id, 'x'))")
        self.assertEqual(self.lines[-1], b"nil\tNot connected\tstate")


class BadInputTests(ServerCase):
    def test_unknown_callbacks(self) -> None:
        """They raise, with the known ones, wherever callbacks are given."""
        for call in (
            "net.WebSocketServer():start('127.0.0.1', 0, {mesage = print})",
            "net.HTTPServer():websocket('/', {mesage = print})",
        ):
            self.assertRaisedAtLine(
                call,
                'unknown callback "mesage"; known: accept, connected, disconnected,'
                " error, receive, started",
            )

    def test_unknown_options(self) -> None:
        self.assertRaisedAtLine(
            "net.WebSocketServer({orgins = {}})",
            'unknown option "orgins"; known: compression, maxConnections,',
        )

    def test_bad_arguments(self) -> None:
        for call, text in (
            ("start(5, 0, {})", "#1 to 'start' (host:"),
            ("start('h', 'x', {})", "#2 to 'start' (port:"),
            ("start('h', 0, 5)", "#3 to 'start' (callbacks: table expected, got 5"),
            ("start('h', 0, {receive = 5})", "#3 to 'start' (receive: function"),
            ("send('x', 'y')", "#1 to 'send' (id: integer of at least 1"),
            ("send(print, 'y')", "#1 to 'send' (id:"),
            ("send(1.5, 'y')", "#1 to 'send' (id:"),
            ("send(1, {})", "#2 to 'send' (data: string"),
            ("sendBinary(1)", "#2 to 'sendBinary' (data: string"),
            ("broadcast()", "#1 to 'broadcast' (data: string"),
            ("close()", "#1 to 'close' (id:"),
            ("close(1, 1001)", "#2 to 'close' (code: 1000 or 3000..4999"),
            ("close(1, 1000, {})", "#3 to 'close' (reason: string"),
            ("close(1, 1000, ('x'):rep(124))", "#3 to 'close' (reason: at most 123"),
            ("bufferedAmount('x')", "#1 to 'bufferedAmount' (id:"),
        ):
            self.assertRaisedAtLine(f"net.WebSocketServer():{call}", text)

    def test_bad_options(self) -> None:
        for options, text in (
            ("{origins = {}}", "option origins: array of at least one origin"),
            ("{origins = {5}}", "option origins: array of at least one origin"),
            ("{maxMessageSize = 0}", "option maxMessageSize: positive integer"),
            ("{compression = 1}", "option compression: boolean"),
            ("{pingInterval = -1}", "option pingInterval: a finite number"),
            ("{tls = true}", "tls: certificate and privateKey are required"),
            ("5", "options: table expected, got 5"),
        ):
            self.assertRaisedAtLine(f"net.WebSocketServer({options})", text)

    def test_clients_that_are_not_there(self) -> None:
        self.serve()
        self.run_lua(
            "print(server:send(99, 'x')) print(server:close(99))"
            " print(server:bufferedAmount(99), #server:getClients())"
        )
        self.assertEqual(self.lines, [b"nil\tNot connected\tstate"] * 2 + [b"0\t0"])

    def test_before_start_and_after_stop(self) -> None:
        self.run_lua(
            """
            server = net.WebSocketServer()
            local function all()
              print(server:send(1, "x")) print(server:close(1))
              print(server:broadcast("x"), #server:getClients(), server:isRunning(),
                server:port(), server:bufferedAmount(1))
            end
            all()
            server:start("127.0.0.1", 0, {started = function()
              server:stop({success = function() all() end})
            end})
            """
        )
        self.reactor.settle()
        self.assertEqual(
            self.lines,
            [*[b"nil\tNot connected\tstate"] * 2, b"0\t0\tfalse\tnil\t0"] * 2,
        )

    def test_broadcast_of_what_is_no_text(self) -> None:
        """Nobody gets it; and anything true is a yes for isBinary."""
        self.serve()
        clients = [self.client(), self.client()]
        self.run_lua(
            "print(server:broadcast('\\255')) print(server:broadcast('\\255', print))"
        )
        self.assertEqual(
            self.lines[2:],
            [b"nil\ttext must be UTF-8 (see isBinary)\tprotocol", b"2"],
        )
        for client in clients:
            self.assertEqual(seen(client), [(BINARY, b"\xff")])

    def test_callbacks_are_the_ones_that_were_given(self) -> None:
        """What the script does with its table afterwards means nothing."""
        self.run_lua(
            """
            server = net.WebSocketServer()
            callbacks = {receive = function(_, data) print(data) end}
            server:start("127.0.0.1", 0, callbacks)
            callbacks.receive, callbacks.accept = 5, function() return false end
            """
        )
        self.turn()
        self.client().frame(TEXT, b"hello")
        self.assertEqual((self.lines, self.errors), ([b"hello"], []))


class HookTests(ServerCase):
    """Callbacks may do what they like."""

    def test_errors_in_them(self) -> None:
        """They are reported; server and clients go on."""
        self.serve(
            "",
            "connected = function() error('a') end,"
            " receive = function(id, d) server:send(id, d) error('b') end,"
            " disconnected = function() error('c') end",
        )
        client = self.client()
        client.frame(TEXT, b"x")
        self.assertEqual(seen(client), [(TEXT, b"x")])
        client.reset()
        self.turn()
        self.assertEqual(
            [each.split("\n")[0][-1] for each in self.errors], ["a", "b", "c"]
        )

    def test_close_in_each_of_them(self) -> None:
        self.serve(
            "",
            "connected = function(id) print(server:close(id, 4000)) end,"
            " receive = function(id) print(server:close(id)) end,"
            " disconnected = function(id) print(server:close(id)) end",
        )
        client = self.client()
        client.frame(TEXT, b"x")
        client.frame(CLOSE, close(4000))
        self.turn()
        self.assertTrue(client.gone)
        self.assertEqual(self.lines, [b"true", b"true", b"nil\tNot connected\tstate"])

    def test_what_is_told_after_stop(self) -> None:
        """The ends of the clients, and nothing else, though it had come before."""
        self.serve()
        clients = [self.client(), self.client()]
        self.lines.clear()

        def meanwhile() -> None:
            clients[0].frame(TEXT, b"x")
            clients[0].frame(CLOSE, close(4000))
            clients[0].close()
            self.turn(2)

        self.runtime.expose("meanwhile", meanwhile)
        self.run_lua("meanwhile() server:stop()")
        clients[1].frame(TEXT, b"x")
        clients[1].frame(CLOSE, close(4001))
        clients[1].close()
        self.reactor.settle()
        self.assertEqual(sorted(self.lines), [b"out\t4000\t", b"out\t4001\t"])

    def test_stop_in_each_of_them(self) -> None:
        for name in ("connected", "receive", "disconnected", "accept"):
            self.lines.clear()
            self.serve("", f"{name} = function() print('{name}') server:stop() end")
            client = self.ask()
            for opcode, payload in ((TEXT, b"x"), (CLOSE, close(1000))):
                self.turn(2)
                if not client.gone:
                    client.frame(opcode, payload)
            self.turn(2)
            if not client.gone:
                client.close()
            self.reactor.settle()
            self.assertIn(name.encode(), self.lines)
            self.run_lua("assert(not server:isRunning())")


for _case in (HandshakeTests, MessageTests, EndTests, BadInputTests, HookTests):
    globals().update(for_each_lua(_case))
del _case
