"""UDP with real sockets, and with programs that nobody here wrote."""

from __future__ import annotations

import socket

from tests.support import (
    ALL_BYTES,
    LoopbackTestCase,
    serve_peer,
    start,
)
from tests.support.programs import need_program


class UDPTests(LoopbackTestCase):
    async def test_every_byte(self) -> None:
        """To another program's socket and back, with the sender's address."""
        port = await serve_peer(self, "udp_echo.py")
        lines = await self.run_lua(
            """
            local port = ...
            local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end
            local all = table.concat(t)
            local udp = net.UDPSocket()
            udp:sendTo(all, "127.0.0.1", port, {success = function(...)
              print("sent", select("#", ...))
              udp:receive({success = function(data, ip, from)
                print(data == all, ip, from == tonumber(port))
                udp:close()
              end})
            end})
            """,
            str(port),
        )
        self.assertEqual(lines, [b"sent\t0", b"true\t127.0.0.1\ttrue"])

    async def test_names(self) -> None:
        lines = await self.run_lua(
            """
            task.start(function()
              local a, b = net.UDPSocket(), net.UDPSocket()
              local port = a:bind("localhost", 0)
              print(b:sendTo("named", "localhost", port))
              print((a:receive()))
              print(b:sendTo("x", "no-such-host.invalid", 9))
              print(b:bind("127.0.0.1", 0))
            end)
            """
        )
        self.assertEqual(
            lines,
            [
                b"true",
                b"named",
                b"nil\tHost not found\tdns",
                b"nil\tAlready bound\tstate",
            ],
        )

    async def test_ipv6(self) -> None:
        lines = await self.run_lua(
            """
            task.start(function()
              local a, b = net.UDPSocket({ipv6 = true}), net.UDPSocket({ipv6 = true})
              local port = a:bind("*", 0)
              b:sendTo("six", "::1", port)
              local data, ip = a:receive()
              print(data, ip)
              b:sendTo("four", "127.0.0.1", port)
              data, ip = a:receive()
              print(data, ip)
              print(net.UDPSocket():sendTo("x", "::1", port))
              print((a:receive()))
            end)
            """
        )
        self.assertEqual(lines, [b"six\t::1", b"four\t127.0.0.1", b"true", b"x"])

    async def test_connect(self) -> None:
        """Only the peer's datagrams; a peer that is not there is refused, not fatal."""
        lines = await self.run_lua(
            """
            task.start(function()
              local a, b, c = net.UDPSocket(), net.UDPSocket(), net.UDPSocket()
              local pa, pb = a:bind("127.0.0.1", 0), b:bind("127.0.0.1", 0)
              print(a:connect("127.0.0.1", pb))
              c:sendTo("stranger", "127.0.0.1", pa)
              a:sendTo("to b")
              print((b:receive()))
              b:sendTo("to a", "127.0.0.1", pa)
              print((a:receive()))
              print(a:sendTo("x", "127.0.0.1", 9))
              print(a:connect("127.0.0.1", pb))
              b:close()
              task.sleep(5)
              a:sendTo("nobody")
              print(a:receive())
              a:sendTo("still nobody")
              print(a:localAddress() == "127.0.0.1")
            end)
            """
        )
        self.assertEqual(
            lines,
            [
                b"true",
                b"to b",
                b"to a",
                b"nil\tAlready connected to another peer\tstate",
                b"nil\tAlready connected\tstate",
                b"nil\tConnection refused\trefused",
                b"true",
            ],
        )

    async def test_errors_of_sending(self) -> None:
        lines = await self.run_lua(
            """
            task.start(function()
              local udp = net.UDPSocket()
              print(udp:sendTo(("x"):rep(70000), "127.0.0.1", 9))
              print(udp:sendTo("x", "255.255.255.255", 9))
              print(udp:sendTo("x"))
              print(udp:sendTo("ok", "127.0.0.1", 9))
            end)
            """
        )
        self.assertEqual(
            lines[0], b"nil\tMessage too long: a datagram takes 65507 bytes\tlimit"
        )
        self.assertIn(
            lines[1],
            (
                b"nil\tPermission denied\tdenied",
                b"nil\tNetwork is unreachable\tunreachable",
            ),
        )
        self.assertEqual(lines[2:], [b"nil\tNot connected\tstate", b"true"])

    async def test_broadcast(self) -> None:
        """With the option the system lets a broadcast go; without it is denied."""
        lines = await self.run_lua(
            """
            task.start(function()
              local a = net.UDPSocket()
              local port = a:bind("*", 0)
              print(net.UDPSocket():sendTo("x", "127.255.255.255", port))
              print(net.UDPSocket({broadcast = true}):sendTo("wide", "127.255.255.255", port))
              print((a:receive()))
            end)
            """
        )
        self.assertEqual(lines, [b"nil\tPermission denied\tdenied", b"true", b"wide"])

    async def test_in_use_and_reuse(self) -> None:
        lines = await self.run_lua(
            """
            task.start(function()
              local a, b = net.UDPSocket(), net.UDPSocket()
              local port = a:bind("127.0.0.1", 0)
              print(b:bind("127.0.0.1", port))
              print(b:bind("127.0.0.1", 0) ~= port)
              local c, d = net.UDPSocket({reusePort = true}), net.UDPSocket({reusePort = true})
              port = c:bind("127.0.0.1", 0)
              print(d:bind("127.0.0.1", port) == port)
              local e, f = net.UDPSocket({reuseAddress = true}), net.UDPSocket({reuseAddress = true})
              port = e:bind("127.0.0.1", 0)
              print(f:bind("127.0.0.1", port) == port)
            end)
            """
        )
        self.assertEqual(
            lines, [b"nil\tAddress already in use\tin_use", b"true", b"true", b"true"]
        )

    async def test_multicast(self) -> None:
        """Join, TTL, loopback, leave, on the loopback interface."""
        lines = await self.run_lua(
            """
            task.start(function()
              local a = net.UDPSocket({reuseAddress = true, timeout = 60})
              local b = net.UDPSocket()
              local port = a:bind("*", 0)
              print(a:joinGroup("239.1.2.3", "127.0.0.1"))
              b:bind("127.0.0.1", 0)
              print(b:setMulticastTTL(0), b:setMulticastLoopback(true))
              print(b:sendTo("group", "239.1.2.3", port))
              print((a:receive()))
              print(a:leaveGroup("239.1.2.3", "127.0.0.1"))
              b:sendTo("left", "239.1.2.3", port)
              print(a:receive())
              print(a:joinGroup("no group", nil))
            end)
            """
        )
        self.assertEqual(
            lines,
            [
                b"true",
                b"true\ttrue",
                b"true",
                b"group",
                b"true",
                b"nil\tOperation canceled\ttimeout",
                b"nil\tno group is no multicast group\tunreachable",
            ],
        )

    async def test_collected(self) -> None:
        """A socket that the script lost goes, with its descriptor."""
        lines = await self.run_lua(
            """
            for i = 1, 20 do net.UDPSocket():sendTo("x", "127.0.0.1", 9) end
            collectgarbage() collectgarbage()
            net.UDPSocket():sendTo("x", "127.0.0.1", 9)
            setTimeout(function() print(eplua.stats().UDPSocket) end, 10)
            """
        )
        self.assertEqual(lines, [b"1"])

    async def test_socat(self) -> None:
        """socat sends a datagram to a script, which answers."""
        socat = need_program("socat")
        await self.runtime.run_string(
            "udp = net.UDPSocket() udp:bind('127.0.0.1', 0, {success = print}) udp:receive({success ="
            " function(data, ip, port) udp:sendTo(data:upper(), ip, port) end})"
        )
        await self.line(1)
        port = self.lines[0].decode()
        peer = start(
            self,
            socat,
            "-t",
            "5",
            "SYSTEM:printf hello; cat >&2",
            f"UDP:127.0.0.1:{port}",
        )
        await peer.says(b"HELLO")
        await peer.kill()

    async def test_flood_of_a_slow_script(self) -> None:
        """A flood leaves no more than the queue, and the socket works on."""
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        await self.runtime.run_string(
            "udp = net.UDPSocket({maxQueue = 10}) udp:bind('127.0.0.1', 0, {success = print})"
            " keep = setInterval(function() end, 5)"
        )
        await self.line(1)
        for _ in range(500):
            sender.sendto(ALL_BYTES, ("127.0.0.1", int(self.lines[0])))
        await self.runtime.run_string(
            "setTimeout(function() for i = 1, 10 do udp:receive({success = function(d) if i == 10 then"
            " print(#d, udp:droppedCount() > 0) clearInterval(keep) udp:close() end end}) end end, 50)"
        )
        await self.line(2)
        self.assertEqual(self.lines[1], b"256\ttrue")
