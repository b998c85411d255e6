"""TCPServer in memory: its clients, and how it ends."""

from __future__ import annotations

from tests.support import LuaTestCase, for_each_lua
from tests.support.authority import Authority


class ServerTests(LuaTestCase):
    def serve(self, code: str, options: str = "") -> None:
        self.run_lua(
            f"server = net.TCPServer({options}) server:start('127.0.0.1', 80,"
            f" function(c, ip, port) client = c {code} end)"
        )

    def test_a_client_connects_elsewhere_afterwards(self) -> None:
        """Its object is one like any other, with the server's options for clients."""
        self.serve("", "{maxConnections = 5, backlog = 7, keepAlive = true}")
        self.reactor.connect().close()
        self.turn()
        self.run_lua(
            "client:connect('127.0.0.1', 81, {success = print, error = print})"
        )
        peer = self.reactor.accept()
        self.assertTrue(peer.keep_alive)
        self.run_lua("print(client) client:close()")
        self.turn()
        self.assertEqual(self.lines[-1], b"TCPSocket: 127.0.0.1:81 (connected)")

    def test_stop_during_handshakes(self) -> None:
        """Clients that have not said hello are not waited for."""
        pem = Authority(self).issue("localhost")
        tls = f"{{certificate = '{pem}', privateKey = '{pem}'}}"
        self.serve("print('client')", f"{{tls = {tls}}}")
        peer = self.reactor.connect()
        self.turn()
        self.run_lua("server:stop({success = function() print('stopped') end})")
        self.turn(3)
        self.assertTrue(peer.gone)
        self.assertEqual(self.lines, [b"stopped"])

    def test_stop_closes_clients(self) -> None:
        self.serve("c:read({success = print, error = print})")
        peers = [self.reactor.connect() for _ in range(3)]
        self.run_lua(
            "print(server:clientCount())"
            " server:stop({success = function() print('stopped', server) end})"
        )
        self.turn(3)
        self.assertTrue(all(peer.gone for peer in peers))
        self.assertEqual(self.lines, [b"3", b"stopped\tTCPServer: stopped"])

    def test_idle_clients(self) -> None:
        """They end when nothing went either way; who waits is told."""
        self.serve("c:read({error = print})", "{idleTimeout = 1000}")
        peer = self.reactor.connect()
        self.reactor.advance(0.9)
        peer.send(b"")
        self.run_lua("client:write('x')")
        self.reactor.advance(0.9)
        self.assertFalse(peer.gone)
        self.reactor.advance(0.1)
        self.turn()
        self.assertTrue(peer.gone)
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])


globals().update(for_each_lua(ServerTests))
