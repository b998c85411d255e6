"""Listeners and wait() of a WebSocketClient: what is told, when, and to whom."""

from __future__ import annotations

from tests.support import for_each_lua
from tests.support.websocket import BINARY, CLOSE, PONG, TEXT, ClientCase, close


class WaitTests(ClientCase):
    """wait(name) in a task."""

    def task(self, code: str) -> None:
        self.run_lua(f"task.start(function() {code} end)")

    def test_nothing_is_missed(self) -> None:
        """Events of every name queue from connect on, listeners or not."""
        server = self.connect()
        server.open()
        server.frame(TEXT, b"one")
        server.frame(BINARY, b"two")
        server.frame(PONG, b"x")
        self.taken()
        self.task(
            "print(ws:wait('dataReceived')) print(ws:wait('dataReceived'))"
            " print(ws:wait('pong')) print(ws:wait('connected'))"
        )
        self.assertEqual(self.taken(), [b"one\tfalse", b"two\ttrue", b"x", b"true"])

    def test_after_the_end(self) -> None:
        """What came is still there; then the end is told, again and again."""
        server = self.open()
        server.frame(TEXT, b"last")
        server.frame(CLOSE, close(4000, b"bye"))
        server.close()
        self.turn(2)
        self.taken()
        self.task(
            "for _, name in ipairs({'dataReceived', 'disconnected', 'dataReceived', 'pong'}) do"
            " print(ws:wait(name)) end"
        )
        self.assertEqual(
            self.taken(),
            [b"last\tfalse", b"4000\tbye\ttrue", *[b"nil\tbye\teof"] * 2],
        )

    def test_newest_1024_are_kept(self) -> None:
        server = self.open()
        for number in range(1030):
            server.frame(TEXT, b"%d" % number)
        self.taken()
        self.task(
            "print(ws:wait('dataReceived'))"
            " for i = 2, 1023 do ws:wait('dataReceived') end"
            " print(ws:wait('dataReceived')) print(ws:wait('dataReceived', 0))"
        )
        self.turn(2)
        self.assertEqual(
            self.taken(),
            [b"6\tfalse", b"1029\tfalse", b"nil\tOperation canceled\ttimeout"],
        )

    def test_large_ones_beside_a_listener(self) -> None:
        """Of what a listener hears no more than 64 KiB are kept, until somebody waits."""
        server = self.open()
        for number in range(5):
            server.frame(TEXT, b"%d" % number * 30_000)
        self.taken()
        count = "print(#(ws:wait('dataReceived', 0) or ''))"
        self.task(f"{count} {count} {count}")
        self.turn(2)
        self.assertEqual(self.taken(), [b"30000", b"30000", b"0"])
        for number in range(5):
            server.frame(TEXT, b"%d" % number * 30_000)
        self.taken()
        self.task(count * 6)
        self.turn(2)
        self.assertEqual(self.taken(), [*[b"30000"] * 5, b"0"])

    def test_large_ones_without_a_listener(self) -> None:
        server = self.connect(listen=("error",))
        server.open()
        for number in range(5):
            server.frame(TEXT, b"%d" % number * 30_000)
        self.task("for i = 1, 5 do print((ws:wait('dataReceived')):sub(1, 1)) end")
        self.assertEqual(self.taken(), [b"0", b"1", b"2", b"3", b"4"])

    def test_lost_events_warn(self) -> None:
        """Once, at the line of connect, when a task waits too seldom."""
        server = self.connect(listen=("error",))
        server.open()
        self.task("ws:wait('dataReceived')")
        for _ in range(1030):
            server.frame(TEXT, b"x")
        self.assertWarned('wait("dataReceived") is called too seldom')

    def test_connect_empties_the_queues(self) -> None:
        server = self.open()
        server.frame(TEXT, b"old")
        server.close()
        self.turn(2)
        self.run_lua("ws:connect('ws://127.0.0.1/')")
        self.accept().open()
        self.taken()
        self.task("print(ws:wait('dataReceived', 0))")
        self.turn(2)
        self.assertEqual(self.taken(), [b"nil\tOperation canceled\ttimeout"])

    def test_connected_is_a_state(self) -> None:
        """At once as often as it is asked for while connected, and not after."""
        server = self.open()
        self.task("print(ws:wait('connected')) print(ws:wait('connected'))")
        self.assertEqual(self.taken(), [b"true", b"true"])
        server.close()
        self.turn(2)
        self.taken()
        self.task("print(ws:wait('connected'))")
        self.assertEqual(len(self.taken()), 1)

    def test_failure(self) -> None:
        """A connect that fails answers all that wait, and those that ask later."""
        self.run_lua("ws = net.WebSocketClient() ws:connect('ws://127.0.0.1/')")
        self.task("print('a', ws:wait('connected'))")
        self.task("print('b', ws:wait('dataReceived'))")
        self.turn()
        self.reactor.refuse()
        self.assertEqual(
            sorted(self.taken()),
            [
                b"a\tnil\tConnection refused\trefused",
                b"b\tnil\tConnection refused\trefused",
            ],
        )
        self.task("print(ws:wait('error')) print(ws:wait('connected'))")
        self.assertEqual(
            self.taken(),
            [b"Connection refused\trefused", b"nil\tConnection refused\trefused"],
        )
        self.assertWarned()

    def test_own_close(self) -> None:
        """Whoever waits is told, when the script has returned; disconnected still comes."""
        server = self.open()
        self.task("print('data', ws:wait('dataReceived'))")
        self.task("print('end', ws:wait('disconnected'))")
        self.run_lua("ws:close(4001, 'own') print('returned')")
        self.assertEqual(
            self.taken(), [b"returned", b"data\tnil\tOperation canceled\tclosed"]
        )
        server.frame(CLOSE, close(4001, b"own"))
        server.close()
        self.turn(2)
        self.assertEqual(
            sorted(self.taken()),
            [b"disconnected\t4001\town\ttrue", b"end\t4001\town\ttrue"],
        )
        self.task("print(ws:wait('pong')) print(ws:wait('disconnected'))")
        self.assertEqual(self.taken()[0], b"nil\tOperation canceled\tclosed")

    def test_own_close_while_connecting(self) -> None:
        """No event at all; whoever waits is told."""
        server = self.connect()
        for name in ("connected", "disconnected", "error"):
            self.task(f"print('waited', ws:wait('{name}'))")
        self.run_lua("ws:close()")
        self.turn(3)
        self.assertEqual(self.taken(), [b"waited\tnil\tOperation canceled\tclosed"] * 3)
        self.assertTrue(server.gone)

    def test_own_close_before_connect(self) -> None:
        self.run_lua("ws = net.WebSocketClient()")
        self.task("print(ws:wait('connected'))")
        self.run_lua("ws:close() ws:close()")
        self.assertEqual(self.taken(), [b"nil\tOperation canceled\tclosed"])

    def test_cancelled_waits_take_nothing(self) -> None:
        """One whose time is over does not swallow the next event."""
        server = self.connect(listen=("error",))
        server.open()
        self.task("print(ws:wait('dataReceived', 10)) print(ws:wait('dataReceived'))")
        self.reactor.advance(0.01)
        server.frame(TEXT, b"x")
        self.assertEqual(
            self.taken(), [b"nil\tOperation canceled\ttimeout", b"x\tfalse"]
        )

    def test_first_come_first_served(self) -> None:
        server = self.connect(listen=("error",))
        server.open()
        self.task("print('a', ws:wait('dataReceived'))")
        self.task("print('b', ws:wait('dataReceived'))")
        server.frame(TEXT, b"1")
        server.frame(TEXT, b"2")
        self.assertEqual(self.taken(), [b"a\t1\tfalse", b"b\t2\tfalse"])


class ListenerTests(ClientCase):
    def test_they_add_up(self) -> None:
        """In the order in which they were added; one may be there twice."""
        server = self.connect(listen=("error",))
        server.open()
        self.run_lua(
            "local function f(d) print('f', d) end"
            " ws:addEventListener('dataReceived', f)"
            " ws:addEventListener('dataReceived', function(d) print('g', d) end)"
            " ws:addEventListener('dataReceived', f)"
        )
        server.frame(TEXT, b"x")
        self.assertEqual(self.taken(), [b"f\tx", b"g\tx", b"f\tx"])

    def test_one_that_raises_does_not_stop_the_others(self) -> None:
        server = self.connect(listen=("error",))
        server.open()
        self.run_lua(
            "ws:addEventListener('dataReceived', function() error('mine') end)"
            " ws:addEventListener('dataReceived', print)"
        )
        server.frame(TEXT, b"x")
        server.frame(TEXT, b"y")
        self.assertEqual(self.taken(), [b"x\tfalse", b"y\tfalse"])
        self.assertEqual(len(self.errors), 2)
        self.assertTrue(self.errors[0].startswith("test.lua:1: mine"))

    def test_removed(self) -> None:
        """One, all, and while the event is told."""
        server = self.connect(listen=("error",))
        server.open()
        self.run_lua(
            """
            local function second(d) print("second", d) end
            ws:addEventListener("dataReceived", function(d)
              print("first", d)
              ws:removeEventListener("dataReceived", second)
              ws:addEventListener("dataReceived", function(d) print("new", d) end)
            end)
            ws:addEventListener("dataReceived", second)
            """
        )
        server.frame(TEXT, b"1")
        server.frame(TEXT, b"2")
        self.assertEqual(self.taken(), [b"first\t1", b"first\t2", b"new\t2"])
        self.run_lua("ws:removeEventListener('dataReceived')")
        server.frame(TEXT, b"3")
        self.assertEqual(self.taken(), [])

    def test_callable_tables(self) -> None:
        server = self.connect(listen=("error",))
        self.run_lua(
            "ws:addEventListener('connected', setmetatable({}, {__call = function()"
            " print('called') end}))"
        )
        server.open()
        self.assertEqual(self.taken(), [b"called"])


class UnheardTests(ClientCase):
    """Errors that no listener hears are a warning at the script's line."""

    def refused(self, code: str) -> None:
        self.run_lua(code)
        self.turn()
        self.reactor.refuse()

    def test_connect(self) -> None:
        self.refused(
            "\nlocal ws = net.WebSocketClient()\nws:connect('ws://127.0.0.1:1/')"
        )
        self.assertEqual(
            self.warnings,
            ["test.lua:3: Connection refused (refused; no error listener was given)"],
        )

    def test_listener(self) -> None:
        self.refused(
            "local ws = net.WebSocketClient() ws:addEventListener('error', print)"
            " ws:connect('ws://127.0.0.1:1/')"
        )
        self.assertWarned()
        self.assertEqual(self.taken(), [b"Connection refused\trefused"])

    def test_listener_that_was_removed(self) -> None:
        self.refused(
            "local ws = net.WebSocketClient() ws:addEventListener('error', print)"
            " ws:removeEventListener('error', print) ws:connect('ws://127.0.0.1:1/')"
        )
        self.assertWarned("Connection refused")

    def test_waiting_task(self) -> None:
        self.refused(
            "task.start(function() local ws = net.WebSocketClient()"
            " ws:connect('ws://127.0.0.1:1/') ws:wait('connected') end)"
        )
        self.assertWarned()

    def test_own_close(self) -> None:
        self.run_lua(
            "local ws = net.WebSocketClient() ws:connect('ws://127.0.0.1:1/') ws:close()"
        )
        self.turn(2)
        self.assertWarned()

    def test_send(self) -> None:
        """Also when the result is not looked at."""
        self.run_lua("ws = net.WebSocketClient()\nws:send('x')")
        self.assertWarned("test.lua:2: Not connected (state; no error listener")

    def test_already_connected(self) -> None:
        server = self.connect(listen=("connected",))
        server.open()
        self.run_lua("ws:connect('ws://127.0.0.1/')")
        self.assertWarned("Already connected")

    def test_reconnect(self) -> None:
        """The first of a row of failures is enough; the next row is another one."""
        self.refused(
            "ws = net.WebSocketClient({reconnect = {minDelay = 10, maxDelay = 10}})"
            " ws:connect('ws://127.0.0.1:1/')"
        )
        for _ in range(3):
            self.reactor.advance(0.01)
            self.reactor.refuse()
        self.assertWarned("Connection refused")
        self.reactor.advance(0.01)
        server = self.accept()
        server.open()
        server.close()
        self.turn(2)
        self.reactor.advance(0.01)
        self.reactor.refuse()
        self.assertWarned("Connection refused")
        self.run_lua("ws:close()")


globals().update(for_each_lua(WaitTests))
globals().update(for_each_lua(ListenerTests))
globals().update(for_each_lua(UnheardTests))
