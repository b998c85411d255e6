"""Scripts on Twisted's own transports."""

from __future__ import annotations

from typing import Any

from eplua_twisted import Runtime
from tests.loopback.tcp import test_tcp
from tests.loopback.tls import test_starttls, test_tls
from tests.loopback.udp import test_udp
from tests.support import LoopbackTestCase


class OnTwisted(LoopbackTestCase):
    """Mixed into cases that were made for any transports."""

    def make_runtime(self, **options: Any) -> Runtime:
        return super().make_runtime(**{"transports": "twisted", **options})


class TCPEchoTests(OnTwisted, test_tcp.EchoTests):
    pass


class TCPServerTests(OnTwisted, test_tcp.ServerTests):
    pass


class TCPFlowTests(OnTwisted, test_tcp.FlowTests):
    pass


class TLSEchoTests(OnTwisted, test_tls.EchoTests):
    pass


class StartTLSTests(OnTwisted, test_starttls.StartTLSTests):
    pass


class UDPTests(OnTwisted, test_udp.UDPTests):
    pass


class RuntimeTests(LoopbackTestCase):
    """Two runtimes of one process, and one that stops in the middle."""

    SERVER = """
    server = net.TCPServer()
    server:start("127.0.0.1", 0, function(client)
      client:read({success = function(data) client:write(data) end})
    end, {success = print, error = print})
    """

    CLIENT = """
    socket = net.TCPSocket()
    socket:connect("127.0.0.1", tonumber(arg[1]), {success = function()
      socket:write(arg[2])
      socket:read({success = print, error = print})
    end, error = print})
    """

    async def port(self, runtime: Runtime) -> str:
        await runtime.run_string(self.SERVER)
        await self.line(1)
        return self.lines.pop().decode()

    async def test_both_kinds_side_by_side(self) -> None:
        other = self.make_runtime(transports="twisted")
        for server, client in ((self.runtime, other), (other, self.runtime)):
            port = await self.port(server)
            await client.run_string(self.CLIENT, "=c", port, "hello")
            await self.line(1)
            self.assertEqual(self.lines.pop(), b"hello")

    async def test_one_stops_and_the_other_goes_on(self) -> None:
        """Also with connections that are ready in the same turn."""
        other = self.make_runtime()
        gone, port = await self.port(other), await self.port(self.runtime)
        client = self.make_runtime()
        await client.run_string(self.CLIENT, "=c", gone, "x")
        await self.line(1)
        self.lines.clear()
        await other.stop()
        await client.run_string(self.CLIENT, "=c", port, "hello")
        await self.line(1)
        self.assertEqual(self.lines, [b"hello"])

    async def test_stopped_inside_a_callback(self) -> None:
        """The bytes that are ready then are nobody's."""
        port = await self.port(self.runtime)
        client = self.make_runtime()
        client.expose("stop", lambda: client.stop() and None)
        await client.run_string(
            """
            for i = 1, 5 do
              local socket = net.TCPSocket()
              socket:connect("127.0.0.1", tonumber(arg[1]), {success = function()
                socket:write("x")
                socket:read({success = function(data) print(data) stop() end})
              end, error = print})
            end
            """,
            "=c",
            port,
        )
        await client.idle()
        self.assertEqual(self.lines, [b"x"])
