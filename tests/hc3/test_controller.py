"""What a simulated controller is to those who use it."""

from __future__ import annotations

from typing import Any

from zope.interface.verify import verifyObject

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.interfaces import IController
from tests.support.hc3 import ControllerTestCase, Host


class RequestTests(ControllerTestCase):
    def test_is_a_controller(self) -> None:
        self.assertTrue(verifyObject(IController, self.controller))

    def test_unknown_path_is_404_in_the_shape_of_the_box(self) -> None:
        status, body = self.ask("GET", "/nothing/here")
        self.assertEqual(status, 404)
        self.assertEqual(
            body,
            {
                "type": "ERROR",
                "reason": "NOT_FOUND",
                "message": "there is no /nothing/here",
            },
        )

    def test_wrong_method_is_405(self) -> None:
        for method in ("DELETE", "PATCH"):
            status, body = self.ask(method, "/devices")
            self.assertEqual((status, body["reason"]), (405, "METHOD_NOT_ALLOWED"))

    def test_wrong_body_is_400(self) -> None:
        for body in ("text", [1], 5):
            status, answer = self.ask("POST", "/globalVariables", body)
            self.assertEqual((status, answer["type"]), (400, "ERROR"))

    def test_body_that_is_not_plain_is_400(self) -> None:
        status, _ = self.ask("POST", "/globalVariables", {"name": object()})
        self.assertEqual(status, 400)
        deep: Any = []
        for _ in range(200):
            deep = [deep]
        status, _ = self.ask("POST", "/globalVariables", {"name": "a", "value": deep})
        self.assertEqual(status, 400)

    def test_answer_belongs_to_who_asked(self) -> None:
        number = self.device("binarySwitch")
        self.get(f"/devices/{number}")["properties"]["value"] = "mine"
        self.assertIs(self.get(f"/devices/{number}")["properties"]["value"], False)

    def test_body_is_copied(self) -> None:
        body = {"name": "a", "type": "com.fibaro.device", "properties": {"x": [1]}}
        _, made = self.ask("POST", "/devices", body)
        body["properties"]["x"].append(2)  # type: ignore[index]
        self.assertEqual(self.get(f"/devices/{made['id']}")["properties"]["x"], [1])


class HostTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.number = self.quickapp(name="mine", type="com.fibaro.binarySwitch")
        self.host = Host()
        self.controller.attach(self.number, self.host)

    def call(self, number: int, name: str, *arguments: Any) -> tuple[int, Any]:
        path = f"/devices/{number}/action/{name}"
        return self.ask("POST", path, {"args": list(arguments)})

    def test_action_arrives_later(self) -> None:
        self.assertEqual(self.call(self.number, "turnOn")[0], 202)
        self.assertEqual(self.host.told, [])
        self.turn()
        self.assertEqual(self.host.told, [("action", self.number, "turnOn", [])])

    def test_action_of_a_quickapp_changes_nothing_itself(self) -> None:
        self.call(self.number, "turnOn")
        self.turn()
        found = self.get(f"/devices/{self.number}/properties/value")
        self.assertIs(found["value"], False)

    def test_actions_keep_their_order_and_arguments(self) -> None:
        for index in range(300):
            self.call(self.number, "own", index, {"a": [index]})
        self.clock.pump([0] * 10)
        self.assertEqual(
            self.host.told,
            [
                ("action", self.number, "own", [index, {"a": [index]}])
                for index in range(300)
            ],
        )

    def test_childs_action_arrives_at_its_parents_host(self) -> None:
        _, child = self.ask(
            "POST",
            "/plugins/createChildDevice",
            {"parentId": self.number, "name": "c", "type": "com.fibaro.binarySwitch"},
        )
        self.call(child["id"], "turnOn")
        self.turn()
        self.assertEqual(self.host.told, [("action", child["id"], "turnOn", [])])

    def test_quickapps_call_each_other(self) -> None:
        other, host = self.quickapp(name="other"), Host()
        self.controller.attach(other, host)
        self.call(other, "hello", "you")
        self.turn()
        self.assertEqual(self.host.told, [])
        self.assertEqual(host.told, [("action", other, "hello", ["you"])])

    def test_nothing_is_told_after_detach(self) -> None:
        self.call(self.number, "turnOn")
        self.controller.detach(self.number)
        self.controller.detach(self.number)
        self.turn()
        self.assertEqual(self.host.told, [])

    def test_quickapp_that_is_started_anew_has_its_device_again(self) -> None:
        description: Any = {"name": "mine", "type": "com.fibaro.binarySwitch"}
        self.controller.detach(self.number)
        self.assertEqual(self.quickapp(**description), self.number)
        self.controller.attach(self.number, self.host)
        # Another one of the same name is another one, as long as the first is run.
        self.assertNotEqual(self.quickapp(**description), self.number)

    def test_removed_device_is_told_once(self) -> None:
        self.ask("DELETE", f"/devices/{self.number}")
        self.turn()
        self.assertEqual(self.host.told, [("removed", self.number)])

    def test_two_hosts_for_one_device_are_refused(self) -> None:
        problem = self.assertRaises(
            OperationError, self.controller.attach, self.number, Host()
        )
        self.assertEqual(problem.code, "state")

    def test_host_of_nothing_is_refused(self) -> None:
        problem = self.assertRaises(OperationError, self.controller.attach, 99, Host())
        self.assertEqual(problem.code, "state")

    def test_bug_in_a_host_does_not_keep_the_others(self) -> None:
        def fail(*arguments: object) -> None:
            raise RuntimeError("a bug")

        self.host.action = fail  # type: ignore[assignment]
        other, host = self.quickapp(), Host()
        self.controller.attach(other, host)
        self.call(self.number, "turnOn")
        self.call(other, "turnOn")
        self.turn()
        self.assertEqual(len(host.told), 1)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_ui_event(self) -> None:
        self.ask(
            "POST",
            "/plugins/callUIEvent",
            {
                "deviceId": self.number,
                "elementName": "button",
                "eventType": "onReleased",
            },
        )
        self.ask(
            "GET",
            f"/plugins/callUIEvent?deviceID={self.number}&elementName=slider"
            "&eventType=onChanged&value=30",
        )
        self.turn()
        self.assertEqual(
            self.host.told,
            [
                (
                    "ui_event",
                    self.number,
                    {
                        "deviceId": self.number,
                        "elementName": "button",
                        "eventType": "onReleased",
                        "values": [],
                    },
                ),
                (
                    "ui_event",
                    self.number,
                    {
                        "deviceId": self.number,
                        "elementName": "slider",
                        "eventType": "onChanged",
                        "values": ["30"],
                    },
                ),
            ],
        )

    def test_ui_event_with_the_spelling_of_the_query(self) -> None:
        body = {"deviceID": self.number, "elementName": "b", "eventType": "onReleased"}
        self.assertEqual(self.ask("POST", "/plugins/callUIEvent", body)[0], 200)
        self.turn()
        self.assertEqual(self.host.told[0][:2], ("ui_event", self.number))

    def test_restart(self) -> None:
        self.ask("POST", "/plugins/restart", {"deviceId": self.number})
        self.turn()
        self.assertEqual(self.host.told, [("restart", self.number)])


class ListenerTests(ControllerTestCase):
    def test_unsubscribed_hears_no_more(self) -> None:
        heard: list[Any] = []
        unsubscribe = self.controller.subscribe(heard.append)
        self.quickapp()
        self.assertEqual([each["type"] for each in heard], ["DeviceCreatedEvent"])
        unsubscribe()
        unsubscribe()
        self.quickapp()
        self.assertEqual(len(heard), 1)

    def test_nothing_is_told_within_the_call(self) -> None:
        self.ask("POST", "/globalVariables", {"name": "a", "value": "1"})
        self.assertEqual(self.events, [])
        self.assertEqual(
            self.happened(),
            [("GlobalVariableAddedEvent", {"variableName": "a", "value": "1"})],
        )
