"""A real controller, played by a simulated one behind its site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from zope.interface.verify import verifyObject

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.access import Credentials
from eplua_twisted.hc3.fetch import Client
from eplua_twisted.hc3.interfaces import IController
from eplua_twisted.hc3.remote import RemoteController
from eplua_twisted.hc3.stand_in import MARK
from eplua_twisted.tls.context import server_context
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tls.transport import below
from tests.support.authority import Authority
from tests.support.hc3 import Host, NetworkTestCase


class RemoteTestCase(NetworkTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.site = self.serve(Credentials("me", "secret"))
        self.remote = self.make()

    def make(
        self, url: str = "http://127.0.0.1", password: str = "secret"
    ) -> RemoteController:
        client = Client(self.environment)
        remote = RemoteController(client, self.reactor, url, "me", password)
        self.addCleanup(self.end, remote.stop)
        return remote

    def start(self) -> None:
        self.assertIsNone(self.result(self.remote.start()))
        self.reactor.settle()

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer: tuple[int, Any] = self.result(self.remote.request(method, path, body))
        return answer

    def problem(self, awaited: Deferred[Any]) -> OperationError:
        self.reactor.settle()
        problem = self.failureResultOf(awaited, OperationError).value
        assert isinstance(problem, OperationError)
        return problem


class RequestTests(RemoteTestCase):
    def test_is_a_controller(self) -> None:
        self.assertTrue(verifyObject(IController, self.remote))

    def test_answers_of_the_box(self) -> None:
        status, body = self.ask("POST", "/globalVariables", {"name": "a", "value": "ü"})
        self.assertEqual((status, body["value"]), (201, "ü"))
        self.assertEqual(self.controller.global_variables, {"a": "ü"})
        self.assertEqual(self.ask("GET", "/globalVariables/b")[0], 404)
        self.assertEqual(self.ask("DELETE", "/globalVariables/a"), (200, None))

    def test_start_sees_that_it_is_there(self) -> None:
        self.start()

    def test_wrong_password_says_so(self) -> None:
        problem = self.problem(self.make(password="wrong").start())
        self.assertEqual(problem.code, "denied")
        self.assertIn("does not accept user 'me'", problem.message)
        self.assertIn("HC3_PASSWORD", problem.message)
        self.assertNotIn("wrong", problem.message)

    def test_box_that_is_not_there_says_so(self) -> None:
        remote = self.make("http://10.0.0.9")
        started = remote.start()
        self.reactor.settle()
        self.reactor.refuse(ConnectionRefusedError())
        problem = self.problem(started)
        self.assertEqual(problem.code, "refused")
        self.assertEqual(
            problem.message, "http://10.0.0.9 cannot be reached: Connection refused"
        )

    def test_something_else_is_no_home_center(self) -> None:
        remote = self.make("http://10.0.0.9")
        started = remote.start()
        self.reactor.settle()
        peer = self.reactor.accept()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html")
        self.assertIn("is no Home Center", self.problem(started).message)

    def test_wrong_addresses(self) -> None:
        for url, text in (
            ("box", "URL"),
            ("ftp://box", "http"),
            ("http://me:secret@box", "HC3_PASSWORD"),
            ("http://box/api", "without a path"),
        ):
            problem = self.assertRaises(OperationError, self.make, url)
            self.assertEqual(problem.code, "url", url)
            self.assertIn(text, problem.message)

    def test_stopped_asks_no_more(self) -> None:
        self.end(self.remote.stop)
        problem = self.problem(self.remote.request("GET", "/devices"))
        self.assertEqual(problem.code, "state")


class QuickAppTests(RemoteTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.start()

    def add(self, **description: Any) -> int:
        added: Any = self.remote.add_quickapp(description)  # type: ignore[arg-type]
        number: int = self.result(added)
        return number

    def test_device_is_made_once(self) -> None:
        number = self.add(
            name="App", type="com.fibaro.binarySwitch", variables={"a": 1}
        )
        device = self.controller.devices[number]
        self.assertEqual(device.properties["userDescription"], MARK)
        self.assertEqual(
            device.properties["quickAppVariables"], [{"name": "a", "value": 1}]
        )
        again = self.add(name="App", type="com.fibaro.binarySwitch")
        self.assertEqual(again, number)
        other = self.add(name="App", type="com.fibaro.binarySensor")
        self.assertNotEqual(other, number)

    def test_device_of_somebody_else_is_not_taken(self) -> None:
        theirs: Any = {"name": "App", "type": "com.fibaro.genericDevice"}
        number = self.successResultOf(self.controller.add_quickapp(theirs))
        self.assertNotEqual(self.add(name="App"), number)

    def test_number_that_is_given_is_taken_as_it_is(self) -> None:
        number = self.successResultOf(self.controller.add_quickapp({"name": "x"}))
        self.assertEqual(self.add(name="App", id=number), number)
        self.assertEqual(self.controller.devices[number].name, "x")
        missing: Any = {"name": "App", "id": 9999}
        self.assertIn(
            "no device 9999", self.problem(self.remote.add_quickapp(missing)).message
        )

    def test_actions_and_view_events_arrive(self) -> None:
        host, number = Host(), self.add(name="App")
        self.remote.attach(number, host)
        self.controller.call_action(number, "turnOn", 1, {"a": [2]})
        self.reactor.settle()
        self.controller.call_action(number, "UIAction", "onChanged", "slider", 30)
        pressed: Any = {
            "deviceId": number,
            "elementName": "button",
            "eventType": "onReleased",
        }
        self.result(self.controller.request("POST", "/plugins/callUIEvent", pressed))
        self.reactor.settle()
        self.assertEqual(
            host.told,
            [
                ("action", number, "turnOn", [1, {"a": [2]}]),
                (
                    "ui_event",
                    number,
                    {
                        "deviceId": number,
                        "elementName": "slider",
                        "eventType": "onChanged",
                        "values": [30],
                    },
                ),
                (
                    "ui_event",
                    number,
                    {
                        "deviceId": number,
                        "elementName": "button",
                        "eventType": "onReleased",
                        "values": [],
                    },
                ),
            ],
        )

    def test_childs_actions_arrive_at_its_parents_host(self) -> None:
        host, number = Host(), self.add(name="App")
        self.remote.attach(number, host)
        _, child = self.ask(
            "POST",
            "/plugins/createChildDevice",
            {"parentId": number, "name": "c", "type": "com.fibaro.binarySwitch"},
        )
        self.controller.call_action(child["id"], "turnOn")
        self.controller.call_action(child["id"], "turnOff")
        self.reactor.settle()
        self.assertEqual(
            [told[1:3] for told in host.told],
            [(child["id"], "turnOn"), (child["id"], "turnOff")],
        )

    def test_removed(self) -> None:
        host, number = Host(), self.add(name="App")
        self.remote.attach(number, host)
        self.ask("DELETE", f"/devices/{number}")
        self.reactor.settle()
        self.assertEqual(host.told, [("removed", number)])

    def test_scenes_run_on_the_box(self) -> None:
        problem = self.problem(self.remote.add_scene({"name": "s"}))
        self.assertIn("scenes run on", problem.message)


class EventTests(RemoteTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.controller.set_global("before", "1")
        self.events: list[Any] = []
        self.remote.subscribe(self.events.append)
        self.start()

    def kinds(self) -> list[str]:
        self.reactor.settle()
        return [each["type"] for each in self.events]

    def test_come_as_they_happen(self) -> None:
        self.controller.set_global("a", "1")
        self.assertEqual(self.kinds(), ["GlobalVariableAddedEvent"])
        self.controller.set_global("a", "2")
        self.controller.emit("e")
        self.assertEqual(
            self.kinds()[1:], ["GlobalVariableChangedEvent", "CustomEvent"]
        )

    def test_come_after_quiet_times(self) -> None:
        self.reactor.settle()
        for _ in range(3):
            self.reactor.advance(31)
            self.reactor.settle()
        self.controller.set_global("a", "1")
        self.assertEqual(self.kinds(), ["GlobalVariableAddedEvent"])

    def test_come_again_when_the_box_does(self) -> None:
        self.reactor.settle()
        self.end(self.site.stop)
        self.controller.set_global("a", "1")
        for pause in (1, 2, 4):
            self.reactor.settle()
            self.reactor.refuse(ConnectionRefusedError())
            self.reactor.settle()
            self.reactor.advance(pause - 0.5)
            self.reactor.settle()
            self.reactor.advance(0.5)
        self.reactor.settle()
        self.reactor.refuse(ConnectionRefusedError())
        self.assertEqual(self.kinds(), [])
        self.site = self.serve(Credentials("me", "secret"))
        self.reactor.advance(8)
        self.assertEqual(self.kinds(), ["GlobalVariableAddedEvent"])

    def test_stopped_twice_ends_twice(self) -> None:
        """As with --run-for, when the command's own end comes meanwhile."""
        self.reactor.settle()
        both = self.remote.stop(), self.remote.stop()
        self.reactor.pump([0, 0, 2, 0])
        for stopped in both:
            self.successResultOf(stopped)

    def test_nothing_is_left(self) -> None:
        self.reactor.settle()
        self.end(self.remote.stop)
        self.end(self.site.stop)
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class CertificateTests(NetworkTestCase):
    """A box with a certificate of its own making."""

    def setUp(self) -> None:
        super().setUp()
        pem = Authority(self).own.encode()
        options = TLSOptions(certificate=pem, private_key=pem)
        site = self.serve(port=80)
        secure = below(site, server_context(options), self.reactor)
        self.reactor.listenTCP(443, secure, interface="127.0.0.1")

    def start(self, **environment: Any) -> Deferred[None]:
        client = Client(replace(self.environment, **environment))
        remote = RemoteController(client, self.reactor, "https://127.0.0.1", "a", "b")
        self.addCleanup(self.end, remote.stop)
        started = remote.start()
        self.reactor.settle()
        return started

    def test_is_refused_and_the_error_says_why(self) -> None:
        problem = self.failureResultOf(self.start(), OperationError).value
        self.assertEqual(problem.code, "tls")
        self.assertIn("self-signed", problem.message)
        self.assertIn("--allow-unauthorized 127.0.0.1", problem.message)

    def test_is_accepted_of_an_allowed_host(self) -> None:
        allowed = frozenset(["127.0.0.1"])
        self.successResultOf(self.start(allow_unauthorized=allowed))
