"""Controllers in two processes, and one at an address where nothing listens."""

from __future__ import annotations

import time
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from eplua_twisted import Runtime
from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.resources import Resources
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.opening import LOCAL, Opened
from eplua_twisted.hc3.plan import Plan
from eplua_twisted.streams.connecting import OneProtocolFactory
from eplua_twisted.streams.local import endpoint_to
from tests.support import LoopbackTestCase, port_of, start_peer
from tests.support.hc3 import Host


class Told(Host):
    """Tells when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.first: Deferred[None] = Deferred()

    def action(self, device_id: int, name: str, arguments: list[Any]) -> None:
        super().action(device_id, name, arguments)
        self.first.callback(None)


class Asking(Protocol):
    """Sends a request, and keeps the answer until the connection ends."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.answer = b""
        self.ended: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._request)

    def dataReceived(self, data: bytes) -> None:
        self.answer += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended.callback(self.answer)


class ControllerTests(TestCase):
    timeout = 20

    def setUp(self) -> None:
        reactor: Any = real_reactor
        resources = Resources()
        bridge = Bridge(reactor, resources)
        self.environment = Environment(reactor, reactor, bridge, resources)

    def open(self, **plan: Any) -> Opened:
        reactor: Any = real_reactor
        opened = Opened(Plan(**plan), self.environment, reactor, time.time)
        self.addCleanup(opened.stop)
        return opened

    async def problem(self, awaited: Deferred[Any]) -> OperationError:
        problem: Any = await self.assertFailure(awaited, OperationError)
        assert isinstance(problem, OperationError)
        return problem

    async def test_box_in_another_process(self) -> None:
        """Requests, a QuickApp that runs here, a wrong password, and a box that goes."""
        box = start_peer(self, "hc3_box.py", "me", "secret")
        url = f"http://127.0.0.1:{await port_of(box)}"
        opened = self.open(url=url, user="me", password="secret")
        await opened.start()
        controller, host = opened.controller, Told()
        number = await controller.add_quickapp({"name": "App"})
        controller.attach(number, host)
        path = f"/devices/{number}/action/hello"
        status, _ = await controller.request("POST", path, {"args": ["you"]})
        self.assertEqual(status, 202)
        await host.first
        self.assertEqual(host.told, [("action", number, "hello", ["you"])])
        wrong = self.open(url=url, user="me", password="other")
        self.assertEqual((await self.problem(wrong.start())).code, "denied")
        await box.kill()
        asked = controller.request("GET", "/devices")
        self.assertIn("cannot be reached", (await self.problem(asked)).message)

    async def test_address_where_nothing_listens(self) -> None:
        """hc3-host.md: scripts ask http://127.0.0.1:11111/api/..."""
        opened = self.open()
        opened.be_local(self.environment)
        for host in ("127.0.0.1", "localhost"):
            asking = Asking(
                b"GET /api/devices/1/properties/dead HTTP/1.1\r\n"
                b"Host: 127.0.0.1:11111\r\nConnection: close\r\n\r\n"
            )
            endpoint = endpoint_to(self.environment, host, LOCAL)
            await endpoint.connect(OneProtocolFactory(asking))
            answer = await asking.ended
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
            self.assertIn(b'"value":false', answer)

    async def test_connection_that_is_given_up(self) -> None:
        opened = self.open()
        opened.be_local(self.environment)
        asking = Asking(b"")
        endpoint = endpoint_to(self.environment, "localhost", LOCAL)
        connecting = endpoint.connect(OneProtocolFactory(asking))
        connecting.cancel()
        await self.assertFailure(connecting, Exception)
        self.assertIsNone(asking.transport)

    async def test_box_fetches_from_itself(self) -> None:
        """The way around what api.get may not ask: /proxy with user and password."""
        opened = self.open()
        for address in ("http://admin:x@127.0.0.1/api", "http://127.0.0.1:11111/api"):
            path = f"/proxy?url={address}/devices?name=zwave&enabled=true"
            status, body = await opened.controller.request("GET", path)
            self.assertEqual(status, 200)
            assert isinstance(body, list)
            self.assertEqual(len(body), 1)


class ScriptTests(LoopbackTestCase):
    """Scripts find their box at the address that they know."""

    def make_runtime(self, **options: Any) -> Runtime:
        return super().make_runtime(hc3=True, lua=None, **options)

    async def test_every_class_finds_it(self) -> None:
        """hc3-host.md: scripts ask http://127.0.0.1:11111/api/..."""
        await self.run_lua("""
            net.HTTPClient():request("http://localhost:11111/api/devices/1", {
                success = function(response)
                    print(response.status, json.decode(response.data).id)
                end,
                error = print,
            })
            local socket = net.TCPSocket()
            socket:connect("127.0.0.1", 11111, {
                success = function()
                    socket:write("GET /api/x HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
                    socket:readUntil("\\r\\n", {
                        success = function(line) print(line) socket:close() end,
                        error = print,
                    })
                end,
                error = print,
            })
            net.HTTPClient():request("http://127.0.0.1:11111/api/globalVariables", {
                options = {method = "POST", data = json.encode({name = "a", value = "1"})},
                success = function(response)
                    print(response.status, (fibaro.getGlobalVariable("a")))
                end,
                error = print,
            })
        """)
        shown = sorted(line.decode().rpartition("]: ")[2] for line in self.lines)
        self.assertEqual(shown, ["200 1", "201 1", "HTTP/1.1 404 Not Found"])
