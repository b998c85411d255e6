"""A process that has no descriptor left."""

from __future__ import annotations

import sys

from twisted.trial.unittest import TestCase

from tests.support import LUA_VERSIONS, start

HOARD = """
local hoard = {}
local function take()
  for i = 1, 1000 do
    local file = io.open("/dev/null")
    if not file then return end
    hoard[#hoard + 1] = file
  end
end
local function give() for i = 1, 40 do table.remove(hoard):close() end end
"""

FIRST_USE = (
    HOARD
    + """
take()
for _, first in ipairs({
  function() return net.TCPSocket() end,
  function() return net.TCPServer() end,
  function() return net.UDPSocket() end,
  function() return net.HTTPClient() end,
  function() return net.HTTPServer() end,
  function() return net.WebSocketClient() end,
  function() return net.WebSocketServer() end,
  function() return mqtt.Client end,
}) do
  print(pcall(first))
end
give()
print(net.TCPSocket(), net.HTTPClient())
"""
)

OPERATIONS = (
    HOARD
    + """
local s, t, server = net.TCPSocket(), net.TCPSocket({tls = true}), net.TCPServer()
take()
task.start(function()
  print("connect", s:connect("127.0.0.1", 9))
  print("tls", t:connect("127.0.0.1", 9))
  print("start", server:start("127.0.0.1", 0, print))
  print("resolve", net.resolve("localhost"))
end)
"""
)


class DescriptorTests(TestCase):
    timeout = 120

    async def run_limited(self, code: str, version: str) -> list[bytes]:
        """What a script says that may have 100 descriptors; it ends well."""
        eplua = f"{sys.executable} -m eplua_twisted.cli --lua {version}"
        peer = start(
            self, "/bin/sh", "-c", f'ulimit -n 100; exec {eplua} -e "$0"', code
        )
        self.assertEqual(await peer.ended, 0, peer.output)
        return peer.output.splitlines()

    async def test_first_use_of_a_class(self) -> None:
        """The system's word at the script's line, and no path of ours; later it works."""
        for version in LUA_VERSIONS:
            lines = await self.run_limited(FIRST_USE, version)
            for line in lines[:8]:
                self.assertRegex(
                    line,
                    rb"^false\t\(command line\):\d+: cannot load [a-z_/]+:"
                    rb" Too many open files$",
                )
            self.assertEqual(lines[8], b"TCPSocket: closed\tHTTPClient: direct", lines)

    async def test_operations(self) -> None:
        """Each is C{limit}, with the system's word."""
        for version in LUA_VERSIONS:
            lines = await self.run_limited(OPERATIONS, version)
            said = [line for line in lines if b"\tnil\t" in line]
            self.assertEqual(
                said,
                [
                    name + b"\tnil\tToo many open files\tlimit"
                    for name in (b"connect", b"tls", b"start", b"resolve")
                ],
            )
