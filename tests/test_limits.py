"""What a runtime lets its scripts take, and the options that say so."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import Limits, Runtime
from eplua_twisted.tap import Options
from tests.support import LuaTestCase


class OptionTests(SynchronousTestCase):
    def limits(self, *arguments: str) -> Limits:
        options = Options()
        options.parseOptions([*arguments, "-e", ""])
        return options.limits

    def test_none(self) -> None:
        self.assertEqual(self.limits(), Limits())

    def test_all(self) -> None:
        self.assertEqual(
            self.limits(
                *("--max-memory", "64M", "--max-callback-time", "500"),
                *("--max-timers", "7", "--max-connections", "0"),
            ),
            Limits(64 * 2**20, 500, 7, 0),
        )

    def test_sizes(self) -> None:
        for text, size in (("3000000", 3_000_000), ("4096k", 2**22), ("2G", 2**31)):
            self.assertEqual(self.limits("--max-memory", text).max_memory, size)

    def test_refused(self) -> None:
        """With the name of the option."""
        for name, text in (
            ("--max-memory", "64MB"),
            ("--max-memory", "-1"),
            ("--max-memory", "1M"),
            ("--max-callback-time", "1.5"),
            ("--max-timers", ""),
            ("--max-connections", "many"),
        ):
            with self.assertRaises(usage.UsageError) as raised:
                self.limits(name, text)
            self.assertIn(f"{name}: ", str(raised.exception))

    def test_limits(self) -> None:
        """C{Limits} checks what it is given."""
        for given in ({"max_timers": -1}, {"max_timers": "5"}, {"max_memory": 5}):
            self.assertRaises(ValueError, Limits, **given)

    def test_callback_time(self) -> None:
        """LuaJIT has no limit unless one is asked for."""
        self.assertEqual(Limits().callback_time("5.3"), 10_000)
        self.assertEqual(Limits().callback_time("luajit"), 0)
        self.assertEqual(Limits(max_callback_time=5).callback_time("luajit"), 5)
        self.assertEqual(Limits(max_callback_time=0).callback_time("5.4"), 0)


SERVER = """
    clients = {}
    net.TCPServer():start("127.0.0.1", 7000, function(client)
      clients[#clients + 1] = client
      print("client")
    end)
"""

CLIENT = """
    sockets = {}
    function open(count, host, port)
      for _ = 1, count do
        local socket = net.TCPSocket()
        sockets[#sockets + 1] = socket
        socket:connect(host or "127.0.0.1", port or 7000, { error = print })
      end
    end
"""


class ConnectionTests(LuaTestCase):
    """One more connection than may be open."""

    def setUp(self) -> None:
        super().setUp()
        self.other = self.make_runtime()
        self.runtime = self.make_runtime(limits=Limits(max_connections=3))

    def on(self, runtime: Runtime, code: str) -> None:
        self.successResultOf(runtime.run_string(code, "@test.lua"))
        self.turn(5)

    def test_made(self) -> None:
        """It fails with the option's name; what has gone or failed leaves room."""
        self.on(self.other, SERVER)
        self.on(self.runtime, f"{CLIENT} open(4)")
        refused = b"3 connections are open (option --max-connections)\tlimit"
        self.assertEqual(sorted(self.lines), [refused, *[b"client"] * 3])
        self.on(self.runtime, "sockets[1]:close()")
        self.reactor.advance(0.1)
        self.lines.clear()
        for _ in range(2):
            self.on(self.runtime, "open(1, '127.0.0.1', 7001)")
            self.reactor.refuse()
        self.on(self.runtime, "open(2)")
        self.assertEqual(
            self.lines, [*[b"Connection refused\trefused"] * 2, refused, b"client"]
        )

    def test_made_by_each_class(self) -> None:
        self.on(self.other, SERVER)
        self.on(self.runtime, f"{CLIENT} open(3)")
        self.lines.clear()
        self.on(
            self.runtime,
            """
            local callbacks = {error = function(message, code) print(code) end}
            net.TCPSocket():connect("unix:/run/x", nil, callbacks)
            net.TCPSocket({tls = true}):connect("127.0.0.1", 7000, callbacks)
            net.HTTPClient():request("http://127.0.0.1:7000/", callbacks)
            local socket = net.WebSocketClient()
            socket:addEventListener("error", callbacks.error)
            socket:connect("ws://127.0.0.1:7000/")
            for _, scheme in ipairs({"mqtt", "ws"}) do
              local client = mqtt.Client.connect(scheme .. "://127.0.0.1:7000", {})
              client:addEventListener("error", function(event)
                if event.message:find("max%-connections") then print("limit") end
              end)
            end
            """,
        )
        self.assertEqual(self.lines, [b"limit"] * 6)

    def test_accepted_by_each_class(self) -> None:
        for kind, start in (
            ("HTTPServer", "server:start('127.0.0.1', 7002, print)"),
            ("WebSocketServer", "server:start('127.0.0.1', 7002, {})"),
        ):
            self.on(self.runtime, f"server = net.{kind}() {start}")
            self.on(self.other, f"{CLIENT} open(3, '127.0.0.1', 7002)")
            with capturedLogs() as logs:
                self.on(
                    self.other,
                    "task.start(function() local s = net.TCPSocket()"
                    " s:connect('127.0.0.1', 7002) print(select(3, s:read())) end)",
                )
                self.reactor.settle()
            self.assertEqual(self.lines, [b"eof"], kind)
            self.assertTrue(
                any("a client was refused" in str(formatEvent(each)) for each in logs)
            )
            self.on(self.runtime, "server:stop({})")
            self.reactor.settle()
            self.lines.clear()

    def test_accepted(self) -> None:
        """It is closed at once, and logged; those that were made count too."""
        self.on(self.runtime, f"{CLIENT} {SERVER}")
        self.on(self.other, "net.TCPServer():start('127.0.0.1', 7001, print)")
        self.on(self.runtime, "open(1, '127.0.0.1', 7001)")
        with capturedLogs() as logs:
            self.on(self.other, f"{CLIENT} open(3)")
        self.assertEqual(self.lines.count(b"client"), 2)
        refused = (
            "a client was refused: 3 connections are open (option --max-connections)"
        )
        self.assertIn(refused, map(formatEvent, logs))
        self.on(self.runtime, "clients[1]:close()")
        self.on(self.other, "open(1)")
        self.assertEqual(self.lines.count(b"client"), 3)
