"""Bytes are counted where they come and go."""

from __future__ import annotations

import os

from tests.support import LoopbackTestCase

SIZE = 3_000_000
"""More than the system takes at once."""

ECHO = f"""
local host = arg[1]
local server = net.TCPServer({{maxBuffer = 4000000}})
server:start(host, host == "127.0.0.1" and 0 or nil, function(client)
  client:readExactly({SIZE}, {{success = function(data) client:write(data) end}})
end, {{success = function(port)
  task.start(function()
    local socket = net.TCPSocket({{maxBuffer = 4000000}})
    socket:connect(host, port)
    socket:write(string.rep("x", {SIZE}))
    socket:readExactly({SIZE})
    socket:close()
    server:stop()
  end)
end}})
"""


class TrafficTests(LoopbackTestCase):
    async def echo(self, host: str, kind: str) -> None:
        """Both ends are here, and what is closed counts on."""
        await self.run_lua(ECHO, host)
        stats = self.runtime.stats()
        self.assertEqual(stats.open, {"Timer": 0})
        self.assertEqual(stats.bytes_in, {kind: 2 * SIZE})
        self.assertEqual(stats.bytes_out, {kind: 2 * SIZE})

    async def test_tcp(self) -> None:
        await self.echo("127.0.0.1", "tcp")

    async def test_unix(self) -> None:
        await self.echo(f"unix:{os.path.abspath(self.mktemp())}", "unix")

    async def test_udp(self) -> None:
        """By an address that is new, one that is known, and a peer that is fixed."""
        await self.run_lua(
            "task.start(function() local a, b = net.UDPSocket(), net.UDPSocket()"
            " local port = b:bind('127.0.0.1', 0)"
            " for i = 1, 3 do a:sendTo('12345', '127.0.0.1', port) b:receive() end"
            " a:connect('127.0.0.1', port) a:sendTo('67') b:receive()"
            " local stats = eplua.stats() print(stats.bytesIn.udp, stats.bytesOut.udp)"
            " a:close() b:close() end)"
        )
        self.assertEqual(self.lines, [b"17\t17"])
        self.assertEqual(self.runtime.stats().bytes_out, {"udp": 17})
