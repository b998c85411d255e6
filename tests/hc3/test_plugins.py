"""QuickApps: children, storage, views, files, packages."""

from __future__ import annotations

import base64
import json
from typing import Any

from eplua_twisted.errors import OperationError
from tests.support.hc3 import ControllerTestCase, Host

VIEW = {
    "$jason": {
        "body": {
            "sections": {
                "items": [
                    {
                        "type": "vertical",
                        "components": [
                            {"type": "label", "name": "status", "text": "old"},
                            {"type": "button", "name": "go", "text": "Go"},
                        ],
                    }
                ]
            }
        }
    }
}


class AddTests(ControllerTestCase):
    def test_description(self) -> None:
        number = self.quickapp(
            name="mine",
            type="com.fibaro.binarySensor",
            roomID=7,
            properties={"value": True, "manufacturer": "me"},
            interfaces=["battery"],
            view=VIEW,
            uiCallbacks=[{"name": "go", "eventType": "onReleased", "callback": "go"}],
            variables={"address": "x", "count": 5},
            files=[{"name": "main", "isMain": True, "content": "print(1)"}],
        )
        device = self.get(f"/devices/{number}")
        properties = device["properties"]
        self.assertEqual(device["roomID"], 7)
        self.assertEqual(device["interfaces"], ["battery", "fibaroBreach", "quickApp"])
        self.assertEqual(
            (properties["value"], properties["manufacturer"]), (True, "me")
        )
        self.assertEqual(properties["viewLayout"], VIEW)
        self.assertEqual(
            properties["quickAppVariables"],
            [{"name": "address", "value": "x"}, {"name": "count", "value": 5}],
        )
        self.assertEqual(
            self.get(f"/quickApp/{number}/files/main")["content"], "print(1)"
        )

    def test_same_number_keeps_what_it_has_stored(self) -> None:
        number = self.quickapp(name="mine", variables={"a": "1"})
        self.ask("POST", f"/plugins/{number}/variables", {"name": "x", "value": [1]})
        body = {
            "deviceId": number,
            "propertyName": "quickAppVariables",
            "value": [{"name": "a", "value": "2"}],
        }
        self.ask("POST", "/plugins/updateProperty", body)
        again = self.quickapp(id=number, name="mine", variables={"a": "1", "b": "3"})
        self.assertEqual(again, number)
        found = self.get(f"/devices/{number}/properties/quickAppVariables")["value"]
        self.assertEqual(
            found, [{"name": "a", "value": "2"}, {"name": "b", "value": "3"}]
        )
        self.assertEqual(self.get(f"/plugins/{number}/variables/x")["value"], [1])

    def test_files_of_the_same_name_are_refused(self) -> None:
        body = {"name": "x", "type": "com.fibaro.sensor", "files": [{"name": "a"}] * 2}
        status, answer = self.ask("POST", "/quickApp", body)
        self.assertEqual((status, answer["message"]), (400, "two files are called a"))
        self.assertEqual(self.get("/plugins"), [])

    def test_number_of_another_device_is_refused(self) -> None:
        number = self.device("binarySwitch")
        added = self.controller.add_quickapp({"id": number, "name": "mine"})
        problem = self.failureResultOf(added, OperationError)
        self.assertEqual(problem.value.code, "state")

    def test_description_stays_the_callers(self) -> None:
        view: Any = [{"type": "label", "name": "l", "text": "old"}]
        number = self.quickapp(uiView=view, variables={"a": view})
        body = {
            "deviceId": number,
            "componentName": "l",
            "propertyName": "text",
            "newValue": "new",
        }
        self.ask("POST", "/plugins/updateView", body)
        self.assertEqual(view[0]["text"], "old")

    def test_what_is_no_plain_data_is_refused(self) -> None:
        description: Any = {"name": "App", "properties": {"x": object()}}
        for add in (self.controller.add_quickapp, self.controller.add_scene):
            problem = self.failureResultOf(add(description), OperationError)
            self.assertEqual(problem.value.code, "state")


class ChildTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.parent = self.quickapp(name="parent", roomID=8)

    def child(self, **fields: Any) -> tuple[int, Any]:
        return self.ask(
            "POST",
            "/plugins/createChildDevice",
            {
                "parentId": self.parent,
                "name": "child",
                "type": "com.fibaro.temperatureSensor",
                **fields,
            },
        )

    def test_child(self) -> None:
        status, child = self.child(
            initialProperties={"value": 20, "quickAppVariables": [{"name": "a"}]},
            initialInterfaces=["battery"],
        )
        self.assertEqual(status, 200)
        self.assertEqual((child["parentId"], child["roomID"]), (self.parent, 8))
        self.assertEqual(child["properties"]["value"], 20)
        self.assertEqual(child["properties"]["unit"], "C")
        self.assertEqual(child["interfaces"], ["battery", "quickAppChild"])

    def test_is_removed(self) -> None:
        _, child = self.child()
        path = f"/plugins/removeChildDevice/{child['id']}"
        self.assertEqual(self.ask("DELETE", path)[0], 204)
        self.assertEqual(self.ask("DELETE", path)[0], 404)
        other = f"/plugins/removeChildDevice/{self.parent}"
        self.assertEqual(self.ask("DELETE", other)[0], 404)

    def test_what_is_missing_is_400(self) -> None:
        self.assertEqual(self.child(name="")[0], 400)
        self.assertEqual(self.child(type=5)[0], 400)
        self.assertEqual(self.child(parentId=9999)[0], 404)
        _, child = self.child()
        self.assertEqual(self.child(parentId=child["id"])[0], 400)


class StorageTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.number = self.quickapp()
        self.path = f"/plugins/{self.number}/variables"

    def test_as_internal_storage_asks(self) -> None:
        """PUT of what is not there is 404, then POST makes it."""
        body = {"name": "a b/c", "value": {"x": [1]}, "isHidden": True}
        one = f"{self.path}/a%20b%2Fc"
        self.assertEqual(self.ask("PUT", one, body)[0], 404)
        self.assertEqual(self.ask("POST", self.path, body)[0], 201)
        self.assertEqual(self.ask("POST", self.path, body)[0], 409)
        self.assertEqual(self.get(one), body)
        self.assertEqual(self.ask("PUT", one, {"value": 5})[0], 200)
        self.assertEqual(self.get(self.path)[0]["value"], 5)
        self.assertEqual(self.ask("DELETE", one)[0], 204)
        self.assertEqual(self.ask("GET", one)[0], 404)

    def test_all_are_forgotten(self) -> None:
        for name in "ab":
            self.ask("POST", self.path, {"name": name, "value": 1})
        self.assertEqual(self.ask("DELETE", self.path)[0], 204)
        self.assertEqual(self.get(self.path), [])

    def test_bad_ones_are_refused(self) -> None:
        self.assertEqual(self.ask("POST", self.path, {"value": 1})[0], 400)
        self.assertEqual(
            self.ask("POST", "/plugins/9999/variables", {"name": "a"})[0], 404
        )

    def test_every_device_may_have_some(self) -> None:
        self.assertEqual(self.get("/plugins/1/variables"), [])

    def test_goes_with_its_device(self) -> None:
        self.ask("POST", self.path, {"name": "a", "value": 1})
        self.ask("DELETE", f"/devices/{self.number}")
        self.assertEqual(self.ask("GET", self.path)[0], 404)


class ViewTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.number = self.quickapp(view=VIEW)

    def update(self, **fields: Any) -> int:
        body = {
            "deviceId": self.number,
            "componentName": "status",
            "propertyName": "text",
            "newValue": "new",
            **fields,
        }
        return self.ask("POST", "/plugins/updateView", body)[0]

    def test_changes_the_element(self) -> None:
        self.assertEqual(self.update(), 200)
        view = self.get(f"/plugins/getView?id={self.number}")
        elements = view["$jason"]["body"]["sections"]["items"][0]["components"]
        self.assertEqual([each["text"] for each in elements], ["new", "Go"])
        kind, data = self.happened()[0]
        self.assertEqual(kind, "PluginChangedViewEvent")
        self.assertEqual(data["newValue"], "new")

    def test_table_is_a_value(self) -> None:
        options = [{"type": "option", "text": "A", "value": "a"}]
        self.assertEqual(self.update(propertyName="options", newValue=options), 200)

    def test_unknown_elements_are_ignored(self) -> None:
        """hc3-host.md: updateView ignores unknown elements."""
        self.assertEqual(self.update(componentName="nobody"), 200)
        self.assertEqual(self.get(f"/plugins/getView?id={self.number}"), VIEW)

    def test_what_is_missing_is_400(self) -> None:
        self.assertEqual(self.update(componentName=None), 400)
        self.assertEqual(self.update(deviceId=None), 400)
        self.assertEqual(self.update(deviceId=9999), 404)


class FileTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.number = self.quickapp()
        self.path = f"/quickApp/{self.number}/files"
        self.host = Host()
        self.controller.attach(self.number, self.host)

    def test_add_change_remove(self) -> None:
        body = {"name": "lib", "type": "lua", "isOpen": False, "content": "x = 1"}
        self.assertEqual(self.ask("POST", self.path, body)[0], 201)
        self.assertEqual(self.ask("POST", self.path, body)[0], 409)
        self.assertEqual(self.get(f"{self.path}/lib")["content"], "x = 1")
        self.ask("PUT", f"{self.path}/lib", {"content": "x = 2"})
        self.assertEqual(self.get(f"{self.path}/lib")["content"], "x = 2")
        self.assertEqual(
            [sorted(each) for each in self.get(self.path)],
            [["isMain", "isOpen", "name", "type"]] * 2,
        )
        self.assertEqual(self.ask("DELETE", f"{self.path}/lib")[0], 200)
        self.assertEqual(self.ask("DELETE", f"{self.path}/main")[0], 400)

    def test_change_is_told_and_restarts(self) -> None:
        self.ask("PUT", f"{self.path}/main", {"content": "-- new"})
        self.assertEqual(
            self.happened(), [("QuickAppFilesChangedEvent", {"id": self.number})]
        )
        self.assertEqual(self.host.told, [("restart", self.number)])
        self.ask("PUT", f"{self.path}/main", {"content": "-- new"})
        self.assertEqual(self.happened(), [])

    def test_several_at_once_or_none(self) -> None:
        status, _ = self.ask(
            "PUT",
            self.path,
            [{"name": "main", "content": "a"}, {"name": "nobody", "content": "b"}],
        )
        self.assertEqual(status, 404)
        self.assertNotEqual(self.get(f"{self.path}/main")["content"], "a")

    def test_package_comes_back(self) -> None:
        fqa = self.get(f"/quickApp/export/{self.number}")
        self.assertEqual(fqa["files"][0]["name"], "main")
        status, device = self.ask("POST", "/quickApp", {**fqa, "name": "copy"})
        self.assertEqual((status, device["name"]), (201, "copy"))
        packed = base64.b64encode(json.dumps(fqa).encode()).decode()
        self.assertEqual(self.ask("POST", "/quickApp/import", {"file": packed})[0], 201)
        for broken in ("%%%", base64.b64encode(b"{").decode(), ""):
            status, _ = self.ask("POST", "/quickApp/import", {"file": broken})
            self.assertEqual(status, 400)


class EventTests(ControllerTestCase):
    def test_publish(self) -> None:
        number = self.device("remoteController")
        body = {
            "type": "centralSceneEvent",
            "source": number,
            "data": {"keyId": 1, "keyAttribute": "Pressed"},
        }
        self.assertEqual(self.ask("POST", "/plugins/publishEvent", body)[0], 200)
        self.assertEqual(
            self.happened(),
            [
                (
                    "CentralSceneEvent",
                    {"id": number, "keyId": 1, "keyAttribute": "Pressed"},
                )
            ],
        )

    def test_event_of_the_box_cannot_be_published(self) -> None:
        body = {"type": "DeviceRemovedEvent", "source": 1, "data": {}}
        self.assertEqual(self.ask("POST", "/plugins/publishEvent", body)[0], 400)

    def test_lists(self) -> None:
        number = self.quickapp()
        self.assertEqual([each["id"] for each in self.get("/plugins")], [number])
        self.assertEqual(self.get(f"/plugins/{number}")["id"], number)
        self.assertIn(
            "com.fibaro.binarySwitch",
            [each["type"] for each in self.get("/plugins/types")],
        )
