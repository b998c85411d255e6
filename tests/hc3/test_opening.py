"""A controller with all that belongs to it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from twisted.internet.error import CannotListenError, ConnectionRefusedError
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from eplua_twisted.border.permissions import Access, Permissions
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.opening import HOSTS, LOCAL, Opened
from eplua_twisted.hc3.plan import Plan
from eplua_twisted.hc3.remote import RemoteController
from eplua_twisted.site.names import in_url
from eplua_twisted.site.network import network_of
from tests.support.hc3 import TIME, NetworkTestCase


class OpeningTests(NetworkTestCase):
    def open(self, **plan: Any) -> Opened:
        opened = Opened(Plan(**plan), self.environment, self.reactor, lambda: TIME)
        self.addCleanup(self.end, opened.stop)
        return opened

    def get(self, *headers: str) -> bytes:
        lines = ["GET /api/devices/1 HTTP/1.1", "Host: localhost", *headers, "", ""]
        answer: bytes = self.reactor.connect().ask("\r\n".join(lines).encode())
        return answer

    def test_simulated_by_itself(self) -> None:
        opened = self.open()
        self.assertIsInstance(opened.controller, SimulatedController)
        self.assertIsNone(self.result(opened.start()))
        self.assertIsNone(opened.site)

    def test_listens(self) -> None:
        opened = self.open(listen=("127.0.0.1", 0))
        self.assertGreater(self.result(opened.start()), 0)
        self.assertTrue(self.get().startswith(b"HTTP/1.1 200 "))

    def test_two_that_start_it_have_one_port(self) -> None:
        opened = self.open(listen=("127.0.0.1", 0))
        starts = [opened.start(), opened.start()]
        self.assertEqual(self.result(starts[0]), self.result(starts[1]))
        self.assertEqual(len(self.reactor.ports), 1)

    def test_has_the_page_and_says_where(self) -> None:
        notices: list[str] = []

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            if "notice" in event:
                notices.append(event["text"])

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        port = self.result(self.open(listen=("127.0.0.1", 0)).start())
        self.assertEqual(notices, [f"the QuickApps are at http://127.0.0.1:{port}/"])
        page = self.reactor.connect().ask(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b"<title>QuickApps</title>", page)

    def test_url_of_each_host(self) -> None:
        name = socket.gethostname()
        for host, shown in (("::1", "[::1]"), ("0.0.0.0", name), ("box", "box")):
            self.assertEqual(in_url(host), shown)

    def test_password_counts_on_the_loopback_address_too(self) -> None:
        opened = self.open(listen=("127.0.0.1", 0), user="me", password="secret")
        self.assertGreater(self.result(opened.start()), 0)
        self.assertTrue(self.get().startswith(b"HTTP/1.1 401 "))
        right = "Authorization: Basic bWU6c2VjcmV0"
        self.assertTrue(self.get(right).startswith(b"HTTP/1.1 200 "))

    def test_others_only_with_a_password(self) -> None:
        problem = self.assertRaises(OperationError, self.open, listen=("0.0.0.0", 0))
        self.assertEqual(problem.code, "denied")

    def test_port_in_use_says_so(self) -> None:
        opened = self.open(listen=("127.0.0.1", 81))

        def refuse(*arguments: Any) -> None:
            raise CannotListenError("127.0.0.1", 81, OSError(98, "in use"))

        self.reactor.listenTCP = refuse
        problem = self.failureResultOf(opened.start(), OperationError).value
        self.assertEqual(problem.code, "in_use")
        self.assertIn("cannot listen on 127.0.0.1:81", problem.message)

    def test_state_file(self) -> None:
        os.mkdir(directory := self.mktemp())
        path = str(Path(directory) / "house.json")
        opened = self.open(state=path)
        assert isinstance(opened.controller, SimulatedController)
        opened.controller.set_global("a", "1")
        self.end(opened.stop)
        again = self.open(state=path).controller
        assert isinstance(again, SimulatedController)
        self.assertEqual(again.global_variables, {"a": "1"})

    def test_real_one(self) -> None:
        self.serve()
        opened = self.open(url="http://127.0.0.1")
        self.assertIsInstance(opened.controller, RemoteController)
        self.assertIsNone(self.result(opened.start()))

    def test_box_that_was_not_there_is_asked_for_again(self) -> None:
        opened = self.open(url="http://127.0.0.1")
        started = opened.start()
        self.reactor.settle()
        self.reactor.refuse(ConnectionRefusedError())
        self.reactor.settle()
        self.failureResultOf(started, OperationError)
        self.serve()
        self.assertIsNone(self.result(opened.start()))
        self.assertIsNone(self.result(opened.start()))

    def test_proxy_fetches_from_the_network(self) -> None:
        self.serve(port=81)
        opened = self.open()
        path = "/proxy?url=http%3A%2F%2Fa%3Ab%40127.0.0.1%3A81%2Fapi%2FglobalVariables"
        status, body = self.result(opened.controller.request("GET", path))
        self.assertEqual((status, body), (200, []))

    def test_controller_is_no_way_around_permissions(self) -> None:
        access = Access(Permissions(deny_net=True))
        network = network_of(self.reactor, frozenset(), access)
        opened = Opened(Plan(), network, self.reactor, lambda: TIME)
        self.addCleanup(self.end, opened.stop)
        path = "/proxy?url=http%3A%2F%2F10.0.0.1%2F"
        status, body = self.result(opened.controller.request("GET", path))
        self.assertEqual((status, body["reason"]), (502, "BAD_GATEWAY"))
        self.assertEqual(self.reactor.tcpClients, [])

    def test_scripts_find_it_where_they_find_their_own_box(self) -> None:
        opened = self.open()
        opened.be_local(self.environment)
        servers = self.environment.local_servers
        self.assertEqual(list(servers), [(host, LOCAL) for host in HOSTS])

    def test_nothing_is_left(self) -> None:
        opened = self.open(listen=("127.0.0.1", 0))
        self.result(opened.start())
        self.end(opened.stop)
        self.end(opened.stop)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual([each for each in self.reactor.ports if each.connected], [])
