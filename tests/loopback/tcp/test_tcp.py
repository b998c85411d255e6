"""TCP with real sockets, and with programs that nobody here wrote."""

from __future__ import annotations

import os
import select
import socket
import tempfile
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from tests.support import (
    ALL_BYTES,
    LoopbackTestCase,
    port_of,
    serve_peer,
    start,
    start_peer,
)
from tests.support.programs import need_program

SERVER = """
local server = net.TCPServer({options})
server:start("127.0.0.1", 0, function(client, ip, port) {on_client} end, {
  success = function(port) server_port = port print(port) {started} end,
  error = print,
})
"""


class EchoTests(LoopbackTestCase):
    async def test_summary(self) -> None:
        """A script's client and its server, with callbacks all through."""
        lines = await self.run_lua(
            """
            local server = net.TCPServer()
            server:start("localhost", 0, function(client, ip, port)
              print("client", ip, type(port))
              client:read({success = function(data) client:send("Echo: " .. data) end})
            end, {success = function(port)
              local tcp = net.TCPSocket()
              tcp:connect("localhost", port, {success = function()
                tcp:send("hello", {success = function()
                  tcp:read({success = function(data)
                    print(data)
                    tcp:close()
                    server:stop({success = function() print("stopped", server) end})
                  end})
                end})
              end})
            end})
            """
        )
        self.assertEqual(
            lines,
            [
                b"client\t127.0.0.1\tnumber",
                b"Echo: hello",
                b"stopped\tTCPServer: stopped",
            ],
        )

    async def test_every_byte(self) -> None:
        """A megabyte of all bytes, there and back, in a task."""
        lines = await self.run_lua(
            """
            local block = {}
            for i = 0, 255 do block[#block + 1] = string.char(i) end
            local data = table.concat(block):rep(4096)
            local server = net.TCPServer()
            server:start("127.0.0.1", 0, function(client)
              task.start(function()
                while true do
                  local part = client:read()
                  if not part then return end
                  client:write(part)
                end
              end)
            end, {success = function(port)
              task.start(function()
                local s = net.TCPSocket()
                assert(s:connect("127.0.0.1", port))
                s:write(data, {})
                print(s:readExactly(#data) == data)
                s:close()
                print(server:stop())
              end)
            end})
            """
        )
        self.assertEqual(lines, [b"true", b"true"])

    async def test_many_clients(self) -> None:
        """Every client is served, not only the first."""
        lines = await self.run_lua(
            """
            local server = net.TCPServer()
            server:start("127.0.0.1", 0, function(client)
              client:read({success = function(data) client:write(data) client:close() end})
            end, {success = function(port)
              local left = 20
              for i = 1, 20 do
                local s = net.TCPSocket()
                s:connect("127.0.0.1", port, {success = function()
                  s:write(tostring(i))
                  s:readAll({success = function(data)
                    if data == tostring(i) then left = left - 1 end
                    if left == 0 then print("all") server:stop() end
                  end})
                end})
              end
            end})
            """
        )
        self.assertEqual(lines, [b"all"])

    async def test_ipv6(self) -> None:
        lines = await self.run_lua(
            """
            local server = net.TCPServer()
            server:start("::1", 0, function(client, ip)
              print(ip)
              client:write("six") client:close()
            end, {success = function(port)
              task.start(function()
                local s = net.TCPSocket()
                print(s:connect("::1", port))
                print(s:peerAddress())
                print((tostring(s):gsub("%d%d%d%d+", "PORT")))
                print(s:readAll())
                server:stop()
              end)
            end})
            """
        )
        self.assertIn(b"true", lines)
        self.assertIn(b"::1", lines)
        self.assertIn(b"TCPSocket: [::1]:PORT (connected)", lines)
        self.assertEqual(lines[-1], b"six")

    async def test_zone(self) -> None:
        """Of a listening address, and of the one that is connected to."""
        lines = await self.run_lua(
            """
            local lo = ...
            task.start(function()
              local server, s = net.TCPServer(), net.TCPSocket()
              local port = server:start("::1%lo", 0, function(client)
                client:write("here") client:close()
              end)
              print(net.resolve("::1%lo") == "::1%" .. lo)
              print(s:connect("::1%lo", port))
              print(s:readAll())
              server:stop()
            end)
            """,
            str(socket.if_nametoindex("lo")),
        )
        self.assertEqual(lines, [b"true", b"true", b"here"])

    async def test_every_interface(self) -> None:
        """IPv4 and IPv6 clients of one server; an IPv4 client has an IPv4 address."""
        lines = await self.run_lua(
            """
            local server = net.TCPServer()
            server:start("*", 0, function(client, ip) client:write(ip) client:close() end,
            {success = function(port)
              task.start(function()
                for _, host in ipairs({"127.0.0.1", "::1"}) do
                  local s = net.TCPSocket()
                  s:connect(host, port)
                  print(s:readAll())
                end
                server:stop()
              end)
            end})
            """
        )
        self.assertEqual(lines, [b"127.0.0.1", b"::1"])

    async def test_unix(self) -> None:
        """A UNIX socket has no port, and its clients neither address nor port."""
        path = os.path.join(tempfile.mkdtemp(), "s")
        lines = await self.run_lua(
            """
            local path = "unix:" .. ...
            local server = net.TCPServer()
            server:start(path, nil, function(client, ip, port)
              print(ip, port, server)
              client:write("unix") client:close()
            end, {success = function(port)
              print(port)
              task.start(function()
                local s = net.TCPSocket()
                print(s:connect(path))
                print(s:readAll())
                server:stop()
              end)
            end, error = print})
            """,
            path,
        )
        self.assertIn(b"nil", lines)
        self.assertIn(
            b"nil\tnil\tTCPServer: unix:" + path.encode() + b" (running)", lines
        )
        self.assertEqual(lines[-1], b"unix")
        self.assertFalse(os.path.exists(path))

    async def test_reconnect(self) -> None:
        """The same object, again and again."""
        lines = await self.run_lua(
            """
            local server = net.TCPServer()
            server:start("127.0.0.1", 0, function(client) client:write("x") client:close() end,
            {success = function(port)
              task.start(function()
                local s = net.TCPSocket()
                for i = 1, 5 do
                  s:connect("127.0.0.1", port)
                  print(i, s:read())
                  if i % 2 == 0 then s:close() else s:read() end
                end
                server:stop()
              end)
            end})
            """
        )
        self.assertEqual(lines, [b"%d\tx" % i for i in range(1, 6)])


class ServerTests(LoopbackTestCase):
    async def test_in_use(self) -> None:
        lines = await self.run_lua(
            """
            local first, second = net.TCPServer(), net.TCPServer()
            first:start("127.0.0.1", 0, print, {success = function(port)
              second:start("127.0.0.1", port, print, {success = print, error = function(...)
                print(...) print(second, second:isRunning(), first:port() == port)
                first:stop() second:stop()
              end})
            end})
            """
        )
        self.assertEqual(
            lines,
            [b"Address already in use\tin_use", b"TCPServer: stopped\tfalse\ttrue"],
        )

    async def test_unix_in_use(self) -> None:
        """A socket that lives is in use; one that a dead process left is replaced."""
        path = os.path.join(tempfile.mkdtemp(), "s")
        peer = start_peer(self, "unix_server.py", path)
        await peer.says(b"ready")
        code = (
            "local s = net.TCPServer() s:start('unix:' .. ..., nil, print,"
            " {success = function() print('ok') s:stop() end, error = print})"
        )
        self.assertEqual(
            await self.run_lua(code, path), [b"Address already in use\tin_use"]
        )
        await peer.kill()
        self.assertEqual((await self.run_lua(code, path))[1:], [b"ok"])

    async def test_unix_in_use_without_a_lock(self) -> None:
        """However often one tries, and whoever has left a lock there."""
        path = os.path.join(tempfile.mkdtemp(), "s")
        os.symlink("99999999", path + ".lock")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen()
            code = (
                "local s = net.TCPServer() s:start('unix:' .. ..., nil, print,"
                " {success = function() print('ok') s:stop() end, error = print})"
            )
            for _ in range(2):
                await self.run_lua(code, path)
        await self.run_lua(code, path)
        self.assertEqual(self.lines, [*[b"Address already in use\tin_use"] * 2, b"ok"])

    async def test_two_servers_share_a_port(self) -> None:
        lines = await self.run_lua(
            """
            local a, b = net.TCPServer({reusePort = true}), net.TCPServer({reusePort = true})
            a:start("127.0.0.1", 0, print, {success = function(port)
              b:start("127.0.0.1", port, print, {success = function(p)
                print(p == port) a:stop() b:stop()
              end, error = print})
            end})
            """
        )
        self.assertEqual(lines, [b"true"])

    async def test_stop_of_the_runtime(self) -> None:
        """Everything open is closed, on both ends, and no callback runs."""
        await self.runtime.run_string(
            SERVER.replace("{options}", "")
            .replace(
                "{on_client}",
                "client:read({success = print, error = print}) print('client')",
            )
            .replace(
                "{started}",
                "c = net.TCPSocket() c:connect('127.0.0.1', port, {success = function()"
                " c:read({success = print, error = print}) end})",
            )
        )
        await self.line(2)
        await self.runtime.stop()
        self.assertEqual(self.lines[1:], [b"client"])


class FlowTests(LoopbackTestCase):
    async def test_slow_script_stops_the_peer(self) -> None:
        """A peer that floods a script that does not read is held up, and loses nothing."""
        size = 32 * 1024 * 1024
        await self.runtime.run_string(
            """
            server = net.TCPServer({maxBuffer = 65536})
            server:start("127.0.0.1", 0, function(client)
              function go()
                local total = 0
                local callbacks
                callbacks = {success = function(data)
                  total = total + #data
                  client:read(callbacks)
                end, error = function(message) print(total, message) server:stop() end}
                client:read(callbacks)
              end
              print("client")
            end, {success = print})
            """
        )
        await self.line(1)
        sender = socket.create_connection(("127.0.0.1", int(self.lines[0])))
        self.addCleanup(sender.close)
        await self.line(2)
        sender.setblocking(False)
        sent = 0
        quiet = 0
        while quiet < 20:
            try:
                sent += sender.send(b"x" * 65536)
                quiet = 0
            except BlockingIOError:
                quiet += 1
            await turn()
        self.assertTrue(sent < size // 2, sent)
        await self.runtime.call("go")
        while sent < size:
            try:
                sent += sender.send(b"x" * min(65536, size - sent))
            except BlockingIOError:
                await turn()
        sender.shutdown(socket.SHUT_WR)
        await self.line(3)
        self.assertEqual(self.lines[2], b"%d\tEnd of file" % size)

    async def test_slow_peer(self) -> None:
        """What a slow peer does not take waits, is counted, and arrives whole."""
        lines = await self.run_lua(
            """
            local data = ("0123456789abcdef"):rep(1024 * 1024)
            local server = net.TCPServer()
            local reader
            server:start("127.0.0.1", 0, function(client)
              client:write(data, {success = function()
                print("drained", client:bufferedAmount() < 1048576)
                client:close()
              end})
              print("waits", client:bufferedAmount() > 1048576)
              setTimeout(function()
                reader:readAll({success = function(got) print(got == data) server:stop() end, error = print})
              end, 20)
            end, {success = function(port)
              reader = net.TCPSocket({maxBuffer = 20000000})
              reader:connect("127.0.0.1", port)
            end})
            """
        )
        self.assertEqual(sorted(lines), [b"drained\ttrue", b"true", b"waits\ttrue"])

    async def test_tight_loop_does_not_starve_timers(self) -> None:
        lines = await self.run_lua(
            """
            local server = net.TCPServer()
            server:start("127.0.0.1", 0, function(client)
              local c c = {success = function(d) client:write(d) client:read(c) end, error = function() end}
              client:read(c)
            end, {success = function(port)
              local s, count = net.TCPSocket(), 0
              s:connect("127.0.0.1", port, {success = function()
                local c c = {success = function(d) count = count + 1 s:write(d) s:read(c) end, error = function() end}
                s:write("x") s:read(c)
              end})
              setTimeout(function() print(count > 0) s:close() server:stop() end, 50)
            end})
            """
        )
        self.assertEqual(lines, [b"true"])


def turn() -> Deferred[None]:
    """@return: fires when the reactor has taken a turn"""
    done: Deferred[None] = Deferred()
    clock: Any = reactor
    clock.callLater(0, done.callback, None)
    return done


class Resetting(Protocol):
    """Resets each connection that says something."""

    transport: Any

    def dataReceived(self, data: bytes) -> None:
        self.transport.abortConnection()


class EagerTests(LoopbackTestCase):
    """When what a script writes is sent."""

    async def sent_within_the_call(self, **options: Any) -> bool:
        """Whether what is written can be read before the script returns."""
        runtime = self.make_runtime(**options)
        with socket.create_server(("127.0.0.1", 0)) as server:
            await runtime.run_string(
                "s = net.TCPSocket() s:connect('127.0.0.1', ...,"
                " {success = function() print('connected') end})",
                "@test.lua",
                str(server.getsockname()[1]),
            )
            await self.line(len(self.lines) + 1)
            peer, _ = server.accept()
            with peer:
                peer.setblocking(False)
                runtime.expose(
                    "look", lambda: bool(select.select([peer], [], [], 0)[0])
                )
                await runtime.run_string("s:write('x') print(look())")
        await self.line(2)
        return self.lines.pop() == b"true"

    async def test_at_once(self) -> None:
        self.assertTrue(await self.sent_within_the_call())

    async def test_on_the_next_turn_with_twisted_transports(self) -> None:
        self.assertFalse(await self.sent_within_the_call(transports="twisted"))


class PeerTests(LoopbackTestCase):
    """Other people's programs on the other end."""

    async def test_socat_as_server(self) -> None:
        socat = need_program("socat")
        path = os.path.join(tempfile.mkdtemp(), "s")
        peer = start(self, socat, "-d", "-d", f"UNIX-LISTEN:{path}", "PIPE")
        await peer.says(b"listening on")
        lines = await self.run_lua(
            """
            task.start(function()
              local s = net.TCPSocket()
              print(s:connect("unix:" .. arg[1]))
              local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end
              local all = table.concat(t)
              s:write(all)
              print(s:readExactly(256) == all)
              s:write("one\\r\\ntwo") s:shutdown()
              print(s:readUntil("\\r\\n"))
              print(s:readAll())
            end)
            """,
            path,
        )
        self.assertEqual(lines, [b"true", b"true", b"one", b"two"])

    async def test_socat_as_client(self) -> None:
        """socat sends its input, ends its side, and gets the answer."""
        socat = need_program("socat")
        await self.runtime.run_string(
            SERVER.replace("{options}", "")
            .replace(
                "{on_client}",
                "client:readExactly(5, {success = function(d) client:write(d:upper()) end})",
            )
            .replace("{started}", "")
        )
        await self.line(1)
        peer = start(
            self,
            socat,
            "SYSTEM:printf hello; cat >&2; exit",
            f"TCP:127.0.0.1:{self.lines[0].decode()}",
        )
        await peer.says(b"HELLO")

    async def test_http_server(self) -> None:
        """A real HTTP server, spoken to by hand."""
        port = await serve_peer(self, "http_server.py")
        lines = await self.run_lua(
            """
            task.start(function()
              local s = net.TCPSocket()
              s:connect("localhost", arg[1])
              s:write("GET /bytes HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n")
              print(s:readUntil("\\r\\n"))
              s:readUntil("\\r\\n\\r\\n")
              local body = s:readAll()
              local t = {} for i = 0, 255 do t[#t + 1] = string.char(i) end
              print(body == table.concat(t))
              print(s:read())
            end)
            """,
            str(port),
        )
        self.assertEqual(lines, [b"HTTP/1.1 200 OK", b"true", b"nil\tEnd of file\teof"])

    async def test_reset(self) -> None:
        port = self.listen(Factory.forProtocol(Resetting))
        lines = await self.run_lua(
            """
            task.start(function()
              local s = net.TCPSocket()
              s:connect("127.0.0.1", arg[1])
              s:write("x")
              print(s:read())
              print(s:read())
              print(s:write("y"))
            end)
            """,
            str(port),
        )
        self.assertEqual(
            lines,
            [
                b"nil\tConnection reset by peer\treset",
                b"nil\tEnd of file\teof",
                b"nil\tNot connected\tstate",
            ],
        )

    async def test_killed_peer(self) -> None:
        """A peer that dies while a read waits."""
        peer = start_peer(self, "tcp_server.py")
        port = await port_of(peer)
        await self.runtime.run_string(
            "local s = net.TCPSocket() s:connect('127.0.0.1', ..., {success = function() s:write('x')"
            " s:read({error = print}) end})",
            "@test.lua",
            str(port),
        )
        await peer.says(b"connected")
        await peer.kill()
        await self.line(1)
        self.assertEqual(self.lines, [b"End of file\teof"])
        await self.runtime.idle()

    async def test_bytes_from_nowhere(self) -> None:
        """A refused connection leaves nothing open."""
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        lines = await self.run_lua(
            "local s = net.TCPSocket() s:connect('127.0.0.1', ..., {error = function(...)"
            " print(...) print(next(eplua.stats().open)) end})",
            str(port),
        )
        self.assertEqual(lines, [b"Connection refused\trefused", b"Timer\t0"])
        self.assertEqual(ALL_BYTES[0], 0)
