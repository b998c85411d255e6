"""A script's client and a script's server, joined in memory, with TLS and without."""

from __future__ import annotations

import gc

from autobahn.websocket.compress import PerMessageDeflate

from tests.memory import Flow, Wire
from tests.support import ALL_BYTES, LuaTestCase, for_each_lua
from tests.support.authority import Authority

PAIR = """
local authority, file, rest = ...
local server_tls = file and {certificate = file, privateKey = file} or nil
local client_tls = file and {certificateAuthority = authority} or nil
server = net.WebSocketServer({tls = server_tls, subprotocols = {"b"}})
ws = net.WebSocketClient({tls = client_tls, subprotocols = {"a", "b"}})
server:start("127.0.0.1", 443, {
  connected = function(id, info) client = id print("in", info.path, info.subprotocol) end,
  receive = function(id, data, binary)
    if binary then server:sendBinary(id, data) else server:send(id, data) end
  end,
  disconnected = function(id, ...) print("out", ...) end,
})
for _, name in ipairs({"connected", "disconnected", "error"}) do
  ws:addEventListener(name, function(...) print(name, ...) end)
end
all = {} for i = 0, 255 do all[#all + 1] = string.char(i) end
all = table.concat(all)
ws:connect((file and "wss" or "ws") .. "://localhost:443/path")
"""


class ByteByByte(Wire):
    def sent(self, flow: Flow, data: bytes) -> None:
        flow.deliver(*(data[at : at + 1] for at in range(len(data))))


class PairTests(LuaTestCase):
    files: tuple[str, ...] = ()

    def begin(self) -> None:
        self.run_lua(PAIR, *self.files)
        self.reactor.settle(50_000)
        self.assertEqual(self.lines, [b"in\t/path\tb", b"connected"])
        self.lines.clear()

    def back(self, expression: str) -> None:
        """The server sends it back as it is."""
        self.run_lua(
            f"local sent = {expression} ws:sendBinary(sent) task.start(function()"
            " local got, binary = ws:wait('dataReceived') print(got == sent, binary) end)"
        )
        self.reactor.settle(5000)
        self.assertEqual(self.lines, [b"true\ttrue"])
        self.lines.clear()

    def test_there_and_back(self) -> None:
        self.begin()
        for data in ("''", "all", "all:rep(1000)", "('x'):rep(3000000)"):
            self.back(data)
        self.run_lua("ws:close(4000, 'bye')")
        self.reactor.settle()
        self.assertEqual(
            sorted(self.lines), [b"disconnected\t4000\tbye\ttrue", b"out\t4000\tbye"]
        )

    def test_compression_ends_with_the_connection(self) -> None:
        """Its memory, which is much, is not left to the collector."""

        def compressing() -> int:
            return sum(type(each) is PerMessageDeflate for each in gc.get_objects())

        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        before = compressing()
        script = PAIR.replace(
            "WebSocketClient({", "WebSocketClient({compression = true,"
        )
        self.run_lua(script, *self.files)
        self.reactor.settle(50_000)
        self.assertEqual(compressing(), before + 2)
        self.run_lua("ws:close()")
        self.reactor.settle()
        self.assertIn(b"disconnected\t1000\t\ttrue", self.lines)
        self.assertEqual(compressing(), before)

    def test_counted(self) -> None:
        """By the names that scripts know, on both sides."""
        self.begin()
        self.run_lua(
            "print(eplua.stats().WebSocketClient, eplua.stats().WebSocketServer)"
            " ws:close()"
        )
        self.reactor.settle()
        self.run_lua(
            "print(eplua.stats().WebSocketClient, eplua.stats().WebSocketServer)"
        )
        self.assertEqual((self.lines[0], self.lines[-1]), (b"2\t1", b"nil\t1"))

    def test_the_server_closes(self) -> None:
        self.begin()
        self.run_lua(
            "for i = 1, 20 do server:send(client, all:sub(1, 100):rep(1000)) end"
            " local n = 0 ws:addEventListener('dataReceived', function() n = n + 1"
            " if n == 20 then print('all') end end)"
            " server:close(client, 4001, 'enough')"
        )
        self.reactor.settle(5000)
        self.assertEqual(
            sorted(self.lines),
            [b"all", b"disconnected\t4001\tenough\ttrue", b"out\t4001\tenough"],
        )

    def test_the_server_stops(self) -> None:
        self.begin()
        self.run_lua("server:stop({success = function() print('stopped') end})")
        self.reactor.settle()
        self.assertEqual(
            sorted(self.lines),
            [b"disconnected\t1001\t\ttrue", b"out\t1001\t", b"stopped"],
        )

    def test_byte_by_byte(self) -> None:
        self.reactor.network.wire = ByteByByte()
        self.begin()
        self.back("all")

    def test_a_failed_connection(self) -> None:
        """Both ends know why, and the client hears nothing else."""
        self.begin()
        self.run_lua("server:broadcast(('x'):rep(17000000))")
        self.reactor.settle(5000)
        self.assertTrue(self.lines[0].startswith(b"disconnected\t1009\t"), self.lines)
        self.assertTrue(self.lines[1].startswith(b"out\t1009\t"), self.lines)
        self.assertEqual(len(self.lines), 2)


class SecureTests(PairTests):
    """The same with TLS."""

    def setUp(self) -> None:
        super().setUp()
        self.reactor.nameResolver.addresses["localhost"] = ["127.0.0.1"]
        self.authority = Authority(self)
        file = self.authority.issue("localhost")
        self.files = (str(self.authority.file), file)

    def test_a_silent_client(self) -> None:
        """10 s for the handshakes of TLS and WebSocket together."""
        self.begin()
        client = self.reactor.connect()
        self.reactor.advance(9.9)
        self.assertFalse(client.gone)
        self.reactor.advance(0.2)
        for _ in range(6):
            self.reactor.advance(0.5)
        self.assertTrue(client.gone)

    def test_a_client_that_speaks_no_tls(self) -> None:
        self.begin()
        client = self.reactor.connect()
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" + ALL_BYTES)
        self.reactor.settle()
        self.assertTrue(client.gone)
        self.assertEqual(self.lines, [])

    def test_a_server_that_is_not_trusted(self) -> None:
        self.files = (str(Authority(self).file), self.files[1])
        self.run_lua(PAIR, *self.files)
        self.reactor.settle()
        (line,) = self.lines
        self.assertTrue(line.startswith(b"error\tcertificate verify failed: "), line)
        self.assertTrue(line.endswith(b"\ttls"), line)


globals().update(for_each_lua(PairTests))
