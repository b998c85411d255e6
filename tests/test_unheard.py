"""Every method that can fail, called without callbacks, warns with the script's line."""

from __future__ import annotations

import re

from tests.support import LuaTestCase, for_each_lua

SETUP = """
net.TCPServer():start("127.0.0.1", 7000, function() end)
busy = 7000
closed = net.TCPSocket()
udp = net.UDPSocket()
udp:bind("127.0.0.1", 0, {})
dtls = net.UDPSocket()
server = net.HTTPServer()
server:start("127.0.0.1", 7001, function(_, response)
  answered = response
  response:send(200)
end)
"""

FAILING = {
    "net.TCPSocket": {
        "connect": "net.TCPSocket():connect('127.0.0.1', 1)",
        "read": "closed:read()",
        "readExactly": "closed:readExactly(1)",
        "readUntil": "closed:readUntil('x')",
        "readAll": "closed:readAll()",
        "write": "closed:write('x')",
        "send": "closed:send('x')",
        "startTLS": "closed:startTLS()",
        "shutdown": "closed:shutdown()",
    },
    "net.TCPServer": {
        "start": "net.TCPServer():start('127.0.0.1', busy, print)",
    },
    "net.UDPSocket": {
        "bind": "udp:bind('127.0.0.1', 0)",
        "sendTo": "udp:sendTo('x', 'a..b', 1)",
        "connect": "udp:connect('a..b', 1)",
        "joinGroup": "udp:joinGroup('127.0.0.1')",
        "leaveGroup": "udp:leaveGroup('127.0.0.1')",
        "accept": "udp:accept()",
    },
    "net.HTTPClient": {
        "request": "net.HTTPClient():request('http://127.0.0.1:1/')",
    },
    "net.HTTPServer": {
        "start": "net.HTTPServer():start('127.0.0.1', busy, print)",
    },
    "net.WebSocketClient": {
        "connect": "net.WebSocketClient():connect('ws://127.0.0.1:1/')",
        "send": "net.WebSocketClient():send('x')",
        "sendBinary": "net.WebSocketClient():sendBinary('x')",
    },
    "net.WebSocketServer": {
        "start": "net.WebSocketServer():start('127.0.0.1', busy)",
    },
}
"""Calls that fail, by class and method."""

AT_ONCE = {
    "net.TCPSocket": (
        "close isConnected localAddress peerAddress bufferedAmount alpn ref unref"
    ),
    "net.TCPServer": "stop port isRunning clientCount ref unref",
    "net.UDPSocket": (
        "receive setMulticastTTL setMulticastLoopback localAddress droppedCount close"
        " ref unref"
    ),
    "net.HTTPClient": "ref unref",
    "net.HTTPServer": "stop port isRunning route static websocket ref unref",
    "net.WebSocketClient": (
        "ping close isOpen bufferedAmount subprotocol addEventListener"
        " removeEventListener wait ref unref"
    ),
    "net.WebSocketServer": (
        "stop port isRunning send sendBinary broadcast close getClients"
        " bufferedAmount ref unref"
    ),
}
"""Methods that answer at once, raise, wait for ever, or cannot fail."""


class UnheardTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(SETUP)
        self.reactor.settle()
        self.warnings.clear()

    def refuse_all(self) -> None:
        """Whatever tries to connect is refused."""
        for number, connector in enumerate(self.reactor.connectors):
            transport = getattr(connector, "transport", None)
            if transport is not None and transport.socket.state == "connecting":
                self.reactor.refuse(number=number)

    def test_each_failure_has_the_line_of_the_call(self) -> None:
        """Called in the main chunk, below pcall, and in a coroutine."""
        for calls in FAILING.values():
            for call in calls.values():
                for form in (
                    f"\n\n{call}",
                    f"\n\npcall(function() {call} end)",
                    f"\n\ncoroutine.wrap(function() {call} end)()",
                ):
                    self.run_lua(form)
                    self.turn(2)
                    self.refuse_all()
                    self.reactor.settle()
                    warnings, self.warnings = self.warnings + self.errors, []
                    self.errors.clear()
                    failures = [each for each in warnings if "is lost" not in each]
                    self.assertEqual(len(failures), 1, (form, warnings))
                    self.assertTrue(
                        failures[0].startswith("test.lua:3: "), (form, failures)
                    )

    def test_a_port_that_is_not_had_is_an_error(self) -> None:
        """And the end of what is to end by it; the script may handle it."""
        codes: list[int] = []
        self.run_lua("print(busy)")
        busy = self.lines.pop().decode()
        for given, handled, ends in (
            (False, "false", []),
            ("listening", "false", [1]),
            ("listening", "true", []),
            (True, "false", [1]),
        ):
            self.runtime = self.make_runtime(exit_on_error=given, on_exit=codes.append)
            self.run_lua(
                f"net.onError(function() return {handled} end)"
                f" net.TCPServer():start('127.0.0.1', {busy}, print)"
            )
            self.reactor.settle()
            self.assertEqual((given, codes), (given, ends))
            self.assertEqual(len(self.errors), 0 if handled == "true" else 1)
            codes.clear()
            self.errors.clear()

    def test_answers_of_a_response(self) -> None:
        client = self.reactor.connect()
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.turn()
        for call in ("send(200)", "writeHead(200)", "write('x')", "finish()"):
            self.run_lua(f"\nanswered:{call}")
            self.turn(2)
            self.assertWarned("Already answered")

    def test_mqtt(self) -> None:
        self.run_lua("\nmqtt.Client.connect('mqtt://127.0.0.1:1')")
        self.turn(2)
        self.refuse_all()
        self.reactor.settle()
        self.assertWarned("Connection refused")

    def test_names(self) -> None:
        self.run_lua("\nnet.resolve('a..b')")
        self.reactor.settle()
        self.assertTrue(all(re.match(r"test\.lua:2: ", each) for each in self.warnings))
        self.assertIn("Host not found", self.warnings[-1])

    def test_each_public_method_is_in_one_of_the_tables(self) -> None:
        for name, calls in FAILING.items():
            self.run_lua(
                f"for method in pairs(debug.getmetatable({name}()).__index) do"
                " print(method) end"
            )
            methods = {line.decode() for line in self.lines}
            self.lines.clear()
            self.assertEqual(methods, {*calls, *AT_ONCE[name].split()}, name)


globals().update(for_each_lua(UnheardTests))
