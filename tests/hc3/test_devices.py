"""Devices: types, properties, actions, filters."""

from __future__ import annotations

from typing import Any

from eplua_twisted.hc3.device_types import template
from eplua_twisted.hc3.type_table import TYPES
from tests.support.hc3 import TIME, ControllerTestCase


class TypeTests(ControllerTestCase):
    def test_device_defaults_are_there_to_be_indexed_at_once(self) -> None:
        """hc3-host.md: scripts index value, unit, log, dead, batteryLevel at once."""
        for kind, value in (
            ("binarySwitch", False),
            ("multilevelSwitch", 0),
            ("temperatureSensor", 0),
            ("humiditySensor", 0),
            ("lightSensor", 0),
            ("multilevelSensor", 0),
            ("binarySensor", False),
            ("doorSensor", False),
            ("windowSensor", False),
            ("motionSensor", False),
            ("floodSensor", False),
            ("waterLeakSensor", False),
            ("smokeSensor", False),
            ("energyMeter", 0),
            ("electricMeter", 0),
            ("powerMeter", 0),
            ("rollerShutter", 0),
            ("colorController", 0),
            ("doorLock", False),
        ):
            number = self.device(kind)
            properties = self.get(f"/devices/{number}")["properties"]
            self.assertIs(type(properties["value"]), type(value), kind)
            self.assertEqual(properties["value"], value, kind)
            self.assertIs(properties["dead"], False)
            self.assertEqual(properties["log"], "")

    def test_units(self) -> None:
        for kind, unit in (
            ("temperatureSensor", "C"),
            ("humiditySensor", "%"),
            ("lightSensor", "lux"),
            ("energyMeter", "kWh"),
            ("powerMeter", "W"),
            ("multilevelSensor", ""),
        ):
            properties, _, _ = template(f"com.fibaro.{kind}")
            self.assertEqual(properties["unit"], unit, kind)

    def test_battery_level_comes_with_its_interface(self) -> None:
        number = self.quickapp()
        self.ask(
            "POST",
            "/plugins/interfaces",
            {"action": "add", "deviceId": number, "interfaces": ["battery"]},
        )
        device = self.get(f"/devices/{number}")
        self.assertEqual(device["interfaces"], ["battery", "quickApp"])
        self.assertEqual(device["properties"]["batteryLevel"], 0)

    def test_base_type_and_interfaces(self) -> None:
        number = self.device("multilevelSwitch")
        device = self.get(f"/devices/{number}")
        self.assertEqual(device["baseType"], "com.fibaro.binarySwitch")
        self.assertEqual(
            device["actions"],
            {"setAutoOff": 0, "setValue": 1, "toggle": 0, "turnOff": 0, "turnOn": 0},
        )
        self.assertEqual(device["interfaces"], ["autoTurnOff", "levelChange", "light"])

    def test_unknown_type_is_a_plain_device(self) -> None:
        number = self.device("neverHeardOf")
        device = self.get(f"/devices/{number}")
        self.assertEqual(device["type"], "com.fibaro.neverHeardOf")
        self.assertEqual(device["baseType"], "com.fibaro.device")

    def test_every_type_has_a_base(self) -> None:
        for name, kind in TYPES.items():
            self.assertTrue(kind.base in TYPES or name == "device", name)

    def test_devices_share_nothing(self) -> None:
        one, other = self.device("rollerShutter"), self.device("rollerShutter")
        positions = [{"name": "p", "value": 1}]
        body = {
            "deviceId": one,
            "propertyName": "favoritePositions",
            "value": positions,
        }
        self.ask("POST", "/plugins/updateProperty", body)
        found = self.get(f"/devices/{other}/properties/favoritePositions")["value"]
        self.assertEqual(found[0]["value"], 50)

    def test_hierarchy(self) -> None:
        tree = self.get("/devices/hierarchy")
        self.assertEqual(tree["type"], "com.fibaro.device")
        actor = next(
            each for each in tree["children"] if each["type"] == "com.fibaro.actor"
        )
        self.assertIn(
            "com.fibaro.binarySwitch", [each["type"] for each in actor["children"]]
        )


class PropertyTests(ControllerTestCase):
    def update(self, number: int, name: str, value: Any) -> None:
        body = {"deviceId": number, "propertyName": name, "value": value}
        self.assertEqual(self.ask("POST", "/plugins/updateProperty", body)[0], 200)

    def test_change_is_an_event(self) -> None:
        number = self.device("binarySensor")
        self.update(number, "value", True)
        self.assertEqual(
            self.happened(),
            [
                (
                    "DevicePropertyUpdatedEvent",
                    {
                        "id": number,
                        "property": "value",
                        "newValue": True,
                        "oldValue": False,
                    },
                )
            ],
        )

    def test_same_value_is_no_event(self) -> None:
        number = self.device("multilevelSensor")
        self.update(number, "value", 0)
        self.update(number, "value", 0.0)
        self.assertEqual(self.happened(), [])

    def test_true_is_another_value_than_one(self) -> None:
        number = self.device("multilevelSensor")
        self.update(number, "value", 1)
        self.happened()
        self.update(number, "value", True)
        self.assertEqual(len(self.happened()), 1)

    def test_tables_are_values(self) -> None:
        """hc3-host.md: updateProperty takes table values too."""
        number = self.device("multilevelSensor")
        self.update(number, "log", {"a": [1, None, {"b": ""}]})
        found = self.get(f"/devices/{number}/properties/log")
        self.assertEqual(found["value"], {"a": [1, None, {"b": ""}]})

    def test_property_has_value_and_time(self) -> None:
        """hc3-host.md: fibaro.get returns value and time."""
        number = self.device("multilevelSensor")
        self.clock.advance(50)
        self.update(number, "value", 7)
        self.assertEqual(
            self.get(f"/devices/{number}/properties/value"),
            {"value": 7, "modified": TIME + 50},
        )
        self.assertEqual(
            self.get(f"/devices/{number}/properties/unit")["modified"], TIME + 50
        )

    def test_unknown_property_is_404(self) -> None:
        number = self.device("multilevelSensor")
        status, _ = self.ask("GET", f"/devices/{number}/properties/nothing")
        self.assertEqual(status, 404)

    def test_breach_and_change_are_stamped(self) -> None:
        motion, meter = self.device("motionSensor"), self.device("powerMeter")
        self.update(motion, "value", True)
        self.update(meter, "value", 5)
        for number, name in ((motion, "lastBreached"), (meter, "lastChanged")):
            found = self.get(f"/devices/{number}/properties/{name}")
            self.assertEqual(found["value"], TIME)


class ModifyTests(ControllerTestCase):
    def test_fields_and_properties(self) -> None:
        number = self.device("binarySwitch")
        status, device = self.ask(
            "PUT",
            f"/devices/{number}",
            {"name": "Lamp", "roomID": 5, "properties": {"value": True}, "id": 9},
        )
        self.assertEqual(status, 200)
        self.assertEqual((device["id"], device["name"]), (number, "Lamp"))
        self.assertEqual(
            [each for each, _ in self.happened()],
            ["DevicePropertyUpdatedEvent", "DeviceModifiedEvent"],
        )

    def test_field_of_another_type_changes_nothing(self) -> None:
        number = self.device("binarySwitch")
        body = {"name": 5, "properties": {"value": True}}
        self.assertEqual(self.ask("PUT", f"/devices/{number}", body)[0], 400)
        device = self.get(f"/devices/{number}")
        self.assertEqual(
            (device["name"], device["properties"]["value"]), ("binarySwitch", False)
        )

    def test_unknown_device_is_404(self) -> None:
        for path in ("/devices/9999", "/devices/x", "/devices/9999/properties/value"):
            self.assertEqual(self.ask("GET", path)[0], 404)
        self.assertEqual(self.ask("PUT", "/devices/9999", {})[0], 404)
        self.assertEqual(self.ask("DELETE", "/devices/9999")[0], 404)
        self.assertEqual(self.ask("POST", "/devices/9999/action/turnOn", {})[0], 404)

    def test_removed_with_its_children(self) -> None:
        parent = self.quickapp()
        _, child = self.ask(
            "POST",
            "/plugins/createChildDevice",
            {"parentId": parent, "name": "c", "type": "com.fibaro.binarySwitch"},
        )
        self.happened()
        self.assertEqual(self.ask("DELETE", f"/devices/{parent}")[0], 200)
        self.assertEqual(
            [(kind, data["id"]) for kind, data in self.happened()],
            [("DeviceRemovedEvent", child["id"]), ("DeviceRemovedEvent", parent)],
        )
        self.assertEqual(self.ask("GET", f"/devices/{child['id']}")[0], 404)

    def test_number_is_not_given_again(self) -> None:
        number = self.device("binarySwitch")
        self.ask("DELETE", f"/devices/{number}")
        self.assertGreater(self.device("binarySwitch"), number)


class ActionTests(ControllerTestCase):
    def call(self, number: int, name: str, *arguments: Any, **more: Any) -> Any:
        body = {"args": list(arguments), **more}
        return self.ask("POST", f"/devices/{number}/action/{name}", body)

    def value(self, number: int, name: str = "value") -> Any:
        return self.get(f"/devices/{number}/properties/{name}")["value"]

    def test_switch(self) -> None:
        number = self.device("binarySwitch")
        for name, value in (
            ("turnOn", True),
            ("toggle", False),
            ("toggle", True),
            ("turnOff", False),
        ):
            self.assertEqual(self.call(number, name)[0], 202)
            self.assertIs(self.value(number), value)
            self.assertIs(self.value(number, "state"), value)

    def test_dimmer(self) -> None:
        number = self.device("multilevelSwitch")
        for given, value in ((30, 30), ("45", 45), (500, 99), (-1, 0)):
            self.call(number, "setValue", given)
            self.assertEqual(self.value(number), value)
        self.call(number, "turnOn")
        self.assertEqual(self.value(number), 99)

    def test_shutter(self) -> None:
        number = self.device("rollerShutter")
        for name, arguments, value, state in (
            ("open", (), 99, "Opened"),
            ("setValue", (50,), 50, "PartiallyOpened"),
            ("close", (), 0, "Closed"),
        ):
            self.call(number, name, *arguments)
            self.assertEqual(self.value(number), value)
            self.assertEqual(self.value(number, "state"), state)

    def test_player(self) -> None:
        number = self.device("player")
        self.call(number, "play")
        self.call(number, "setVolume", 30)
        self.call(number, "setMute", 1)
        self.assertEqual(self.value(number, "state"), "PLAYING")
        self.assertEqual(self.value(number, "volume"), 30)
        self.assertIs(self.value(number, "mute"), True)

    def test_thermostat(self) -> None:
        number = self.device("hvacSystemHeat")
        self.call(number, "setThermostatMode", "Heat")
        self.call(number, "setHeatingThermostatSetpoint", 21.5)
        self.assertEqual(self.value(number, "thermostatMode"), "Heat")
        self.assertEqual(self.value(number, "heatingThermostatSetpoint"), 21.5)

    def test_color(self) -> None:
        number = self.device("colorController")
        self.call(number, "setColor", 10, 20, 30, 0)
        self.assertEqual(self.value(number, "color"), "10,20,30,0")
        self.call(number, "setColorComponents", {"green": 99})
        self.assertEqual(
            self.value(number, "colorComponents"),
            {"red": 10, "green": 99, "blue": 30, "white": 0},
        )

    def test_lock(self) -> None:
        number = self.device("doorLock")
        self.call(number, "secure")
        self.assertEqual(self.value(number, "secured"), 255)

    def test_event_is_told(self) -> None:
        number = self.device("binarySwitch")
        self.call(number, "turnOn")
        self.assertEqual(
            self.happened()[-1],
            (
                "DeviceActionRanEvent",
                {
                    "id": number,
                    "actionName": "turnOn",
                    "args": [],
                    "isSupportedByDevice": True,
                },
            ),
        )

    def test_unknown_action_is_404(self) -> None:
        number = self.device("temperatureSensor")
        self.assertEqual(self.call(number, "turnOn")[0], 404)

    def test_wrong_arguments_are_400_and_change_nothing(self) -> None:
        number = self.device("multilevelSwitch")
        wrong: tuple[tuple[Any, ...], ...] = ((), ("much",), ({},))
        for arguments in wrong:
            self.assertEqual(self.call(number, "setValue", *arguments)[0], 400)
        body = {"args": "x"}
        path = f"/devices/{number}/action/setValue"
        self.assertEqual(self.ask("POST", path, body)[0], 400)
        self.assertEqual(self.value(number), 0)
        self.assertEqual(self.happened(), [])

    def test_empty_table_of_lua_is_no_arguments(self) -> None:
        number = self.device("binarySwitch")
        path = f"/devices/{number}/action/turnOn"
        self.assertEqual(self.ask("POST", path, {"args": {}})[0], 202)
        self.assertEqual(self.ask("POST", path, [])[0], 202)

    def test_accepted_in_the_shape_of_the_box(self) -> None:
        number = self.device("binarySwitch")
        _, body = self.call(number, "turnOn")
        self.assertEqual((body["jsonrpc"], body["error"]), ("2.0", None))
        self.assertEqual(body["endTimestampMillis"], TIME * 1000)

    def test_delayed(self) -> None:
        number = self.device("binarySwitch")
        self.assertEqual(self.call(number, "turnOn", delay=5)[0], 202)
        self.clock.advance(4)
        self.assertIs(self.value(number), False)
        self.clock.advance(1)
        self.assertIs(self.value(number), True)

    def test_delayed_is_pending_until_it_has_happened_or_was_refused(self) -> None:
        number, removed = self.device("binarySwitch"), self.device("binarySwitch")
        told: list[int] = []
        forget = self.controller.when_settled(
            lambda: told.append(self.controller.pending)
        )
        self.call(number, "turnOn", delay=5)
        self.call(removed, "turnOn", delay=6)
        self.ask("DELETE", f"/devices/{removed}")
        self.assertEqual(self.controller.pending, 2)
        self.clock.pump([5, 1])
        self.assertEqual(told, [1, 0])
        forget()
        forget()
        self.call(number, "turnOff", delay=5)
        self.clock.advance(5)
        self.assertEqual(told, [1, 0])

    def test_called_by_query(self) -> None:
        number = self.device("multilevelSwitch")
        path = f"/callAction?deviceID={number}&name=setValue&arg1=40"
        self.assertEqual(self.ask("GET", path)[0], 202)
        self.assertEqual(self.value(number), 40)
        self.assertEqual(self.ask("GET", "/callAction?name=turnOn")[0], 400)
        self.assertEqual(self.ask("GET", "/callAction?deviceID=5000&name=a")[0], 404)

    def test_delayed_is_taken_back(self) -> None:
        number = self.device("binarySwitch")
        _, body = self.call(number, "turnOn", delay=5)
        path = f"/devices/action/{body['timestamp']}/{body['id']}"
        self.assertEqual(self.ask("DELETE", path)[0], 200)
        self.assertEqual(self.ask("DELETE", path)[0], 404)
        self.clock.advance(10)
        self.assertIs(self.value(number), False)

    def test_delayed_action_of_a_removed_device_is_passed_over(self) -> None:
        number = self.device("binarySwitch")
        self.call(number, "turnOn", delay=5)
        self.ask("DELETE", f"/devices/{number}")
        self.clock.advance(10)
        self.assertEqual(self.ask("GET", f"/devices/{number}")[0], 404)

    def test_wrong_delay_is_400(self) -> None:
        number = self.device("binarySwitch")
        for delay in (-1, "soon", 2**40):
            self.assertEqual(self.call(number, "turnOn", delay=delay)[0], 400)

    def test_group(self) -> None:
        numbers = [self.device("binarySwitch"), self.device("multilevelSwitch")]
        status, body = self.ask(
            "POST", "/devices/groupAction/turnOn", {"devices": numbers}
        )
        self.assertEqual((status, body), (202, {"devices": numbers}))
        self.assertEqual([self.value(each) for each in numbers], [True, 99])


class FilterTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lamp = self.device("binarySwitch", roomID=5)
        self.dimmer = self.device("multilevelSwitch", roomID=6)
        self.app = self.quickapp(name="App", type="com.fibaro.binarySwitch")

    def found(self, query: str) -> list[int]:
        return [
            each["id"]
            for each in self.get(f"/devices?{query}")
            if each["id"] >= self.lamp
        ]

    def test_query(self) -> None:
        _, child = self.ask(
            "POST",
            "/plugins/createChildDevice",
            {"parentId": self.app, "name": "c", "type": "com.fibaro.binarySwitch"},
        )
        self.assertEqual(self.found(f"parentId={self.app}"), [child["id"]])
        self.assertEqual(self.found("roomID=5"), [self.lamp])
        self.assertEqual(self.found("type=com.fibaro.multilevelSwitch"), [self.dimmer])
        self.assertEqual(self.found("name=app"), [self.app])
        self.assertEqual(self.found("name=ap"), [])
        self.assertEqual(self.found("interface=quickApp&parentId=0"), [self.app])
        self.assertEqual(self.found("property=[value,0]"), [self.dimmer])
        self.assertEqual(
            self.found("property=[value,false]&parentId=0"), [self.lamp, self.app]
        )
        self.assertEqual(self.found("enabled=true&roomID=6"), [self.dimmer])

    def test_unknown_query_takes_every_device(self) -> None:
        self.assertEqual(len(self.found("whatever=1")), 3)

    def test_filter(self) -> None:
        status, found = self.ask(
            "POST",
            "/devices/filter",
            {
                "filters": [
                    {"filter": "roomId", "value": [5, 6]},
                    {"filter": "isTypeOf", "value": ["com.fibaro.binarySwitch"]},
                ],
                "attributes": {"main": ["id", "name"], "properties": ["value"]},
            },
        )
        self.assertEqual(status, 200)
        self.assertEqual(
            found,
            [
                {
                    "id": self.lamp,
                    "name": "binarySwitch",
                    "properties": {"value": False},
                },
                {
                    "id": self.dimmer,
                    "name": "multilevelSwitch",
                    "properties": {"value": 0},
                },
            ],
        )
