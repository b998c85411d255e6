"""WebSockets with real sockets, and with programs that nobody here wrote."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

from tests.support import (
    ALL_BYTES,
    LoopbackTestCase,
    port_of,
    serve_peer,
    start,
    start_peer,
)
from tests.support.programs import need_program

SLOW = """
local ws, expected = net.WebSocketClient(), 0
ws:addEventListener("dataReceived", function(data)
  local a, b, c, d = data:byte(1, 4)
  assert(((a * 256 + b) * 256 + c) * 256 + d == expected and #data == 25000, expected)
  expected = expected + 1
  local till = os.clock() + 0.0002
  while os.clock() < till do end
  if expected == 4000 then print("all") end
end)
ws:connect("ws://127.0.0.1:" .. ... .. "/")
"""


class ClientTests(LoopbackTestCase):
    """A script's client, and the websockets library's server."""

    async def peer(self, *arguments: str) -> str:
        return str(await serve_peer(self, "websocket_server.py", *arguments))

    async def talk(
        self, code: str, options: str = "", headers: str = ""
    ) -> list[bytes]:
        """Run code in a task with C{ws} connected; all its events are printed."""
        return await self.run_lua(
            f"""
            ws = net.WebSocketClient({options})
            for _, name in ipairs({{"disconnected", "error", "pong"}}) do
              ws:addEventListener(name, function(...) print(name, ...) end)
            end
            task.start(function()
              ws:connect("ws://127.0.0.1:" .. arg[1] .. "/some/path?x=1" {headers})
              print("connected", ws:wait("connected"))
              {code}
            end)
            """,
            await self.peer(),
        )

    async def test_flood(self) -> None:
        """100 MB, faster than the script takes them: all arrive, in little memory."""
        port = await self.peer("--flood")
        script = start(
            self, sys.executable, "-m", "eplua_twisted.cli", "-e", SLOW, port
        )
        await script.says(b"all")
        status = Path(f"/proc/{script.transport.pid}/status").read_text()
        highest = int(status.partition("VmHWM:")[2].split()[0])
        self.assertLess(highest, 100_000, "KiB")

    async def test_text_and_bytes(self) -> None:
        lines = await self.talk(
            """
            print(ws:send("h\\195\\164llo"))
            print(ws:wait("dataReceived"))
            local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end
            local all = table.concat(t)
            ws:sendBinary(all)
            local data, binary = ws:wait("dataReceived")
            print(data == all, binary, ws:isOpen())
            ws:close(1000, "done")
            print(ws:isOpen())
            """
        )
        self.assertEqual(
            lines,
            [
                b"connected\ttrue",
                b"true",
                b"h\xc3\xa4llo\tfalse",
                b"true\ttrue\ttrue",
                b"false",
                b"disconnected\t1000\tdone\ttrue",
            ],
        )

    async def test_headers_and_subprotocol(self) -> None:
        lines = await self.talk(
            'print(ws:subprotocol()) ws:send("headers") print((ws:wait("dataReceived"))) ws:close()',
            "{subprotocols = {'none', 'other'}, headers = {['X-Test'] = 'option'}}",
        )
        self.assertEqual(
            lines[1:3], [b"other", b"('/some/path?x=1', 'option', 'other')"]
        )

    async def test_headers_of_connect(self) -> None:
        """As HC3 scripts give them, the subprotocol too."""
        lines = await self.talk(
            'ws:send("headers") print((ws:wait("dataReceived"))) ws:close()',
            "",
            ', {["X-Test"] = "one", ["Sec-WebSocket-Protocol"] = "chat"}',
        )
        self.assertEqual(lines[1], b"('/some/path?x=1', 'one', 'chat')")

    async def test_server_closes(self) -> None:
        lines = await self.talk(
            'ws:send("close") print("waited", ws:wait("dataReceived")) print(ws:send("x"))'
        )
        self.assertEqual(
            lines,
            [
                b"connected\ttrue",
                b"disconnected\t4001\tas asked\ttrue",
                b"waited\tnil\tas asked\teof",
                b"nil\tNot connected\tstate",
                b"error\tNot connected\tstate",
            ],
        )

    async def test_server_drops(self) -> None:
        lines = await self.talk('ws:send("drop")')
        self.assertTrue(lines[1].startswith(b"disconnected\t1006\t"), lines)
        self.assertTrue(lines[1].endswith(b"\tfalse"), lines)
        self.assertEqual(len(lines), 2)

    async def test_ping(self) -> None:
        lines = await self.talk(
            """
            print(ws:ping("hello")) print(ws:wait("pong"))
            print(ws:ping(("x"):rep(126)))
            ws:send("pings") print((ws:wait("dataReceived"))) ws:close()
            """
        )
        self.assertIn(b"pong\thello", lines)
        self.assertIn(
            b"nil\ta ping has at most 125 bytes (no option moves this bound)\tlimit",
            lines,
        )
        self.assertIn(b"ponged", lines)

    async def test_message_too_large(self) -> None:
        """1009, and no more of it than the bound is kept."""
        for compression in ("true", "false"):
            self.lines.clear()
            lines = await self.talk(
                'ws:send("big")',
                f"{{maxMessageSize = 1000, compression = {compression}}}",
            )
            self.assertTrue(lines[1].startswith(b"disconnected\t1009\t"), lines)

    async def test_compression(self) -> None:
        for compression in ("true", "false"):
            self.lines.clear()
            lines = await self.talk(
                'ws:send(("abc"):rep(10000)) print(#ws:wait("dataReceived")) ws:close()',
                f"{{compression = {compression}}}",
            )
            self.assertEqual(lines[1], b"30000")

    async def test_text_that_is_none(self) -> None:
        lines = await self.talk(
            'print(ws:send("\\255")) ws:send("ok") print((ws:wait("dataReceived"))) ws:close()'
        )
        self.assertEqual(
            lines[1], b"nil\ttext must be UTF-8 (see sendBinary)\tprotocol"
        )
        self.assertIn(b"ok", lines)

    async def test_failed_connect(self) -> None:
        """One error, and no disconnected."""
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        lines = await self.run_lua(
            """
            ws = net.WebSocketClient()
            for _, name in ipairs({"connected", "disconnected", "error"}) do
              ws:addEventListener(name, function(...) print(name, ...) end)
            end
            ws:connect("ws://127.0.0.1:" .. arg[1])
            task.start(function() print(ws:wait("connected")) end)
            """,
            str(port),
        )
        self.assertEqual(
            lines,
            [
                b"error\tConnection refused\trefused",
                b"nil\tConnection refused\trefused",
            ],
        )

    async def test_close_while_connecting(self) -> None:
        """No event at all."""
        lines = await self.run_lua(
            """
            ws = net.WebSocketClient()
            for _, name in ipairs({"connected", "disconnected", "error"}) do
              ws:addEventListener(name, function(...) print(name, ...) end)
            end
            ws:close()
            ws:connect("ws://127.0.0.1:" .. arg[1])
            ws:close() ws:close()
            """,
            await self.peer(),
        )
        self.assertEqual(lines, [])

    async def test_reuse(self) -> None:
        """Close, then connect: the old one's disconnected comes first."""
        lines = await self.talk(
            """
            ws:close()
            ws:connect("ws://127.0.0.1:" .. arg[1])
            ws:wait("connected")
            print("again")
            ws:close()
            """
        )
        self.assertEqual(lines[0], b"connected\ttrue")
        self.assertTrue(lines[1].startswith(b"disconnected\t"), lines)
        self.assertEqual(lines[2], b"again")
        self.assertTrue(lines[3].startswith(b"disconnected\t1000\t"), lines)
        self.assertEqual(len(lines), 4)

    async def test_connect_while_connected(self) -> None:
        lines = await self.talk(
            'ws:connect("ws://127.0.0.1:1") print(ws:wait("error")) print(ws:isOpen()) ws:close()'
        )
        self.assertIn(b"Already connected\tstate", lines)
        self.assertIn(b"true", lines)

    async def test_reconnect(self) -> None:
        """After a loss it connects again, and the listeners stay."""
        lines = await self.talk(
            """
            ws:addEventListener("connected", function() print("reconnected") ws:close() end)
            ws:send("drop")
            """,
            "{reconnect = {minDelay = 5, maxDelay = 10}}",
        )
        self.assertTrue(lines[1].startswith(b"disconnected\t1006"), lines)
        self.assertEqual(lines[2], b"reconnected")
        self.assertTrue(lines[3].startswith(b"disconnected\t1000"), lines)
        self.assertEqual(len(lines), 4)

    async def test_listeners(self) -> None:
        """They add up; one that raises does not stop the others; they can be removed."""
        lines = await self.talk(
            """
            local function one(d) print("one", d) end
            ws:addEventListener("dataReceived", function() error("mine") end)
            ws:addEventListener("dataReceived", one)
            ws:send("a") ws:wait("dataReceived")
            ws:removeEventListener("dataReceived", one)
            ws:addEventListener("dataReceived", function(d) print("two", d) end)
            ws:send("b") ws:wait("dataReceived")
            ws:removeEventListener("dataReceived")
            ws:send("c") ws:wait("dataReceived")
            ws:close()
            """
        )
        self.assertEqual(lines[1:3], [b"one\ta", b"two\tb"])
        self.assertEqual(len(self.errors), 2)


class NodeTests(LoopbackTestCase):
    """A script's client, and the server of Node's ws package."""

    async def setting(self) -> None:
        self.node = start_peer(self, "websocket_server.js")
        self.port = str(await port_of(self.node))

    async def talk(self, code: str, options: str = "") -> list[bytes]:
        await self.setting()
        return await self.run_lua(
            f"""
            ws = net.WebSocketClient({options})
            ws:addEventListener("disconnected", function(...) print("disconnected", ...) end)
            ws:addEventListener("error", print)
            task.start(function()
              ws:connect("ws://127.0.0.1:" .. arg[1])
              ws:wait("connected")
              {code}
            end)
            """,
            self.port,
        )

    async def test_there_and_back(self) -> None:
        """Compressed and not, short and long."""
        lines = await self.talk(
            """
            local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end
            local all = table.concat(t)
            for _, data in ipairs({"", "x", all, all:rep(1000)}) do
              ws:sendBinary(data)
              local back, binary = ws:wait("dataReceived")
              print(back == data, binary)
            end
            ws:send("h\\195\\164llo") print(ws:wait("dataReceived"))
            ws:send("pings") print(ws:wait("dataReceived"))
            ws:close(4003, "done")
            """
        )
        self.assertEqual(
            lines,
            [
                *[b"true\ttrue"] * 4,
                b"h\xc3\xa4llo\tfalse",
                b"pong hello\tfalse",
                b"disconnected\t4003\tdone\ttrue",
            ],
        )

    async def test_close_sends_all(self) -> None:
        await self.talk(
            "for i = 1, 14 do ws:send(('x'):rep(1000000)) end ws:close(4003, 'all')",
            "{compression = false}",
        )
        await self.node.says(b"closed 4003 all 14000000")

    async def test_ends(self) -> None:
        for word, end in (
            ("close", b"disconnected\t4001\tas asked\ttrue"),
            ("drop", b"disconnected\t1006\t"),
        ):
            self.lines.clear()
            lines = await self.talk(f"ws:send('{word}')")
            self.assertEqual(len(lines), 1)
            self.assertTrue(lines[0].startswith(end), lines)

    async def test_too_large_a_message(self) -> None:
        """Both ends know why."""
        for compression in ("true", "false"):
            self.lines.clear()
            lines = await self.talk(
                "ws:send('big')",
                f"{{maxMessageSize = 1000000, compression = {compression}}}",
            )
            self.assertTrue(lines[0].startswith(b"disconnected\t1009\t"), lines)
            await self.node.says(b"closed 1009")


class ServerTests(LoopbackTestCase):
    """A script's server, and other people's clients."""

    async def serve(self, options: str = "", callbacks: str = "") -> str:
        await self.runtime.run_string(
            f"""
            server = net.WebSocketServer({options})
            server:start("127.0.0.1", 0, {{
              started = print,
              error = print,
              connected = function(id, info) print("in", info.path, info.subprotocol, info.headers["HOST"] ~= nil, info.origin) end,
              receive = function(id, data, binary)
                if binary then server:sendBinary(id, data) else server:send(id, data) end
              end,
              disconnected = function(id, code, reason) print("out", code, reason) end,
              {callbacks}
            }})
            """
        )
        await self.line(1)
        return f"ws://127.0.0.1:{self.lines[0].decode()}/path"

    async def test_websockets(self) -> None:
        url = await self.serve("{subprotocols = {'a', 'b'}}")
        peer = start_peer(self, "websocket_client.py", "exchange", url)
        output = await peer.says(b"done")
        self.assertEqual(
            output.decode().split("\n")[:5],
            ["text ä", "True a", "300000", "ponged", "done"],
        )
        await self.line(3)
        self.assertEqual(
            self.lines[1:], [b"in\t/path\ta\ttrue\tnil", b"out\t4002\tbye"]
        )

    async def test_origins(self) -> None:
        url = await self.serve("{origins = {'http://good.example'}}")
        output = await start_peer(self, "websocket_client.py", "origins", url).says(
            b"done"
        )
        self.assertEqual(
            output.decode().split("\n")[:3],
            ["in", "403", "403"],
        )

    async def test_accept(self) -> None:
        """The hook refuses with false or a status; an error in it refuses too."""
        url = await self.serve(
            "",
            """accept = function(info)
              if info.path == "/yes" then return true end
              if info.path == "/nothing" then return end
              if info.path == "/no" then return false end
              if info.path == "/gone" then return 410 end
              error("hook")
            end""",
        )
        output = await start_peer(self, "websocket_client.py", "paths", url).says(
            b"done"
        )
        self.assertEqual(
            output.decode().split("\n")[:5], ["in", "in", "403", "410", "500"]
        )
        self.assertEqual(len(self.errors), 1)

    async def test_broadcast_and_close(self) -> None:
        url = await self.serve()
        lines = await self.run_lua(
            """
            task.start(function()
              local all = {}
              for i = 1, 3 do
                all[i] = net.WebSocketClient()
                all[i]:connect(arg[1])
                all[i]:wait("connected")
                all[i]:addEventListener("dataReceived", function(d, b) print(i, d, b) end)
              end
              local ids = server:getClients()
              print(#ids, server:broadcast("all"), server:bufferedAmount(ids[1]))
              all[3]:wait("dataReceived")
              server:close(ids[2], 4000, "you")
              print(all[2]:wait("disconnected"))
              print(server:send(ids[2], "x"))
              print(#server:getClients(), server:stop(), server:isRunning())
              print(all[1]:isOpen())
            end)
            """,
            url,
        )
        self.assertIn(b"3\t3\t0", lines)
        for i in (1, 2, 3):
            self.assertIn(b"%d\tall\tfalse" % i, lines)
        self.assertIn(b"4000\tyou\ttrue", lines)
        self.assertIn(b"nil\tNot connected\tstate", lines)
        self.assertIn(b"2\ttrue\tfalse", lines)

    async def test_start_errors(self) -> None:
        lines = await self.run_lua(
            """
            local a, b = net.WebSocketServer(), net.WebSocketServer()
            a:start("127.0.0.1", 0, {started = function(port)
              b:start("127.0.0.1", port, {started = print, error = function(...)
                print(...) print(b)
                a:start("127.0.0.1", 0, {error = function(...) print(...) a:stop() a:stop() b:stop() end})
              end})
            end})
            """
        )
        self.assertEqual(
            lines,
            [
                b"Address already in use\tin_use",
                b"WebSocketServer: stopped",
                b"Already running\tstate",
            ],
        )

    async def test_bounds(self) -> None:
        """Too large a message is answered 1009; too many clients are closed."""
        url = await self.serve("{maxMessageSize = 1000, maxConnections = 1}")
        output = await start_peer(self, "websocket_client.py", "bounds", url).says(
            b"done"
        )
        self.assertEqual(output.decode().split("\n")[:2], ["refused", "1009"])

    async def test_stop_of_the_runtime(self) -> None:
        url = await self.serve()
        await self.runtime.run_string(
            "ws = net.WebSocketClient() ws:addEventListener('connected', function() print('open') end)"
            " ws:addEventListener('disconnected', print) ws:connect(...)",
            "@test.lua",
            url,
        )
        await self.line(3)
        await self.runtime.stop()
        self.assertEqual(
            sorted(self.lines[1:]), [b"in\t/path\tnil\ttrue\tnil", b"open"]
        )

    async def test_node(self) -> None:
        """The ws package of Node.js."""
        url = await self.serve()
        peer = start_peer(self, "websocket_client.js", url)
        output = await peer.says(b"closed")
        self.assertEqual(
            output.decode().split("\n")[:3], ["false 4", "true 256", "closed 4003"]
        )

    async def test_chromium(self) -> None:
        """A page in a browser talks to a script's server."""
        chromium = need_program("chromium")
        url = await self.serve(
            "",
            "receive = function(id, data, b) print(#data, b) server:sendBinary(id, data) end,",
        )
        page = (
            "<script>const w = new WebSocket('" + url + "');"
            "w.binaryType = 'arraybuffer';"
            "w.onopen = () => w.send(new Uint8Array([...Array(256).keys()]));"
            "w.onmessage = e => { document.title = 'x'; w.send('got ' + e.data.byteLength); };"
            "</script>"
        )
        profile = os.path.abspath(self.mktemp())
        os.makedirs(profile)
        with open(profile + ".html", "w") as file:
            file.write(page)
        browser = start(
            self,
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-features=LocalNetworkAccessChecks",
            f"--user-data-dir={profile}",
            f"file://{profile}.html",
        )
        await self.line(4)
        self.assertEqual(self.lines[2:4], [b"256\ttrue", b"7\tfalse"])
        await browser.kill()

    test_chromium.timeout = 60  # type: ignore[attr-defined]


class BytesTests(LoopbackTestCase):
    async def test_own_pair(self) -> None:
        """Our client and our server, all bytes, compressed and not."""
        lines: Any = await self.run_lua(
            """
            local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end
            local all = table.concat(t):rep(1000)
            local server = net.WebSocketServer()
            server:start("127.0.0.1", 0, {
              started = function(port)
                task.start(function()
                  for _, compression in ipairs({true, false}) do
                    local ws = net.WebSocketClient({compression = compression})
                    ws:connect("ws://localhost:" .. port)
                    ws:wait("connected")
                    ws:sendBinary(all)
                    print((ws:wait("dataReceived")) == all)
                    ws:close()
                    ws:wait("disconnected")
                  end
                  server:stop()
                end)
              end,
              receive = function(id, data, binary) server:sendBinary(id, data) end,
            })
            """
        )
        self.assertEqual(lines, [b"true", b"true"])
        self.assertEqual(len(ALL_BYTES), 256)
