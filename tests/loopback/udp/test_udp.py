"""UDP with real sockets, and with programs that nobody here wrote."""

from __future__ import annotations

import contextlib
import socket
import sys

from twisted.trial.unittest import SkipTest

from tests.support import (
    LoopbackTestCase,
    serve_peer,
    start,
)
from tests.support.programs import need_program


def multicast_interface() -> tuple[int, str]:
    """
    @return: the number and the name of an interface that has multicast of IPv6
    @raise SkipTest: there is none
    """
    for number, name in socket.if_nameindex():
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe,
        ):
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 0)
            probe.sendto(b"", ("ff12::5", 9, 0, number))
            return number, name
    raise SkipTest("no interface has multicast of IPv6")


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
              task.sleep(0)
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

    async def test_multicast_of_ipv6(self) -> None:
        """By the name of the interface, by its number, and by the group's zone."""
        number, name = multicast_interface()
        lines = await self.run_lua(
            """
            local name, number = ...
            task.start(function()
              local a, b = net.UDPSocket({ipv6 = true}), net.UDPSocket({ipv6 = true})
              local port = a:bind("*", 0)
              print(a:joinGroup("ff12::5%" .. name, nil), a:joinGroup("ff12::6", number))
              b:joinGroup("ff12::5", name)
              print(b:sendTo("by the option", "ff12::5", port))
              print((a:receive()))
              print(b:sendTo("by the zone", "ff12::6%" .. name, port))
              print((a:receive()))
              print(a:joinGroup("ff12::5", name))
              print(a:leaveGroup("ff12::5", number), a:leaveGroup("ff12::6%" .. name, nil))
              print(a:leaveGroup("ff12::5", name))
            end)
            """,
            name,
            str(number),
        )
        self.assertEqual(
            lines,
            [
                b"true	true",
                b"true",
                b"by the option",
                b"true",
                b"by the zone",
                b"nil\tAlready in group ff12::5\tstate",
                b"true\ttrue",
                b"nil\tNot in group ff12::5\tstate",
            ],
        )

    async def test_multicast_of_ipv4_on_a_socket_for_both(self) -> None:
        lines = await self.run_lua(
            """
            local name = ...
            task.start(function()
              local a, b = net.UDPSocket({ipv6 = true}), net.UDPSocket({ipv6 = true})
              local port = a:bind("*", 0)
              print(a:joinGroup("239.1.2.4", name), b:joinGroup("239.1.2.4", name))
              print(b:setMulticastTTL(0), b:sendTo("group", "239.1.2.4", port))
              print((a:receive()))
            end)
            """,
            socket.if_nameindex()[0][1],
        )
        self.assertEqual(lines, [b"true\ttrue", b"true\ttrue", b"group"])

    async def test_groups_and_interfaces_that_are_none(self) -> None:
        """The system's reason, and never our own fault."""
        lines = await self.run_lua(
            """
            task.start(function()
              local udp = net.UDPSocket()
              print(select(3, udp:joinGroup("239.1.2.5", "nonsense")))
              print(select(3, udp:joinGroup("239.1.2.5", "192.0.2.99")))
              print(select(3, udp:leaveGroup("239.1.2.5", nil)))
              print(select(3, udp:joinGroup("ff02::1", nil)))
              local code
              for i = 1, 255 do
                code = select(3, udp:joinGroup("239.1.3." .. i, "127.0.0.1"))
                if code then break end
              end
              print(code or "limit")
            end)
            """
        )
        self.assertEqual(
            lines, [b"unreachable", b"unreachable", b"state", b"unreachable", b"limit"]
        )

    async def test_where_it_cannot_be_bound(self) -> None:
        lines = await self.run_lua(
            """
            task.start(function()
              for _, host in ipairs({"192.0.2.99", "2001:db8::99", "fe80::1%nonsense", "a..b"}) do
                print(select(3, net.UDPSocket():bind(host, 0)))
              end
              local port = net.UDPSocket():bind("127.0.0.1", "0")
              print(math.type == nil or math.type(port))
            end)
            """
        )
        self.assertEqual(
            lines, [b"unreachable", b"unreachable", b"dns", b"dns", b"integer"]
        )

    async def test_without_a_descriptor(self) -> None:
        """Every operation says so; the constructor needs none."""
        script = """
            local udp = net.UDPSocket()
            files = {}
            while true do
              local file = io.open("/dev/null")
              if not file then break end
              files[#files + 1] = file
            end
            local cb = {error = function(_, code) print(code) end}
            udp:sendTo("x", "127.0.0.1", 9, cb)
            udp:receive(cb)
            udp:bind("127.0.0.1", 0, cb)
            udp:connect("127.0.0.1", 9, cb)
            udp:joinGroup("239.1.2.3", nil, cb)
        """
        peer = start(
            self,
            *("/bin/sh", "-c", 'ulimit -n 64; exec "$@"', "sh"),
            *(sys.executable, "-m", "eplua_twisted.cli", "-e", script),
        )
        await peer.ended
        self.assertEqual(peer.output, b"limit\n" * 5)

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
