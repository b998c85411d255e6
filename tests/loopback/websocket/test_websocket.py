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
    start,
    start_python,
)
from tests.support.programs import need_node_package, need_program

PEER_SERVER = """
import asyncio, websockets
from websockets.asyncio.server import serve
async def echo(ws):
    async for message in ws:
        if message == "close": await ws.close(4001, "as asked")
        elif message == "drop": ws.transport.abort()
        elif message == "text": await ws.send("t" * 100)
        elif message == "headers": await ws.send(repr((ws.request.path, ws.request.headers.get("X-Test"), ws.subprotocol)))
        elif message == "big": await ws.send(b"x" * 100000)
        elif message == "pings":
            await (await ws.ping(b"are you there"))
            await ws.send("ponged")
        else: await ws.send(message)
async def main():
    async with serve(echo, "127.0.0.1", 0, subprotocols=["chat", "other"], max_size=None,
            select_subprotocol=lambda ws, offered: next((o for o in offered if o in ("chat", "other")), None)) as s:
        print("port", s.sockets[0].getsockname()[1], "end", flush=True)
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""

PEER_CLIENT = """
import asyncio, sys, websockets
from websockets.asyncio.client import connect
async def main():
    async with connect(sys.argv[1], subprotocols=["b", "a"], max_size=None) as ws:
        await ws.send("text \\u00e4")
        print(await ws.recv(), flush=True)
        await ws.send(bytes(range(256)))
        print((await ws.recv()) == bytes(range(256)), ws.subprotocol, flush=True)
        await ws.send("x" * 300000)
        print(len(await ws.recv()), flush=True)
        await (await ws.ping())
        print("ponged", flush=True)
        await ws.close(4002, "bye")
    print("done", flush=True)
asyncio.run(main())
"""

SILENT = """
import socket, base64, hashlib
s = socket.create_server(("127.0.0.1", 0))
print("port", s.getsockname()[1], "end", flush=True)
while True:
    c, _ = s.accept()
    data = b""
    while not data.endswith(b"\\r\\n\\r\\n"): data += c.recv(4096)
    key = [l.split(b": ")[1] for l in data.split(b"\\r\\n") if l.lower().startswith(b"sec-websocket-key")][0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    c.sendall(b"HTTP/1.1 101 S\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + b"\\r\\n\\r\\n")
    hold = globals().setdefault("hold", [])
    hold.append(c)
"""

FLOOD = """
import asyncio
from websockets.asyncio.server import serve
async def flood(ws):
    for number in range(4000):
        await ws.send(number.to_bytes(4, "big") * 6250)
    await ws.wait_closed()
async def main():
    async with serve(flood, "127.0.0.1", 0, compression=None) as s:
        print("port", s.sockets[0].getsockname()[1], "end", flush=True)
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""

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

REFUSING = """
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print("port", s.getsockname()[1], "end", flush=True)
while True:
    c, _ = s.accept()
    c.recv(4096)
    c.sendall(sys.argv[1].encode().decode("unicode_escape").encode())
    c.close()
"""


class ClientTests(LoopbackTestCase):
    """A script's client, and the websockets library's server."""

    async def peer(self, code: str = PEER_SERVER, *arguments: str) -> str:
        peer = start_python(self, code, *arguments)
        return (await peer.says(b"end")).split()[1].decode()

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
        port = await self.peer(FLOOD)
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
        self.assertIn(b"nil\ta ping has at most 125 bytes\tlimit", lines)
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

    async def test_refused_handshake(self) -> None:
        """The status is told."""
        port = await self.peer(
            REFUSING, "HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\n\\r\\n"
        )
        lines = await self.run_lua(
            "ws = net.WebSocketClient() ws:addEventListener('error', print)"
            " ws:addEventListener('disconnected', print) ws:connect('ws://127.0.0.1:' .. arg[1])",
            port,
        )
        self.assertEqual(len(lines), 1)
        self.assertIn(b"403", lines[0])
        self.assertTrue(lines[0].endswith(b"\trefused"), lines)

    async def test_answer_of_something_else(self) -> None:
        for answer, code in (("SSH-2.0-x\\r\\n\\r\\n", b"protocol"), ("", b"eof")):
            self.lines.clear()
            port = await self.peer(REFUSING, answer)
            lines = await self.run_lua(
                "ws = net.WebSocketClient() ws:addEventListener('error', print)"
                " ws:connect('ws://127.0.0.1:' .. arg[1])",
                port,
            )
            self.assertEqual(len(lines), 1)
            self.assertTrue(lines[0].endswith(b"\t" + code), lines)

    async def test_handshake_timeout(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        lines = await self.run_lua(
            "ws = net.WebSocketClient({timeout = 30}) ws:addEventListener('error', print)"
            " ws:connect('ws://127.0.0.1:' .. arg[1])",
            str(listening.getsockname()[1]),
        )
        self.assertEqual(lines, [b"Operation canceled\ttimeout"])

    async def test_dead_peer(self) -> None:
        """A peer that answers no ping is found."""
        port = await self.peer(SILENT)
        lines = await self.run_lua(
            "ws = net.WebSocketClient({pingInterval = 20, pingTimeout = 20})"
            " ws:addEventListener('disconnected', print) ws:connect('ws://127.0.0.1:' .. arg[1])",
            port,
        )
        self.assertEqual(lines, [b"1006\tping timeout\tfalse"])

    async def test_living_peer(self) -> None:
        lines = await self.talk(
            "task.sleep(150) print(ws:isOpen()) ws:close()",
            "{pingInterval = 20, pingTimeout = 2000}",
        )
        self.assertIn(b"true", lines)

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

    async def test_bad_arguments(self) -> None:
        lines = await self.run_lua(
            """
            local ws = net.WebSocketClient()
            for _, f in ipairs({
              function() ws:connect(5) end,
              function() ws:connect("http://x") end,
              function() ws:connect("ws://h", {a = "b\\r\\nc: d"}) end,
              function() ws:connect("ws://h", {["a b"] = "c"}) end,
              function() ws:addEventListener("conected", print) end,
              function() ws:addEventListener("connected", 5) end,
              function() ws:close(1001) end,
              function() ws:wait("connected") end,
              function() ws:send({}) end,
            }) do print(select(2, pcall(f))) end
            """
        )
        for line, text in zip(
            lines,
            (
                b"#1 to 'connect' (url:",
                b"#1 to 'connect' (url: ws: or wss: URL",
                b"headers.a: string without line ends",
                b"headers: header name expected",
                b'unknown event "conected"; known: connected, dataReceived, disconnected, error, pong',
                b"(listener: function expected",
                b"(code: 1000 or 3000..4999",
                b"not in a task",
                b"#1 to 'send' (data",
            ),
            strict=True,
        ):
            self.assertIn(text, line)
            self.assertTrue(line.startswith(b"test.lua:"), line)

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
        peer = start_python(self, PEER_CLIENT, url)
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
        code = (
            "import sys\nfrom websockets.sync.client import connect\n"
            "for origin in ('http://good.example', 'http://bad.example', None):\n"
            "    try:\n        with connect(sys.argv[1], origin=origin): print('in')\n"
            "    except Exception as e: print(e)\nprint('done', flush=True)"
        )
        output = await start_python(self, code, url).says(b"done")
        self.assertEqual(
            output.decode().split("\n")[:3],
            ["in", *["server rejected WebSocket connection: HTTP 403"] * 2],
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
        code = (
            "import sys\nfrom websockets.sync.client import connect\n"
            "for path in ('yes', 'nothing', 'no', 'gone', 'error'):\n"
            "    try:\n        with connect(sys.argv[1].replace('path', path)): print('in')\n"
            "    except Exception as e: print(str(e)[-3:])\nprint('done', flush=True)"
        )
        output = await start_python(self, code, url).says(b"done")
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
        code = (
            "import sys\nfrom websockets.sync.client import connect\n"
            "with connect(sys.argv[1], compression=None) as a:\n"
            "  try:\n    with connect(sys.argv[1], open_timeout=5): pass\n"
            "  except Exception as e: print('refused')\n"
            "  a.send('x' * 5000)\n"
            "  try: a.recv()\n  except Exception as e: print(e.rcvd.code)\nprint('done', flush=True)"
        )
        output = await start_python(self, code, url).says(b"done")
        self.assertEqual(output.decode().split("\n")[:2], ["refused", "1009"])

    async def test_peer_breaks_the_protocol(self) -> None:
        """1002 for an unmasked frame, 1007 for text that is not UTF-8."""
        url = await self.serve()
        port = int(url.split(":")[2].split("/")[0])
        for frame, code in (
            (b"\x81\x01x", b"1002"),
            (b"\x81\x81\0\0\0\0\xff", b"1007"),
        ):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(
                    b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                )
                client.sendall(frame)
                number = len(self.lines)
                await self.line(number + 2)
                self.assertTrue(self.lines[-1].startswith(b"out\t" + code), self.lines)

    async def test_slow_client(self) -> None:
        """A client that does not read is refused more, at a bound."""
        url = await self.serve(
            "{compression = false}",
            """connected = function(id)
              local data, sent = ("x"):rep(1048576), 0
              for _ = 1, 100 do
                local ok, _, code = server:send(id, data)
                if not ok then print(code, sent < 60, server:bufferedAmount(id) > 1048576) break end
                sent = sent + 1
              end
            end""",
        )
        port = int(url.split(":")[2].split("/")[0])
        client = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(client.close)
        client.sendall(
            b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await self.line(2)
        self.assertEqual(self.lines[1], b"limit\ttrue\ttrue")

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
        node = need_node_package("ws")
        url = await self.serve()
        code = (
            "const ws = new (require('ws'))(process.argv[1]);"
            "let n = 0;"
            "ws.on('open', () => { ws.send('text'); ws.send(Buffer.from([...Array(256).keys()])); });"
            "ws.on('message', (d, b) => { console.log(b, d.length); if (++n == 2) ws.close(4003, 'x'); });"
            "ws.on('close', (c) => console.log('closed', c));"
        )
        peer = start(self, node, "-e", code, url)
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

    test_chromium.timeout = 60


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
