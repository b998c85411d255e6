"""TCPServer in memory: its clients, and how it ends."""

from __future__ import annotations

from tests.support import ALL_BYTES, LuaTestCase, RemotePeer, for_each_lua
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


class ServerTestCase(LuaTestCase):
    def serve(self, handler: str, options: str = "") -> None:
        """A server with that body of its C{function(client, ip, port)}."""
        self.run_lua(
            f"server = net.TCPServer({options})"
            f" server:start('127.0.0.1', 4000, function(client, ip, port) {handler} end,"
            " {error = print})"
        )
        self.turn()

    def client(self) -> RemotePeer:
        return self.reactor.connect()


class ClientTests(ServerTestCase):
    def test_a_client_is_told_with_its_address(self) -> None:
        self.serve("print(ip, port) print(client:peerAddress())")
        self.reactor.connect(source=("192.0.2.9", 1234))
        self.assertEqual(self.lines, [b"192.0.2.9\t1234"] * 2)

    def test_every_byte_both_ways(self) -> None:
        self.serve("client:read({success = function(data) client:write(data) end})")
        self.assertEqual(self.client().ask(ALL_BYTES), ALL_BYTES)

    def test_clients_are_counted(self) -> None:
        self.serve("")
        first = self.client()
        self.client()
        self.run_lua("print(server:clientCount())")
        first.reset()
        self.run_lua("print(server:clientCount())")
        self.assertEqual(self.lines, [b"2", b"1"])

    def test_no_more_clients_than_the_option_says(self) -> None:
        self.serve("client:write('hi')", "{maxConnections = 2}")
        peers = [self.client() for _ in range(3)]
        self.assertEqual(
            [peer.received() for peer in peers], [b"hi", b"hi", b""], "the third"
        )
        self.assertTrue(peers[2].gone)
        peers[0].reset()
        self.assertEqual(self.client().received(), b"hi")

    def test_an_error_in_the_handler_leaves_the_server_alone(self) -> None:
        self.serve("error('mine')")
        self.client()
        self.client()
        self.assertEqual(len(self.errors), 2)
        self.run_lua("print(server:isRunning())")
        self.assertEqual(self.lines, [b"true"])

    def test_options_are_those_of_each_client(self) -> None:
        self.serve("", "{noDelay = false, keepAlive = true}")
        peer = self.client()
        self.assertEqual((peer.no_delay, peer.keep_alive), (False, True))


class IdleTests(ServerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(
            "kept = client client:readUntil('never', {error = print})",
            "{idleTimeout = 1000}",
        )
        self.peer = self.client()

    def test_a_silent_client_is_closed(self) -> None:
        self.reactor.advance(0.9)
        self.turn()
        self.assertFalse(self.peer.gone)
        self.reactor.advance(0.1)
        self.turn()
        self.assertTrue(self.peer.gone)
        self.assertEqual(self.lines, [b"Operation canceled\ttimeout"])

    def test_one_that_speaks_is_not(self) -> None:
        for _ in range(3):
            self.reactor.advance(0.9)
            self.peer.send(b"x")
        self.turn()
        self.assertFalse(self.peer.gone)

    def test_one_that_is_spoken_to_is_not(self) -> None:
        for _ in range(3):
            self.reactor.advance(0.9)
            self.run_lua("kept:write('x')")
        self.turn()
        self.assertFalse(self.peer.gone)

    def test_one_that_has_gone_leaves_no_timer(self) -> None:
        self.peer.reset()
        self.turn()
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class StopTests(ServerTestCase):
    STOP = "server:stop({success = function() print('stopped', server) end})"

    def test_clients_are_closed_and_then_it_is_said(self) -> None:
        self.serve("client:write('last')")
        peer = self.client()
        self.run_lua(self.STOP)
        self.reactor.settle()
        self.assertEqual((peer.received(), peer.ending), (b"last", "closed"))
        peer.close()
        self.reactor.settle()
        self.assertEqual(self.lines, [b"stopped\tTCPServer: stopped"])

    def test_a_stopped_server_starts_again(self) -> None:
        self.serve("")
        self.run_lua(self.STOP)
        self.reactor.settle()
        self.run_lua(
            "server:start('127.0.0.1', 4000, function(client) client:write('again') end)"
        )
        self.turn()
        self.assertEqual(self.client().received(), b"again")

    def test_starting_twice_is_refused(self) -> None:
        self.serve("")
        self.run_lua("server:start('127.0.0.1', 4001, print, {error = print})")
        self.turn()
        self.assertEqual(self.lines, [b"Already running\tstate"])

    def test_a_host_that_does_not_exist(self) -> None:
        self.reactor.nameResolver.addresses["none.example"] = []
        self.run_lua("net.TCPServer():start('none.example', 0, print, {error = print})")
        self.turn()
        self.assertEqual(self.lines, [b"Host not found\tdns"])


for _case in (ServerTests, ClientTests, IdleTests, StopTests):
    globals().update(for_each_lua(_case))
del _case
