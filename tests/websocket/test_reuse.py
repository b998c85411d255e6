"""One WebSocketClient and many connections: connect again, reconnect, ref and unref."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.websocket import (
    CLOSE,
    TEXT,
    ClientCase,
    RemoteServer,
    close,
    frame,
    frames,
    seen,
)


class ReuseTests(ClientCase):
    """A client is connected again after it was closed, or has failed."""

    def again(self) -> RemoteServer:
        self.run_lua("ws:connect('ws://127.0.0.1/again')")
        return self.accept()

    def test_after_a_failure(self) -> None:
        server = self.connect()
        server.close()
        self.turn(2)
        self.again().open()
        self.assertEqual(len(self.taken()), 2)

    def test_after_the_end(self) -> None:
        server = self.open()
        server.frame(CLOSE, close(1000))
        server.close()
        self.turn(2)
        self.again().open()
        self.assertEqual(self.taken(), [b"disconnected\t1000\t\ttrue", b"connected"])

    def test_right_after_close(self) -> None:
        """The old connection's end is told first, all that was sent still arrives."""
        server = self.open("{compression = false}")
        server.stall()
        self.run_lua("ws:send(('x'):rep(1000000)) ws:close(4000, 'old')")
        self.run_lua("ws:connect('ws://127.0.0.1/') print('called')")
        self.assertEqual(self.taken(), [b"called", b"disconnected\t4000\told\tfalse"])
        new = self.accept()
        new.open()
        server.take()
        data = b""
        for _ in range(30):
            self.turn()
            data += server.received()
        message, end = frames(data)
        self.assertEqual((len(message.payload), end.payload), (1000000, b"\x0f\xa0old"))
        server.close()
        self.turn(2)
        new.frame(TEXT, b"new")
        self.assertEqual(self.taken(), [b"connected", b"dataReceived\tnew\tfalse"])

    def test_in_the_call_that_closes(self) -> None:
        server = self.open()
        self.run_lua("ws:close() ws:connect('ws://127.0.0.1/') ws:close()")
        self.turn(2)
        self.assertEqual(self.taken(), [b"disconnected\t1000\t\tfalse"])
        server.close()
        self.reactor.settle()
        self.assertEqual(self.taken(), [])

    def test_close_and_connect_while_connecting(self) -> None:
        """Of an attempt that was given up nothing is told."""
        first = self.connect()
        self.run_lua("ws:close() ws:connect('ws://127.0.0.1/')")
        second = self.accept()
        second.open()
        self.turn(2)
        self.assertTrue(first.gone)
        self.assertEqual(self.taken(), [b"connected"])

    def test_in_the_listeners(self) -> None:
        """close and connect work in each of them."""
        self.run_lua(
            """
            ws = net.WebSocketClient()
            ws:addEventListener("error", function(m, c)
              print("error", c) ws:connect("ws://127.0.0.1/")
            end)
            ws:addEventListener("connected", function() print("connected") end)
            ws:addEventListener("disconnected", function(code)
              print("disconnected", code) ws:connect("ws://127.0.0.1/")
            end)
            ws:addEventListener("dataReceived", function(d) print(d) ws:close(4000) end)
            ws:connect("ws://127.0.0.1/")
            """
        )
        self.turn()
        self.reactor.refuse()
        server = self.accept()
        server.open()
        server.send(frame(TEXT, b"one") + frame(TEXT, b"two"))
        self.assertEqual(seen(server), [(CLOSE, close(4000))])
        server.frame(CLOSE, close(4000))
        server.close()
        self.turn(2)
        self.accept().open()
        self.assertEqual(
            self.taken(),
            [
                b"error\trefused",
                b"connected",
                b"one",
                b"disconnected\t4000",
                b"connected",
            ],
        )

    def test_close_is_always_allowed(self) -> None:
        self.run_lua(
            "ws = net.WebSocketClient() print(ws:close(), ws:close(4000, 'x'))"
            " ws:connect('ws://127.0.0.1/') print(ws:close(), ws:close())"
        )
        self.reactor.settle()
        self.assertEqual(self.taken(), [b"true\ttrue"] * 2)

    def test_closed_before_the_script_has_heard(self) -> None:
        """Open, but the script does not know it: then it is told nothing at all."""
        server = self.connect()
        self.runtime.expose("meanwhile", lambda: server.open())
        self.run_lua("meanwhile() ws:close()")
        self.assertEqual(seen(server)[0][0], CLOSE)
        server.frame(CLOSE, close(1000))
        server.close()
        self.turn(2)
        self.assertEqual(self.taken(), [])

    def test_the_end_is_told_though_the_script_closes_meanwhile(self) -> None:
        """The peer has closed, and the event waits, when the script closes too."""
        server = self.open()

        def meanwhile() -> None:
            server.frame(CLOSE, close(4001, b"peer"))
            server.close()
            self.turn(2)

        self.runtime.expose("meanwhile", meanwhile)
        self.run_lua("meanwhile() ws:close(4000)")
        self.turn(2)
        self.assertEqual(self.taken(), [b"disconnected\t4001\tpeer\ttrue"])

    def test_straight_after_connect(self) -> None:
        """Nothing can be sent yet; that is state, for each method."""
        self.connect()
        self.run_lua(
            "print(ws:send('x')) print(ws:sendBinary('x')) print(ws:ping())"
            " print(ws:isOpen(), ws:bufferedAmount(), ws:subprotocol())"
        )
        self.assertEqual(
            self.taken()[:4],
            [b"nil\tNot connected\tstate"] * 3 + [b"false\t0\tnil"],
        )
        self.run_lua("ws:close()")

    def test_text_of_the_object(self) -> None:
        self.run_lua("print(net.WebSocketClient())")
        server = self.connect()
        self.run_lua("print(ws)")
        server.open()
        self.run_lua("print(ws) ws:close() print(ws)")
        server.close()
        self.turn(2)
        self.run_lua("print(ws)")
        url = b"WebSocketClient: ws://127.0.0.1/ "
        self.assertEqual(
            [each for each in self.taken() if each.startswith(b"WebSocketClient")],
            [
                b"WebSocketClient: closed",
                url + b"(connecting)",
                url + b"(connected)",
                url + b"(closing)",
                url + b"(closed)",
            ],
        )


class ReconnectTests(ClientCase):
    """The option C{reconnect}."""

    QUICK = "{reconnect = {minDelay = 10, maxDelay = 40}}"

    def attempts(self) -> int:
        return len(self.reactor.connectors)

    def test_a_server_that_closes_at_once(self) -> None:
        """It is not asked more and more often: 4 attempts at most in 4 seconds."""
        server = self.connect("{reconnect = true}")
        for _ in range(400):
            before = self.attempts()
            if not server.gone:
                server.open()
                server.close()
            self.reactor.advance(0.01)
            if self.attempts() > before:
                server = self.accept()
        self.assertTrue(2 <= self.attempts() <= 4, self.attempts())
        self.run_lua("ws:close()")

    def test_delay_starts_anew_after_a_connection_that_lasts(self) -> None:
        """As long as the longest delay."""
        server = self.open(self.QUICK)
        for lasts, longest in (
            (0.0, 0.010),
            (0.0, 0.020),
            (0.0, 0.040),
            (0.040, 0.010),
        ):
            self.reactor.advance(lasts)
            server.close()
            self.turn(2)
            self.reactor.advance(longest / 2 - 0.001)
            before = self.attempts()
            self.reactor.advance(longest / 2 + 0.001)
            self.assertEqual(self.attempts(), before + 1)
            server = self.accept()
            server.open()
        self.run_lua("ws:close()")

    def test_each_failed_attempt_is_an_error(self) -> None:
        self.run_lua(
            f"ws = net.WebSocketClient({self.QUICK}) ws:addEventListener('error', print)"
            " ws:connect('ws://127.0.0.1/')"
        )
        self.turn()
        for _ in range(5):
            self.reactor.refuse()
            self.reactor.advance(0.040)
        self.assertEqual(self.taken(), [b"Connection refused\trefused"] * 5)
        self.run_lua("ws:close()")

    def test_an_attempt_that_fails_before_it_begins(self) -> None:
        """Nothing of TLS can be read: an error, and the next attempt comes."""
        self.run_lua(
            "ws = net.WebSocketClient({reconnect = {minDelay = 10, maxDelay = 10},"
            " tls = {certificateAuthority = '/none/ca.pem'}})"
            " ws:addEventListener('error', function(_, code) print(code) end)"
            " ws:connect('wss://127.0.0.1/')"
        )
        for _ in range(3):
            self.reactor.advance(0.010)
            self.turn()
        self.assertEqual(self.taken(), [b"tls"] * 4)
        self.run_lua("ws:close()")

    def test_listeners_and_headers_stay(self) -> None:
        server = self.connect(self.QUICK, more=", {['X-Y'] = 'z'}")
        server.open()
        server.reset()
        self.turn()
        self.reactor.advance(0.010)
        server = self.accept()
        self.assertEqual(server.values("X-Y"), ["z"])
        server.open()
        server.frame(TEXT, b"again")
        lines = self.taken()
        self.assertEqual(lines[0], b"connected")
        self.assertTrue(lines[1].startswith(b"disconnected\t1006\t"))
        self.assertEqual(lines[2:], [b"connected", b"dataReceived\tagain\tfalse"])
        self.run_lua("ws:close()")

    def test_close_ends_it(self) -> None:
        """Whenever it comes: while it waits, while it connects, while it is open."""
        for state in ("waiting", "connecting", "open"):
            server = self.connect(self.QUICK)
            if state != "connecting":
                server.open()
            if state == "waiting":
                server.close()
                self.turn(2)
            self.run_lua("ws:close()")
            if not server.gone:
                server.close()
            before = self.attempts()
            self.turn(2)
            self.reactor.advance(1)
            self.assertEqual(self.attempts(), before)

    def test_close_while_it_waits_answers_waiting_tasks(self) -> None:
        server = self.open(self.QUICK)
        server.close()
        self.turn(2)
        self.taken()
        self.run_lua(
            "task.start(function() ws:wait('connected') print(ws:wait('connected')) end)"
            " ws:close()"
        )
        self.assertEqual(self.taken(), [b"nil\tOperation canceled\tclosed"])

    def test_connect_while_it_waits(self) -> None:
        """The script does not want to wait: there is one connection."""
        server = self.open(self.QUICK)
        server.close()
        self.turn(2)
        before = self.attempts()
        self.run_lua("ws:connect('ws://127.0.0.1/other')")
        self.accept().open()
        self.reactor.advance(1)
        self.assertEqual(self.attempts(), before + 1)
        self.run_lua("ws:close()")

    def test_a_task_waits_over_failures(self) -> None:
        self.run_lua(
            f"ws = net.WebSocketClient({self.QUICK}) ws:addEventListener('error', print)"
            " ws:connect('ws://127.0.0.1/')"
            " task.start(function() print('task', ws:wait('connected')) end)"
        )
        self.turn()
        self.reactor.refuse()
        self.reactor.advance(0.010)
        self.accept().open()
        self.assertEqual(self.taken(), [b"Connection refused\trefused", b"task\ttrue"])
        self.run_lua("ws:close()")

    def test_bad_options(self) -> None:
        for value, expected in (
            ("5", "boolean or table"),
            ("{factor = 0}", "number of at least 1"),
            ("{minDelay = -1}", "a finite number of milliseconds, at least 0"),
            (
                "{minDelai = 5}",
                'unknown option "reconnect.minDelai"; known: factor, maxDelay',
            ),
        ):
            self.assertRaisedAtLine(
                f"net.WebSocketClient({{reconnect = {value}}})", expected
            )


class AliveTests(ClientCase):
    """What keeps the program alive."""

    def keeps_on(self) -> bool:
        idle = self.runtime.idle()
        self.turn(2)
        over = idle.called
        idle.addErrback(lambda _: None)
        return not over

    def test_an_open_connection(self) -> None:
        self.open()
        self.assertTrue(self.keeps_on())

    def test_nothing_after_the_end(self) -> None:
        self.open().close()
        self.turn(2)
        self.assertFalse(self.keeps_on())

    def test_nothing_after_a_failure(self) -> None:
        self.connect().close()
        self.turn(2)
        self.assertFalse(self.keeps_on())

    def test_unref(self) -> None:
        self.open()
        self.run_lua("print(ws:unref() == ws)")
        self.assertFalse(self.keeps_on())
        self.run_lua("ws:ref()")
        self.assertTrue(self.keeps_on())

    def test_unref_before_connect(self) -> None:
        self.run_lua(
            "ws = net.WebSocketClient():unref() ws:addEventListener('error', print)"
            " ws:connect('ws://127.0.0.1/')"
        )
        self.assertFalse(self.keeps_on())

    def test_waiting_to_reconnect(self) -> None:
        """It does, unless the script says that it does not."""
        server = self.open("{reconnect = true}")
        server.close()
        self.turn(2)
        self.assertTrue(self.keeps_on())
        self.run_lua("ws:unref()")
        self.assertFalse(self.keeps_on())
        self.run_lua("ws:ref()")
        self.assertTrue(self.keeps_on())
        self.run_lua("ws:close()")
        self.assertFalse(self.keeps_on())

    def test_an_old_connection_that_still_sends_does(self) -> None:
        """Its bytes are to arrive, though its end was told."""
        server = self.open("{compression = false}")
        server.stall()
        self.run_lua("ws:send(('x'):rep(1000000)) ws:close()")
        self.assertTrue(self.keeps_on())
        server.take()
        for _ in range(30):
            self.turn()
            server.received()
        server.close()
        self.turn(2)
        self.assertFalse(self.keeps_on())


for _case in (ReuseTests, ReconnectTests, AliveTests):
    globals().update(for_each_lua(_case))
del _case
