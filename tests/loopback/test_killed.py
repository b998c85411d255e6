"""
The other end is killed (signal 9) in the middle of an exchange: each operation answers
once, what had come is not lost, and the process goes on.  For MQTT see
C{tests.loopback.mqtt.test_restart}.
"""

from __future__ import annotations

from tests.support import Peer, start_peer
from tests.support.tls import TLSTestCase

ASK = """
local authority = ...
local answers = {}
-- Prints what comes second too: an operation answers once.
local function answer(name, ...)
  answers[name] = (answers[name] or 0) + 1
  print(name .. " " .. answers[name], ...)
end

local function stream(name, port, tls)
  local s = net.TCPSocket({tls = tls})
  local function failed(_, code) answer(name, code) end
  s:connect("127.0.0.1", port, {error = failed, success = function()
    s:write("hello")
    s:readExactly(10, {
      success = function(data) answer(name, data) s:close() end,
      error = function(_, code)
        answer(name, code)
        s:read({
          success = function(data) answer(name, data) s:close() end,
          error = failed,
        })
      end,
    })
  end})
end

local client = net.HTTPClient()
local function request(name, port, options)
  client:request("http://127.0.0.1:" .. port .. "/", {
    options = options,
    success = function(response) answer(name, response.status, response.data) end,
    error = function(_, code) answer(name, code) end,
  })
end

function ask(tcp, tls, http, websocket)
  answers = {}
  stream("tcp", tcp)
  stream("tls", tls, {certificateAuthority = authority})
  request("http", http)
  request("upload", http, {method = "POST", data = ("x"):rep(10000000)})
  local ws = net.WebSocketClient()
  ws:addEventListener("dataReceived", function(data) answer("ws", data) ws:close() end)
  ws:addEventListener("disconnected", function(code) answer("ws", code) end)
  ws:addEventListener("error", function(_, code) answer("ws", code) end)
  ws:connect("ws://127.0.0.1:" .. websocket .. "/")
end
"""

SERVE = """
local pem = ...
local tls = {certificate = pem, privateKey = pem}
local function started(port) print("port", port) end

local function stream(name, options)
  net.TCPServer(options):start("127.0.0.1", 0, function(client)
    client:readExactly(10, {
      success = print,
      error = function(_, code)
        client:read({success = function(data) print(name, code, data) end})
      end,
    })
  end, {success = started})
end
stream("tcp", {})
stream("tls", {tls = tls})
net.HTTPServer():start("127.0.0.1", 0, function(request, response)
  print("http", request.body)
  response:send(200, nil, "done")
end, {success = started})
local ws = net.WebSocketServer()
ws:start("127.0.0.1", 0, {
  started = started,
  receive = function(_, data) print("ws", data) end,
  disconnected = function(_, code) print("ws", code) end,
})
"""


class KilledTests(TLSTestCase):
    async def peer(self, *arguments: str) -> tuple[Peer, list[str]]:
        """@return: servers, and their ports"""
        peer = start_peer(self, "interrupted.py", *arguments)
        output = await peer.says(b" end")
        return peer, output.split(b"ports ")[1].split(b" end")[0].decode().split()

    async def test_servers(self) -> None:
        """Clients get what came and one end, and find the servers that come next."""
        await self.runtime.run_string(ASK, "@test.lua", self.authority.file)
        peer, ports = await self.peer("half", self.localhost)
        await self.runtime.call("ask", *ports)
        for name in (b"tcp", b"tls", b"http", b"ws", b"upload"):
            await peer.says(b"middle " + name)
        await peer.kill()
        await self.runtime.idle()
        half, self.lines = sorted(self.lines), []
        self.assertEqual(
            half,
            [
                b"http 1\teof",
                b"tcp 1\teof",
                b"tcp 2\t01234",
                b"tls 1\treset",
                b"tls 2\t01234",
                b"upload 1\treset",
                b"ws 1\t1006",
            ],
        )
        await self.peer("whole", self.localhost, *ports)
        await self.runtime.call("ask", *ports)
        await self.runtime.idle()
        self.assertEqual(
            sorted(self.lines),
            [
                b"http 1\t200\t0123456789",
                b"tcp 1\t0123456789",
                b"tls 1\t0123456789",
                b"upload 1\t200\t0123456789",
                b"ws 1\t0123456789",
                b"ws 2\t1000",
            ],
        )
        self.assertEqual(self.errors, [])

    async def test_clients(self) -> None:
        """Servers get what came and one end, no half request, and serve the next."""
        await self.runtime.run_string(SERVE, "@test.lua", self.localhost)
        await self.line(4)
        ports = [line.split()[1].decode() for line in self.lines]
        for turn in (1, 2):
            peer = start_peer(self, "interrupted.py", "client", *ports)
            await peer.says(b"middle all")
            await peer.kill()
            await self.line(4 + 4 * turn)
        self.assertEqual(
            sorted(self.lines[4:]),
            [
                *[b"tcp\teof\thello"] * 2,
                *[b"tls\treset\thello"] * 2,
                *[b"ws\t1006"] * 2,
                *[b"ws\thello"] * 2,
            ],
        )
        self.assertEqual(self.errors, [])
