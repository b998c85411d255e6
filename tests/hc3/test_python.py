"""The controller as Python programs use it."""

from __future__ import annotations

from eplua_twisted.errors import OperationError
from tests.support.hc3 import ControllerTestCase, Host


class PythonTests(ControllerTestCase):
    def test_devices(self) -> None:
        lamp = self.controller.add_device(
            "com.fibaro.multilevelSwitch", "Lamp", id=42, properties={"value": 5}
        )
        self.assertEqual(lamp.id, 42)
        self.assertIn(42, self.controller.devices)
        self.assertEqual(len(self.controller.devices), 4)
        found = self.controller.devices[42]
        self.assertEqual((found.value, found.type), (5, "com.fibaro.multilevelSwitch"))
        self.assertEqual(repr(found), "<device 42 'Lamp' com.fibaro.multilevelSwitch>")
        self.controller.call_action(42, "setValue", 30)
        self.assertEqual(found.properties["value"], 30)
        found.set("value", 31)
        self.assertEqual(found.data()["properties"], found.properties)

    def test_what_is_read_is_a_copy(self) -> None:
        lamp = self.controller.add_device("com.fibaro.binarySwitch", "Lamp")
        lamp.properties["value"] = "mine"
        self.assertIs(lamp.value, False)

    def test_missing_device_is_a_key_error(self) -> None:
        self.assertRaises(KeyError, self.controller.devices.__getitem__, 99)
        self.assertRaises(KeyError, self.controller.devices.named, "nobody")
        self.assertRaises(KeyError, self.controller.call_action, 99, "turnOn")

    def test_removed_device_says_so(self) -> None:
        lamp = self.controller.add_device("com.fibaro.binarySwitch", "Lamp")
        self.ask("DELETE", f"/devices/{lamp.id}")
        for use in (
            lambda: lamp.name,
            lambda: lamp.set("value", 1),
            lambda: lamp.call("turnOn"),
        ):
            self.assertRaises(OperationError, use)

    def test_refused_action_says_why(self) -> None:
        lamp = self.controller.add_device("com.fibaro.binarySwitch", "Lamp")
        problem = self.assertRaises(OperationError, lamp.call, "fly")
        self.assertIn("fly", problem.message)
        self.assertRaises(
            OperationError,
            self.controller.add_device,
            "com.fibaro.sensor",
            "x",
            id=lamp.id,
        )

    def test_quickapps(self) -> None:
        number, host = self.quickapp(name="App"), Host()
        self.controller.attach(number, host)
        self.controller.call_action(number, "hello", 1)
        self.controller.press(number, "go")
        self.controller.press(number, "level", "onChanged", 30)
        self.turn()
        self.assertEqual(host.told[0], ("action", number, "hello", [1]))
        self.assertEqual(
            [(told[2]["elementName"], told[2]["values"]) for told in host.told[1:]],
            [("go", []), ("level", [30])],
        )
        self.assertEqual(self.controller.devices[number].children, [])

    def test_variables_events_weather(self) -> None:
        self.controller.set_global("a", "1")
        self.controller.set_global("a", 2)
        self.assertEqual(self.controller.global_variables, {"a": "2"})
        self.controller.emit("e")
        self.controller.set_weather(Temperature=3.5)
        self.assertRaises(OperationError, self.controller.set_weather, Temperature="x")
        self.assertEqual(
            [kind for kind, _ in self.happened()],
            [
                "GlobalVariableAddedEvent",
                "GlobalVariableChangedEvent",
                "CustomEvent",
                "WeatherChangedEvent",
            ],
        )

    def test_what_has_no_name_is_refused(self) -> None:
        self.assertRaises(OperationError, self.controller.set_global, "", 1)
        self.assertRaises(OperationError, self.controller.emit, "")
        self.assertEqual(self.get("/globalVariables") + self.get("/customEvents"), [])

    def test_messages_and_pushes(self) -> None:
        self.controller.write_message("error", "QA1", "broken")
        found = self.get("/debugMessages")["messages"][0]
        self.assertEqual((found["type"], found["message"]), ("error", "broken"))
        self.ask("POST", "/mobile/push", {"title": "t"})
        self.assertEqual(self.controller.pushes[0]["title"], "t")
