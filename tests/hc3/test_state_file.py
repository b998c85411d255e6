"""The state file: whole or not at all."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock

from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.state_file import DELAY, StateError, StateFile, read
from tests.hc3 import test_subjects
from tests.support.hc3 import ControllerTestCase

BODIES: tuple[Any, ...] = (
    {"name": "x", "type": "com.fibaro.sensor", "roomID": "a", "parentId": 77},
    {"name": "x", "type": "com.fibaro.sensor", "roomID": 5.0, "properties": {"a": []}},
    {"name": "x", "type": "com.fibaro.sensor", "interfaces": {}, "enabled": "yes"},
    {"name": "x", "parentId": 1, "roomId": "b", "isMain": 5, "value": [1], "id": 99},
)

SEED = {
    "format": 1,
    "devices": [
        {"id": 10, "name": "Lamp", "type": "com.fibaro.binarySwitch", "roomID": 220},
        {
            "name": "Thermometer",
            "type": "com.fibaro.temperatureSensor",
            "properties": {"value": 21.5},
        },
        {
            "id": 30,
            "name": "App",
            "type": "com.fibaro.genericDevice",
            "interfaces": ["quickApp"],
        },
    ],
    "rooms": [{"id": 220, "name": "Hall"}],
    "globalVariables": [{"name": "night", "value": "false"}],
    "storage": {"30": [{"name": "a", "value": [1]}]},
    "settings": {"info": {"hcName": "Mine"}},
}


class StateFileTestCase(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        os.mkdir(directory := self.mktemp())
        self.path = str(Path(directory) / "house.json")

    def write(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        Path(self.path).write_text(text)

    def begin(self) -> SimulatedController:
        """Another controller with that file; it becomes the one that is asked."""
        file = StateFile(self.path, self.clock)
        self.controller = SimulatedController(self.clock, state=file)
        self.addCleanup(self.controller.stop)
        return self.controller

    def problem(self) -> str:
        """Why the file cannot be used; it is as it was."""
        before = Path(self.path).read_bytes()
        problem = self.assertRaises(StateError, self.begin)
        self.assertEqual(Path(self.path).read_bytes(), before)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        return str(problem).replace(self.path, "FILE")


class SeedTests(StateFileTestCase):
    def test_devices_told_of_in_a_few_words_are_completed(self) -> None:
        self.write(SEED)
        controller = self.begin()
        lamp = controller.devices[10]
        self.assertEqual((lamp.name, lamp.value), ("Lamp", False))
        meter = controller.devices.named("Thermometer")
        self.assertEqual(meter.properties["value"], 21.5)
        self.assertEqual(meter.properties["unit"], "C")
        self.assertEqual(self.get("/rooms/220")["sectionID"], 219)
        self.assertEqual(self.get("/settings/info")["hcName"], "Mine")
        self.assertEqual(self.get("/plugins/30/variables/a")["value"], [1])

    def test_no_file_is_a_new_house(self) -> None:
        self.assertEqual(sorted(self.begin().devices), [1, 2, 3])
        self.assertFalse(os.path.exists(self.path))

    def test_numbers_go_on(self) -> None:
        self.write(SEED)
        controller = self.begin()
        made = controller.add_device("com.fibaro.binarySwitch", "new")
        controller.call_action(made.id, "turnOn")
        self.ask("DELETE", f"/devices/{made.id}")
        self.successResultOf(controller.stop())
        again = self.begin()
        other = again.add_device("com.fibaro.binarySwitch", "other")
        self.assertGreater(other.id, made.id)


class SaveTests(StateFileTestCase):
    def test_whatever_was_asked_for_can_be_read_again(self) -> None:
        """What odd requests leave behind is no broken file."""
        controller = self.begin()
        number = self.quickapp()
        partition = {"name": "p", "devices": [number]}
        self.ask("POST", "/alarms/v1/partitions", partition)
        for route in controller.router.routes:
            for value in ("1", str(number), "1000"):
                for body in (*test_subjects.EveryRouteTests.BODIES, *BODIES):
                    path = route.pattern
                    for name in ("id", "name", "timestamp", "part", "sequence"):
                        path = path.replace(f"{{{name}}}", value)
                    # A long poll would wait for the next request.
                    controller.request(route.method, path, body)
        self.successResultOf(controller.stop())
        self.begin()

    def test_what_changed_is_there_again(self) -> None:
        """QuickApp variables and internalStorage survive a restart (hc3-host.md)."""
        controller = self.begin()
        number = self.quickapp(name="App", variables={"a": 1})
        self.ask(
            "POST", f"/plugins/{number}/variables", {"name": "s", "value": {"x": 1}}
        )
        body = {
            "deviceId": number,
            "propertyName": "quickAppVariables",
            "value": [{"name": "a", "value": 2}],
        }
        self.ask("POST", "/plugins/updateProperty", body)
        controller.set_global("g", "ü\udcff")
        self.successResultOf(controller.stop())
        again = self.begin()
        self.assertEqual(
            again.devices[number].properties["quickAppVariables"],
            [{"name": "a", "value": 2}],
        )
        self.assertEqual(self.get(f"/plugins/{number}/variables/s")["value"], {"x": 1})
        self.assertEqual(again.global_variables, {"g": "ü\udcff"})

    def test_quickapp_of_an_earlier_run_is_the_same_again(self) -> None:
        self.begin()
        number = self.quickapp(name="App")
        self.quickapp(name="Other")
        self.ask("POST", f"/plugins/{number}/variables", {"name": "n", "value": 1})
        self.successResultOf(self.controller.stop())
        self.begin()
        self.assertEqual(self.quickapp(name="App"), number)
        self.assertEqual(self.get(f"/plugins/{number}/variables/n")["value"], 1)
        # A second one of that name is another one.
        self.assertGreater(self.quickapp(name="App"), number + 1)
        self.assertNotEqual(
            self.quickapp(name="Other", type="com.fibaro.sensor"), number + 1
        )

    def test_whole_house_comes_back_the_same(self) -> None:
        self.write(SEED)
        controller = self.begin()
        controller.set_global("g", "1")
        paths = ("/devices", "/rooms", "/profiles", "/globalVariables", "/users")
        before = [self.get(each) for each in paths]
        self.successResultOf(controller.stop())
        self.begin()
        self.assertEqual([self.get(each) for each in paths], before)

    def test_what_was_taken_from_a_device_does_not_come_back(self) -> None:
        lamp = self.begin().add_device("com.fibaro.binarySwitch", "Lamp")
        body = {"devicesId": [lamp.id], "interfaces": ["light"]}
        self.ask("POST", "/devices/deleteInterface", body)
        self.successResultOf(self.controller.stop())
        again = self.begin().devices[lamp.id].data()
        self.assertEqual(again["interfaces"], ["autoTurnOff"])

    def test_is_written_a_moment_after_a_change(self) -> None:
        controller = self.begin()
        controller.set_global("g", "1")
        self.clock.advance(DELAY / 2)
        self.assertFalse(os.path.exists(self.path))
        controller.set_global("g", "2")
        self.clock.advance(DELAY / 2)
        self.assertEqual(read(self.path)["globalVariables"][0]["value"], "2")  # type: ignore[index,call-overload]

    def test_unchanged_is_not_written(self) -> None:
        self.write(SEED)
        controller = self.begin()
        before = os.stat(self.path).st_ino
        self.get("/devices")
        self.successResultOf(controller.stop())
        self.assertEqual(os.stat(self.path).st_ino, before)

    def test_nothing_is_left_beside_it(self) -> None:
        controller = self.begin()
        controller.set_global("g", "1")
        self.successResultOf(controller.stop())
        left = sorted(os.listdir(os.path.dirname(self.path)))
        self.assertEqual(left, ["house.json", "house.json.lock"])

    def test_new_one_is_its_owners_only_and_an_old_one_keeps_its_mode(self) -> None:
        controller = self.begin()
        controller.set_global("g", "1")
        self.clock.advance(DELAY)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        os.chmod(self.path, 0o640)
        controller.set_global("g", "2")
        self.clock.advance(DELAY)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o640)

    def test_failure_leaves_the_old_one_and_is_tried_again(self) -> None:
        controller = self.begin()
        controller.set_global("g", "1")
        self.clock.advance(DELAY)
        before = Path(self.path).read_bytes()

        def fail(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        patch = self.patch(os, "replace", fail)
        controller.set_global("g", "2")
        self.clock.advance(DELAY)
        self.assertEqual(Path(self.path).read_bytes(), before)
        self.assertEqual(
            sorted(os.listdir(os.path.dirname(self.path))),
            ["house.json", "house.json.lock"],
        )
        patch.restore()
        controller.set_global("h", "3")
        self.clock.advance(DELAY)
        self.assertIn(b'"h"', Path(self.path).read_bytes())


class BrokenTests(StateFileTestCase):
    def test_line_of_what_is_no_json(self) -> None:
        self.write('{\n "devices": [\n  {"id": 1,}\n ]\n}')
        self.assertRegex(self.problem(), r"^FILE:3:\d+: ")

    def test_path_of_what_is_wrong(self) -> None:
        for data, text in (
            ([], "$: an object expected"),
            ({"format": 2}, "$.format: 1 expected"),
            ({"roms": []}, "$.roms: unknown"),
            ({"rooms": {}}, "$.rooms: a list expected"),
            ({"rooms": [{"id": 1}, 5]}, "$.rooms[1]: an object expected"),
            ({"rooms": [{"id": 1}, {"id": 1}]}, "$.rooms[1].id: 1 is there twice"),
            ({"rooms": [{"id": "1"}]}, "$.rooms[0].id: a whole number above 0"),
            ({"globalVariables": [{}]}, "$.globalVariables[0].name: a name expected"),
            ({"devices": [{"id": 5}]}, "$.devices[0].type: missing"),
            (
                {"devices": [{"type": "x", "properties": []}]},
                "$.devices[0].properties: an object expected",
            ),
            (
                {"devices": [{"type": "x", "parentId": 7}]},
                "$.devices[0].parentId: there is no device 7",
            ),
            ({"storage": {"x": []}}, "$.storage.x: the number of a device expected"),
            ({"files": {"5": [{}]}}, "$.files.5[0].name: a name expected"),
            ({"settings": 5}, "$.settings: an object expected"),
            ({"rooms": [{"name": 5}]}, "$.rooms[0].name: a text expected"),
            (
                {"alarmPartitions": [{"armed": "x", "armDelay": "y"}]},
                "$.alarmPartitions[0].armed: true or false expected",
            ),
        ):
            self.write(data)
            self.assertIn(f"FILE: {text}", self.problem())

    def test_only_so_many_problems_are_listed(self) -> None:
        self.write({"rooms": [5] * 20})
        self.assertEqual(len(self.problem().splitlines()), 6)

    def test_numbers_that_json_has_not(self) -> None:
        self.write('{"rooms": [{"id": NaN}]}')
        self.assertIn("NaN", self.problem())
        self.write('{"settings": {"location": {"latitude": 1e999}}}')
        self.assertIn("1e999 is too large", self.problem())
        self.write({"next": {"devices": 2**63}})
        self.assertIn("has more than 64 bits", self.problem())

    def test_odd_places_have_sun_times(self) -> None:
        for latitude, longitude in (
            (90, 0),
            (-90, 10**18),
            ("x", None),
            (1e300, -1e300),
        ):
            place = {"latitude": latitude, "longitude": longitude}
            self.write({"settings": {"location": place}})
            controller = self.begin()
            self.assertRegex(
                str(controller.devices[1].properties["sunriseHour"]), r"^\d\d:\d\d$"
            )
            controller.set_global("a", "1")
            self.successResultOf(controller.stop())
            # What was made of the place can be read again.
            self.assertEqual(self.begin().global_variables, {"a": "1"})
            self.successResultOf(self.controller.stop())

    def test_bytes_that_are_no_text(self) -> None:
        Path(self.path).write_bytes(b'{"a": "\xff"}')
        self.assertIn("byte 7 is not UTF-8", self.problem())

    def test_too_deep(self) -> None:
        self.write("[" * 100_000)
        self.assertIn("FILE", self.problem())

    def test_directory_is_no_file(self) -> None:
        os.mkdir(self.path)
        problem = self.assertRaises(StateError, self.begin)
        self.assertIn("directory", problem.message)

    def test_two_controllers_cannot_share_it(self) -> None:
        controller = self.begin()
        problem = self.assertRaises(StateError, StateFile, self.path, Clock())
        self.assertIn("another controller uses it", problem.message)
        self.successResultOf(controller.stop())
        StateFile(self.path, Clock()).close()

    def test_mended_file_can_be_used_at_once(self) -> None:
        self.write("{")
        self.problem()
        self.write("{}")
        self.begin()
