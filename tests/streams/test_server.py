"""What servers have in common: a port, and the clients that came by it."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.resources import Resources
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.server import BACKLOG, MAX_CONNECTIONS, Listening
from tests.support import MemoryReactor


class Client(Protocol):
    """A server's client, which closes when it is asked to."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.asked: list[str] = []

    def close(self) -> None:
        self.asked.append("close")

    def abort(self) -> None:
        self.asked.append("abort")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._server.left(self)


class Server(Factory, Listening[Client, None]):
    """A server that does nothing with its clients."""

    noisy = False

    def buildProtocol(self, addr: object) -> Client | None:
        if not self.admits():
            return None
        client = Client(self)
        self.members[client] = None
        return client


class ListeningCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.resources = Resources()
        bridge = Bridge(self.reactor, self.resources)
        reactor: Any = self.reactor
        self.environment = Environment(reactor, reactor, bridge, self.resources)

    def server(self, max_connections: int | None = None) -> Server:
        return Server(self.environment, max_connections)

    def running(self, max_connections: int | None = None) -> Server:
        server = self.server(max_connections)
        self.successResultOf(server.listen(b"127.0.0.1", 0))
        return server


class StartTests(ListeningCase):
    def test_fires_with_the_port(self) -> None:
        server = self.server()
        port = self.successResultOf(server.listen(b"127.0.0.1", 0))
        self.assertEqual((server.phase, server.listening_port()), ("running", port))
        self.assertEqual(self.reactor.tcpServers[0][2], BACKLOG)

    def test_a_unix_socket_has_no_port(self) -> None:
        server = self.server()
        self.assertIsNone(self.successResultOf(server.listen(b"unix:/run/x", 0)))
        self.assertTrue(server.is_running())

    def test_twice_is_refused(self) -> None:
        server = self.running()
        problem = self.assertRaises(OperationError, server.listen, b"127.0.0.1", 0)
        self.assertEqual((problem.code, problem.message), ("state", "Already running"))

    def test_what_cannot_listen_is_gone(self) -> None:
        port = self.running().listening_port()
        assert port is not None
        server = self.server()
        self.failureResultOf(server.listen(b"127.0.0.1", port), CannotListenError)
        self.assertEqual(server.phase, "stopped")
        self.assertIsNone(self.resources.get(server.id))

    def test_closed_while_its_name_is_looked_up(self) -> None:
        self.reactor.nameResolver.held.add("slow.example")
        server = self.server()
        starting = server.listen(b"slow.example", 0)
        server.close()
        self.failureResultOf(starting)
        self.reactor.nameResolver.answer("slow.example")
        self.assertEqual((server.phase, self.reactor.tcpServers), ("stopped", []))

    def test_share_runs_without_a_port_and_keeps_nothing_alive(self) -> None:
        server = self.server()
        server.share()
        self.assertTrue(server.is_running())
        self.assertIsNone(server.listening_port())
        self.assertEqual(self.resources.active, 0)


class ClientTests(ListeningCase):
    def test_no_more_than_the_option_says(self) -> None:
        server = self.running(1)
        first, second = self.reactor.connect(), self.reactor.connect()
        self.assertEqual((first.gone, second.gone), (False, True))
        self.assertEqual(len(server.members), 1)

    def test_one_that_leaves_makes_room(self) -> None:
        server = self.running(1)
        self.reactor.connect().reset()
        self.assertEqual(len(server.members), 0)
        self.assertFalse(self.reactor.connect().gone)

    def test_1024_by_default(self) -> None:
        server = self.running()
        for _ in range(MAX_CONNECTIONS):
            server.members[Client(server)] = None
        self.assertEqual(MAX_CONNECTIONS, 1024)
        self.assertTrue(self.reactor.connect().gone)

    def test_nobody_is_accepted_under_pressure(self) -> None:
        server = self.running()
        server.pause()
        self.reactor.connect()
        self.assertEqual(len(server.members), 0)
        server.resume()
        self.reactor.settle()
        self.assertEqual(len(server.members), 1)

    def test_one_that_starts_under_pressure_accepts_nobody(self) -> None:
        server = self.server()
        server.pause()
        self.successResultOf(server.listen(b"127.0.0.1", 0))
        self.reactor.connect()
        self.reactor.settle()
        self.assertEqual(len(server.members), 0)


class StopTests(ListeningCase):
    def test_fires_when_port_and_clients_are_closed(self) -> None:
        server = self.running()
        peer = self.reactor.connect()
        stopped = server.stop_listening()
        self.reactor.settle()
        self.assertNoResult(stopped)
        self.assertEqual(server.phase, "closed")
        peer.reset()
        self.successResultOf(stopped)
        self.assertEqual(server.phase, "stopped")
        self.assertIsNone(self.resources.get(server.id))

    def test_clients_are_asked_to_close_in_good_order(self) -> None:
        server = self.running()
        self.reactor.connect()
        server.close()
        (client,) = server.members
        self.assertEqual(client.asked, ["close"])

    def test_abort_reaches_the_clients(self) -> None:
        server = self.running()
        self.reactor.connect()
        server.abort()
        (client,) = server.members
        self.assertEqual(client.asked, ["close", "abort"])

    def test_everyone_who_asks_is_told(self) -> None:
        server = self.running()
        first, second = server.stop_listening(), server.stop_listening()
        self.reactor.settle()
        self.successResultOf(first)
        self.successResultOf(second)

    def test_one_that_never_listened_is_gone_at_once(self) -> None:
        server = self.server()
        self.successResultOf(server.stop_listening())
        self.assertEqual(server.phase, "stopped")

    def test_nobody_is_let_in_while_it_stops(self) -> None:
        server = self.running()
        server.close()
        self.assertFalse(server.admits())
        self.assertIsNone(server.listening_port())
