"""What a cancelled task waited for is undone, and what it would have got is not lost."""

from __future__ import annotations

from tests.memory import RemotePeer
from tests.support import LuaTestCase, for_each_lua
from tests.support.dtls import pems

READS = {
    "read()": b"ab\ncd",
    "readExactly(2)": b"ab\ncd",
    "readUntil('\\n')": b"ab\ncd",
}


class CancelledOperationTests(LuaTestCase):
    def connected(self, options: str = "") -> RemotePeer:
        self.run_lua(
            f"s = net.TCPSocket({{{options}}}) s:connect('192.0.2.1', 80, {{}})"
        )
        peer = self.reactor.accept()
        self.reactor.settle()
        return peer

    def test_read_that_waits(self) -> None:
        """What comes is for the next read; with the option timeout too."""
        for options in ("", "timeout = 1000"):
            peer = self.connected(options)
            for read in READS:
                self.run_lua(
                    f"task.start(function() s:{read} print('never') end):cancel()"
                )
                self.run_lua("task.start(function() print(s:read()) end)")
                peer.send(b"x\n")
                self.reactor.settle()
                self.assertEqual(self.lines.pop(), b"x\n", read)
            self.assertEqual((self.lines, self.errors), ([], []))

    def test_read_that_was_answered(self) -> None:
        """An answer that is on its way is given back, whole and first."""
        for read, data in READS.items():
            for before in ("", "s:read() "):
                peer = self.connected()
                peer.send(data)
                self.reactor.settle()
                self.run_lua(
                    f"""
                    task.start(function() s:{read} print('never') end):cancel()
                    task.start(function() print(s:readExactly(5)) end)
                    """
                )
                self.assertEqual(self.lines, [data], (read, before))
                self.lines.clear()

    def test_read_that_was_answered_on_a_connection_that_has_ended(self) -> None:
        """What the peer had sent before is for the next read."""
        for read, data in READS.items():
            peer = self.connected()
            peer.send(data)
            peer.close()
            self.reactor.settle()
            self.run_lua(
                f"""
                task.start(function() s:{read} print('never') end):cancel()
                task.start(function() print(s:readAll()) print(s:read()) end)
                """
            )
            self.assertEqual(
                self.lines, [data, b"nil\tEnd of file\teof"], (read, self.errors)
            )
            self.lines.clear()
        self.reactor.settle()
        self.assertEqual(self.alive, 0)

    def test_read_that_was_answered_before_another(self) -> None:
        """What it would have got comes first in the other one."""
        peer = self.connected()
        self.runtime.expose("send", lambda data: peer.send(data))
        self.run_lua(
            """
            local first = task.start(function() s:read() print("never") end)
            task.start(function() print(s:read()) end)
            task.start(function() print(s:readExactly(2)) end)
            send("a") send("b") send("c")
            first:cancel()
            send("d")
            """
        )
        self.assertEqual((self.lines, self.errors), ([b"abcd"], []))

    def test_read_to_the_end(self) -> None:
        peer = self.connected()
        peer.send(b"abc")
        self.reactor.settle()
        self.run_lua("task.start(function() s:readAll() end):cancel()")
        self.run_lua("task.start(function() print(s:readAll()) end)")
        peer.send(b"def")
        peer.close()
        self.reactor.settle()
        self.assertEqual(self.lines, [b"abcdef"])

    def test_write(self) -> None:
        """What was taken is sent."""
        peer = self.connected()
        self.run_lua("task.start(function() s:write('x') end):cancel()")
        self.reactor.settle()
        self.assertEqual(peer.received(), b"x")

    def test_connect_is_aborted(self) -> None:
        """And the socket can be connected again."""
        self.run_lua(
            """
            s = net.TCPSocket()
            t = task.start(function() s:connect("192.0.2.1", 80) end)
            """
        )
        self.reactor.advance(0)
        attempt = self.reactor.connectors[-1]
        self.run_lua("t:cancel()")
        self.reactor.settle()
        self.assertEqual(attempt.state, "disconnected")
        self.assertEqual(self.alive, 0)
        self.run_lua("task.start(function() print(s:connect('192.0.2.1', 81)) end)")
        self.reactor.accept()
        self.reactor.settle()
        self.assertEqual((self.lines, self.errors), ([b"true"], []))

    def test_connect_that_succeeded(self) -> None:
        """Its answer is on its way: the connection is closed."""
        self.run_lua(
            """
            s = net.TCPSocket()
            t = task.start(function() s:connect("192.0.2.1", 80) print("never") end)
            """
        )
        self.reactor.advance(0)
        self.peers: list[RemotePeer] = []
        self.runtime.expose("accept", lambda: self.peers.append(self.reactor.accept()))
        # The answer comes while Lua runs, so it has to wait.
        self.run_lua("accept() t:cancel()")
        (peer,) = self.peers
        self.reactor.settle()
        self.assertTrue(peer.gone or peer.ending)
        self.assertEqual((self.alive, self.errors), (0, []))

    def test_connect_twice(self) -> None:
        """A connection that is there already stays."""
        self.connected()
        self.run_lua(
            """
            task.start(function() s:connect("192.0.2.1", 80) end):cancel()
            print(s:isConnected())
            """
        )
        self.run_lua("print(s:isConnected())")
        self.assertEqual(self.lines, [b"true", b"true"])

    def test_listener_is_forgotten(self) -> None:
        """Somebody else can listen there."""
        for kind in ("TCPServer", "HTTPServer", "WebSocketServer"):
            self.run_lua(
                f"""
                local function f() end
                s, other = net.{kind}(), net.{kind}()
                if "{kind}" == "WebSocketServer" then f = nil end
                task.start(function() s:start("127.0.0.1", 700, f) end):cancel()
                print(s:isRunning())
                setTimeout(function()
                  task.start(function()
                    print(other:start("127.0.0.1", 700, f)) other:stop()
                  end)
                end, 1)
                """
            )
            self.reactor.advance(0.001)
            self.reactor.settle()
            self.assertEqual(self.lines, [b"false", b"700"], kind)
            self.lines.clear()
        self.assertEqual((self.alive, self.errors), (0, []))

    def test_request_is_dropped(self) -> None:
        """The server sees that its answer is not wanted."""
        self.run_lua(
            "t = task.start(function() net.HTTPClient():request('http://192.0.2.1/') end)"
        )
        self.reactor.advance(0)
        peer = self.reactor.accept()
        self.reactor.settle()
        self.assertIn(b"GET / HTTP/1.1", peer.received())
        self.run_lua("t:cancel()")
        self.reactor.settle()
        self.assertTrue(peer.gone or peer.ending)
        self.assertEqual((self.alive, self.errors), (0, []))

    def test_datagram(self) -> None:
        """It is for the next receive; the one that is gone keeps nothing alive."""
        self.run_lua(
            """
            u, v = net.UDPSocket(), net.UDPSocket()
            u:bind("127.0.0.1", 700, {})
            local t = task.start(function() u:receive() print("never") end)
            task.start(function()
              v:sendTo("x", "127.0.0.1", 700)
              t:cancel()
              v:sendTo("y", "127.0.0.1", 700)
              print(u:receive())
              print(u:receive())
            end)
            """
        )
        self.reactor.settle()
        self.assertEqual([line[:1] for line in self.lines], [b"x", b"y"])
        self.assertEqual((self.alive, self.errors), (0, []))

    def test_datagram_that_is_there(self) -> None:
        self.run_lua(
            "u = net.UDPSocket() u:bind('127.0.0.1', 700, {})"
            " net.UDPSocket():sendTo('x', '127.0.0.1', 700, {})"
            " u:receive({success = print})"
        )
        self.reactor.settle()
        self.run_lua("net.UDPSocket():sendTo('y', '127.0.0.1', 700, {})")
        self.reactor.settle()
        self.run_lua(
            """
            task.start(function() u:receive() print("never") end):cancel()
            task.start(function() print((u:receive())) end)
            """
        )
        self.reactor.settle()
        self.assertEqual([line[:1] for line in self.lines], [b"x", b"y"])

    def test_dtls_client_that_was_accepted(self) -> None:
        """It is for the next accept."""
        self.run_lua(
            """
            local pem = ...
            s = net.UDPSocket({tls = {certificate = pem, privateKey = pem}})
            s:bind("127.0.0.1", 700, {})
            c = net.UDPSocket({tls = {allowUnauthorized = true}})
            c:connect("127.0.0.1", 700, {})
            """,
            pems()[1].decode(),
        )
        self.reactor.settle()
        self.run_lua(
            """
            task.start(function() s:accept() print("never") end):cancel()
            task.start(function() print(s:accept()) end)
            """
        )
        self.reactor.settle()
        self.assertEqual(len(self.lines), 1)
        self.assertIn(b"DTLSPeer", self.lines[0])
        self.run_lua("c:close() s:close()")
        self.reactor.settle()

    def test_event(self) -> None:
        """It is for the next wait."""
        self.run_lua(
            """
            server = net.WebSocketServer()
            server:start("127.0.0.1", 700, {connected = function(id)
              server:send(id, "one")
            end})
            w = net.WebSocketClient()
            w:connect("ws://127.0.0.1:700/")
            task.start(function() w:wait("dataReceived", 5000) print("never") end):cancel()
            task.start(function() print((w:wait("dataReceived"))) end)
            """
        )
        self.reactor.settle()
        self.run_lua("w:close() server:stop({})")
        self.reactor.settle()
        self.assertEqual((self.lines, self.errors), ([b"one"], []))

    def test_nothing_is_opened_where_it_cannot_wait(self) -> None:
        """In a cancelled task, below a function of C, with callbacks that are none."""
        for call in (
            "net.TCPSocket():connect('192.0.2.1', 80",
            "net.TCPServer():start('127.0.0.1', 700, print",
            "net.HTTPServer():start('127.0.0.1', 700, print",
            "net.HTTPClient():request('http://192.0.2.1/'",
        ):
            self.run_lua(
                f"""
                task.start(function()
                  task.current():cancel()
                  print((pcall(function() {call}) end)))
                end)
                task.start(function()
                  print((pcall(table.sort, {{2, 1}}, function() {call}) end)))
                end)
                print((pcall(function() {call}, 5) end)))
                """
            )
            self.assertEqual(self.lines, [b"false"] * 3, call)
            self.lines.clear()
            self.assertEqual((self.alive, self.reactor.connectors), (0, []), call)

    def test_resolve(self) -> None:
        """Nobody waits for the answer, and nothing is pending."""
        self.reactor.nameResolver.held.add("device")
        self.run_lua("task.start(function() net.resolve('device') end):cancel()")
        idle = self.runtime.idle()
        self.reactor.settle()
        self.successResultOf(idle)
        self.reactor.nameResolver.answer("device")
        self.reactor.settle()
        self.assertEqual((self.lines, self.errors), ([], []))

    def test_close_where_a_task_waits(self) -> None:
        """It is told closed; if it is cancelled before that, it is cancelled."""
        for then in ("", "t:cancel()"):
            self.connected()
            self.run_lua(
                f"""
                local t = task.start(function() print(pcall(s.read, s)) end)
                s:close()
                {then}
                """
            )
        self.assertEqual(
            self.lines,
            [b"true\tnil\tOperation canceled\tclosed", b"false\ttask cancelled"],
        )

    def test_thousands(self) -> None:
        """Reads that were all answered are given back, each to its own socket."""
        self.run_lua(
            """
            sockets = {}
            server = net.TCPServer({maxConnections = 2000})
            server:start("127.0.0.1", 700, function(client)
              client:write(tostring(#sockets), {})
              sockets[#sockets + 1] = client
            end, {})
            clients = {}
            for i = 1, 300 do
              clients[i] = net.TCPSocket()
              clients[i]:connect("127.0.0.1", 700, {})
            end
            """
        )
        self.reactor.settle()
        self.run_lua(
            """
            local tasks = {}
            for i = 1, 300 do
              tasks[i] = task.start(function() clients[i]:read() print("never") end)
            end
            for i = 1, 300 do tasks[i]:cancel() end
            local sum = 0
            for i = 1, 300 do
              task.start(function()
                local got = tonumber((clients[i]:read()))
                sum = sum + got
                if i == 300 then print(sum) end
              end)
            end
            """
        )
        self.reactor.settle()
        self.assertEqual((self.lines, self.errors), ([b"44850"], []))


globals().update(for_each_lua(CancelledOperationTests))
