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


for _case in (HandshakeTests, MessageTests, EndTests):
    globals().update(for_each_lua(_case))
del _case
