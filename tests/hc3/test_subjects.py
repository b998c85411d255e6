"""The other subjects of the REST API."""

from __future__ import annotations

import time
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.fetch import Fetched
from eplua_twisted.hc3.house import MAX_RECORDS
from eplua_twisted.hc3.interfaces import ISceneHost
from eplua_twisted.hc3.messages import MAX_MESSAGES
from tests.support.hc3 import TIME, ControllerTestCase, Host


class VariableTests(ControllerTestCase):
    def test_add_set_remove(self) -> None:
        status, row = self.ask("POST", "/globalVariables", {"name": "a", "value": 5})
        self.assertEqual((status, row["value"]), (201, "5"))
        self.assertEqual(
            self.ask("POST", "/globalVariables", {"name": "a", "value": "x"})[0], 409
        )
        self.clock.advance(5)
        status, row = self.ask("PUT", "/globalVariables/a", {"value": True})
        self.assertEqual((row["value"], row["modified"]), ("true", TIME + 5))
        self.assertEqual(self.ask("DELETE", "/globalVariables/a")[0], 200)
        self.assertEqual(
            [kind for kind, _ in self.happened()],
            [
                "GlobalVariableAddedEvent",
                "GlobalVariableChangedEvent",
                "GlobalVariableRemovedEvent",
            ],
        )

    def test_missing_is_404_and_nothing_is_400(self) -> None:
        self.assertEqual(self.ask("GET", "/globalVariables/a")[0], 404)
        self.assertEqual(self.ask("PUT", "/globalVariables/a", {"value": 1})[0], 404)
        self.assertEqual(self.ask("POST", "/globalVariables", {"value": 1})[0], 400)
        self.ask("POST", "/globalVariables", {"name": "a"})
        self.assertEqual(self.ask("PUT", "/globalVariables/a", {})[0], 400)

    def test_same_value_is_no_event(self) -> None:
        self.ask("POST", "/globalVariables", {"name": "a", "value": "1"})
        self.happened()
        self.ask("PUT", "/globalVariables/a", {"value": 1})
        self.assertEqual(self.happened(), [])

    def test_only_so_many(self) -> None:
        for index in range(MAX_RECORDS):
            self.ask("POST", "/globalVariables", {"name": f"v{index}"})
        status, body = self.ask("POST", "/globalVariables", {"name": "last"})
        self.assertEqual((status, body["reason"]), (507, "INSUFFICIENT_STORAGE"))

    def test_custom_events(self) -> None:
        body = {"name": "e", "userDescription": "about"}
        self.assertEqual(self.ask("POST", "/customEvents", body)[0], 201)
        self.assertEqual(self.ask("POST", "/customEvents/e", {})[0], 200)
        self.assertEqual(self.ask("GET", "/customEvents/e/publish")[0], 200)
        self.assertEqual(
            self.happened(), [("CustomEvent", {"name": "e", "value": "about"})] * 2
        )
        self.ask("PUT", "/customEvents/e", {"name": "f"})
        self.assertEqual(self.get("/customEvents/f")["userDescription"], "about")
        self.assertEqual(self.ask("POST", "/customEvents/e", {})[0], 404)
        self.assertEqual(self.ask("DELETE", "/customEvents/f")[0], 204)
        self.assertEqual(self.get("/customEvents"), [])


class RoomTests(ControllerTestCase):
    def test_default_room_and_section(self) -> None:
        self.assertEqual([each["id"] for each in self.get("/rooms")], [219])
        self.assertEqual([each["id"] for each in self.get("/sections")], [219])

    def test_add_change_remove(self) -> None:
        status, room = self.ask("POST", "/rooms", {"name": "Hall"})
        self.assertEqual((status, room["sectionID"]), (201, 219))
        number = room["id"]
        lamp = self.device("binarySwitch", roomID=number)
        self.ask("PUT", f"/rooms/{number}", {"name": "Attic"})
        self.assertEqual(self.get(f"/rooms/{number}")["name"], "Attic")
        self.assertEqual(self.ask("DELETE", f"/rooms/{number}")[0], 200)
        self.assertEqual(self.get(f"/devices/{lamp}")["roomID"], 219)
        self.assertEqual(
            self.happened(),
            [
                ("RoomModifiedEvent", {"id": number}),
                ("RoomRemovedEvent", {"id": number}),
            ],
        )

    def test_bad_fields_are_400(self) -> None:
        for body in ({}, {"name": 5}, {"name": "a", "sectionID": 999}):
            self.assertEqual(self.ask("POST", "/rooms", body)[0], 400, body)
        self.assertEqual(self.ask("PUT", "/rooms/219", {"visible": "yes"})[0], 400)
        self.assertEqual(self.ask("DELETE", "/rooms/219")[0], 400)
        self.assertEqual(self.ask("DELETE", "/sections/219")[0], 400)

    def test_devices_are_put_into_a_room(self) -> None:
        _, room = self.ask("POST", "/rooms", {"name": "Hall"})
        lamp = self.device("binarySwitch")
        path = f"/rooms/{room['id']}/groupAssignment"
        self.assertEqual(self.ask("POST", path, {"deviceIds": [lamp]})[0], 200)
        self.assertEqual(self.get(f"/devices/{lamp}")["roomID"], room["id"])

    def test_section_of_rooms_is_removed(self) -> None:
        _, section = self.ask("POST", "/sections", {"name": "Up"})
        _, room = self.ask("POST", "/rooms", {"name": "a", "sectionID": section["id"]})
        self.ask("DELETE", f"/sections/{section['id']}")
        self.assertEqual(self.get(f"/rooms/{room['id']}")["sectionID"], 219)


@implementer(ISceneHost)
class SceneHost:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def execute(self, scene_id: int, arguments: Any) -> None:
        self.told.append(("execute", scene_id, arguments))

    def kill(self, scene_id: int) -> None:
        self.told.append(("kill", scene_id))


class SceneTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.number = self.successResultOf(self.controller.add_scene({"name": "s"}))
        self.happened()

    def test_one_that_nobody_runs_begins_and_ends(self) -> None:
        path = f"/scenes/{self.number}/execute"
        self.assertEqual(self.ask("POST", path, {})[0], 202)
        self.assertEqual(
            [kind for kind, _ in self.happened()],
            [
                "SceneStartedEvent",
                "SceneRunningInstancesEvent",
                "SceneFinishedEvent",
                "SceneRunningInstancesEvent",
            ],
        )

    def test_host_is_told_later(self) -> None:
        host = SceneHost()
        self.controller.attach_scene(self.number, host)
        self.ask("POST", f"/scenes/{self.number}/execute", {"args": {"a": 1}})
        self.ask("GET", f"/scenes/{self.number}/kill")
        self.assertEqual(host.told, [])
        self.turn()
        self.assertEqual(
            host.told, [("execute", self.number, {"a": 1}), ("kill", self.number)]
        )
        self.controller.set_scene_running(self.number, True)
        self.assertIs(self.get(f"/scenes/{self.number}")["isRunning"], True)
        self.assertRaises(
            OperationError, self.controller.attach_scene, self.number, host
        )
        self.controller.detach_scene(self.number)
        self.assertIs(self.get(f"/scenes/{self.number}")["isRunning"], False)

    def test_switched_off_is_400(self) -> None:
        self.ask("PUT", f"/scenes/{self.number}", {"enabled": False})
        path = f"/scenes/{self.number}/execute"
        self.assertEqual(self.ask("POST", path, {})[0], 400)
        self.assertEqual(self.ask("POST", "/scenes/999/execute", {})[0], 404)

    def test_copy(self) -> None:
        _, copy = self.ask("POST", f"/scenes/{self.number}/copy", {"newName": "t"})
        self.assertEqual(copy["name"], "t")
        self.assertNotEqual(copy["id"], self.number)

    def test_triggers(self) -> None:
        content = '{"conditions":"{ a }","actions":""}'
        _, other = self.ask("POST", "/scenes", {"name": "t", "content": content})
        numbers = [self.number, other["id"]]
        _, found = self.ask("POST", "/scenes/hasTriggers", {"sceneIds": numbers})
        self.assertEqual([each["hasTriggers"] for each in found], [False, True])


class ProfileTests(ControllerTestCase):
    def test_first_profiles(self) -> None:
        found = self.get("/profiles")
        self.assertEqual(found["activeProfile"], 1)
        self.assertEqual(
            [each["name"] for each in found["profiles"]],
            ["Home", "Away", "Vacation", "Night"],
        )

    def test_active_one_does_what_it_says(self) -> None:
        lamp = self.device("binarySwitch")
        _, partition = self.ask("POST", "/alarms/v1/partitions", {"name": "p"})
        action = {"name": "turnOn", "args": []}
        devices = [{"id": lamp, "action": action}, {"id": 9999, "action": action}]
        self.ask("PUT", "/profiles/2", {"devices": devices})
        path = f"/profiles/2/partitions/{partition['id']}"
        self.assertEqual(self.ask("PUT", path, {"action": "arm"})[0], 200)
        self.happened()
        self.assertEqual(self.ask("POST", "/profiles/activeProfile/2", {})[0], 200)
        self.assertEqual(
            self.happened()[0],
            (
                "ActiveProfileChangedEvent",
                {"newActiveProfile": 2, "oldActiveProfile": 1},
            ),
        )
        self.assertIs(self.get(f"/devices/{lamp}/properties/value")["value"], True)
        self.assertIs(
            self.get(f"/alarms/v1/partitions/{partition['id']}")["armed"], True
        )
        self.assertEqual(self.get("/profiles")["activeProfile"], 2)

    def test_active_one_again_does_nothing(self) -> None:
        self.ask("PUT", "/profiles", {"activeProfile": 1})
        self.assertEqual(self.happened(), [])

    def test_refusals(self) -> None:
        self.assertEqual(self.ask("POST", "/profiles/activeProfile/9", {})[0], 404)
        self.assertEqual(self.ask("PUT", "/profiles", {})[0], 400)
        self.assertEqual(self.ask("DELETE", "/profiles/1")[0], 400)

    def test_reset(self) -> None:
        self.ask("POST", "/profiles", {"name": "Fifth"})
        self.ask("POST", "/profiles/activeProfile/5", {})
        self.ask("POST", "/profiles/reset", {})
        found = self.get("/profiles")
        self.assertEqual((found["activeProfile"], len(found["profiles"])), (1, 4))


class AlarmTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.ask("DELETE", "/alarms/v1/partitions/1")
        self.door = self.device("doorSensor")
        body = {"name": "p", "devices": [self.door]}
        _, row = self.ask("POST", "/alarms/v1/partitions", body)
        self.number = row["id"]
        self.path = f"/alarms/v1/partitions/{self.number}"

    def open_door(self, value: bool = True) -> None:
        body = {"deviceId": self.door, "propertyName": "value", "value": value}
        self.ask("POST", "/plugins/updateProperty", body)

    def test_arm_and_disarm(self) -> None:
        for method, path, armed in (
            ("POST", f"{self.path}/actions/arm", True),
            ("DELETE", f"{self.path}/actions/arm", False),
            ("POST", "/alarms/v1/partitions/actions/arm", True),
            ("DELETE", "/alarms/v1/partitions/actions/arm", False),
        ):
            self.assertEqual(self.ask(method, path)[0], 202)
            self.assertIs(self.get(self.path)["armed"], armed)
            self.assertEqual(
                self.happened(),
                [
                    (
                        "AlarmPartitionArmedEvent",
                        {"partitionId": self.number, "armed": armed},
                    ),
                    ("HomeArmStateChangedEvent", {"newValue": armed}),
                ],
            )

    def test_armed_after_its_delay(self) -> None:
        self.ask("PUT", self.path, {"armDelay": 30})
        _, body = self.ask("POST", f"{self.path}/actions/tryArm", {})
        self.assertEqual(body["result"], "armDelayed")
        self.assertEqual(self.get(self.path)["secondsToArm"], 30)
        self.clock.advance(30)
        self.assertIs(self.get(self.path)["armed"], True)

    def test_disarmed_before_its_delay(self) -> None:
        self.ask("PUT", self.path, {"armDelay": 30})
        self.ask("POST", f"{self.path}/actions/arm", {})
        self.ask("DELETE", f"{self.path}/actions/arm")
        self.clock.advance(60)
        self.assertIs(self.get(self.path)["armed"], False)

    def test_breach(self) -> None:
        self.ask("POST", f"{self.path}/actions/arm", {})
        self.happened()
        self.open_door()
        self.assertEqual(
            self.happened()[1:],
            [
                (
                    "AlarmPartitionBreachedEvent",
                    {"partitionId": self.number, "breached": True},
                ),
                ("HomeBreachedEvent", {"breached": True}),
            ],
        )
        self.assertEqual(self.get("/alarms/v1/partitions/breached"), [self.number])
        self.ask("DELETE", f"{self.path}/actions/arm")
        self.assertEqual(self.get("/alarms/v1/partitions/breached"), [])
        self.assertEqual(len(self.get("/alarms/v1/history")), 4)

    def test_breach_after_its_delay(self) -> None:
        self.ask("PUT", self.path, {"breachDelay": 10})
        self.ask("POST", f"{self.path}/actions/arm", {})
        self.open_door()
        self.open_door(False)
        self.assertEqual(self.get("/alarms/v1/partitions/breached"), [])
        self.clock.advance(10)
        self.assertEqual(self.get("/alarms/v1/partitions/breached"), [self.number])

    def test_open_door_is_not_armed_by_trying(self) -> None:
        self.open_door()
        status, body = self.ask("POST", f"{self.path}/actions/tryArm", {})
        self.assertEqual(
            (status, body),
            (
                200,
                {
                    "result": "armFailed",
                    "breachedDevices": {str(self.number): [self.door]},
                },
            ),
        )
        self.assertIs(self.get(self.path)["armed"], False)

    def test_disarmed_is_not_breached(self) -> None:
        self.open_door()
        self.assertEqual(self.get("/alarms/v1/partitions/breached"), [])

    def test_devices(self) -> None:
        self.device("binarySwitch")
        self.assertEqual(self.get("/alarms/v1/devices"), [self.door])

    def test_refusals(self) -> None:
        self.assertEqual(self.ask("PUT", self.path, {"armDelay": 10**6})[0], 400)
        path = "/alarms/v1/partitions/99/actions/arm"
        self.assertEqual(self.ask("POST", path, {})[0], 404)

    def test_armed_cannot_be_written(self) -> None:
        self.ask("PUT", self.path, {"armed": True})
        self.assertIs(self.get(self.path)["armed"], False)

    def test_nothing_is_left(self) -> None:
        self.ask("PUT", self.path, {"armDelay": 30})
        self.ask("POST", f"{self.path}/actions/arm", {})
        self.ask("DELETE", self.path)
        self.successResultOf(self.controller.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SettingsTests(ControllerTestCase):
    def test_paths_that_scripts_ask_for(self) -> None:
        """hc3-host.md: /settings/info, /settings/location, /settings/network."""
        self.assertEqual(self.get("/settings/info")["platform"], "HC3")
        self.assertIsInstance(self.get("/settings/location")["latitude"], float)
        network = self.get("/settings/network")["networkConfig"]
        self.assertEqual(network["eth0"]["ipConfig"]["ip"], "127.0.0.1")
        for path in ("led", "network/interfaces", "backups", "update"):
            self.assertIsInstance(self.get(f"/settings/{path}"), dict)

    def test_changed(self) -> None:
        _, found = self.ask("PUT", "/settings/info", {"hcName": "Mine"})
        self.assertEqual((found["hcName"], found["platform"]), ("Mine", "HC3"))
        self.assertEqual(self.get("/settings/info")["hcName"], "Mine")
        self.assertEqual(self.ask("PUT", "/settings/info", {"hcName": 5})[0], 400)
        self.assertEqual(self.ask("GET", "/settings/nothing")[0], 404)

    def test_parts_of_the_network(self) -> None:
        path = "/settings/network/interfaces/eth0"
        self.assertIs(self.get(path)["enabled"], True)
        self.ask("PUT", path, {"enabled": False})
        self.assertIs(
            self.get("/settings/network/interfaces")["eth0"]["enabled"], False
        )
        self.ask("PUT", "/settings/network/resetInterfaces", {})
        self.assertIs(self.get(path)["enabled"], True)
        self.assertEqual(self.ask("GET", f"{path}9")[0], 404)
        many = "/settings/network/connections"
        _, made = self.ask("POST", many, {"name": "a"})
        one = f"{many}/{made['uuid']}"
        self.assertEqual(self.get(one)["name"], "a")
        self.assertEqual(self.ask("DELETE", one)[0], 200)
        self.assertEqual(self.ask("DELETE", one)[0], 404)

    def test_place_has_the_time_of_the_house(self) -> None:
        now = time.localtime(TIME)
        found = self.get("/settings/location")
        day = {"day": now.tm_mday, "month": now.tm_mon, "year": now.tm_year}
        self.assertEqual(found["date"], day)
        self.assertEqual(found["time"], {"hour": now.tm_hour, "minute": now.tm_min})

    def test_sun_follows_the_place(self) -> None:
        before = self.get("/settings/info")["sunriseHour"]
        self.assertRegex(before, r"^\d\d:\d\d$")
        self.happened()
        body = {"latitude": -33.9, "longitude": 151.2}
        self.ask("PUT", "/settings/location", body)
        after = self.get("/devices/1/properties/sunriseHour")["value"]
        self.assertNotEqual(before, after)
        self.assertEqual(
            [data["property"] for _, data in self.happened()],
            ["sunriseHour", "sunsetHour"],
        )


WITHOUT_AN_ANSWER = ("/panels/climate", "/panels/sprinklers", "/deviceNotifications/v1")
"""Where the box's own description of its REST interface has 204 for a removal, not 200."""


class ListTests(ControllerTestCase):
    def test_lists_and_their_fields(self) -> None:
        for path, body in (
            ("/users", {"name": "a"}),
            ("/panels/climate", {"name": "a"}),
            ("/panels/humidity", {"name": "a"}),
            ("/panels/sprinklers", {"name": "a"}),
            ("/panels/notifications", {"name": "a"}),
            ("/panels/location", {"name": "a", "latitude": 1}),
            ("/panels/favoriteColors", {"r": 1}),
            ("/panels/favoriteColors/v2", {"brightness": 5}),
            ("/RGBPrograms", {"name": "a"}),
            ("/iosDevices", {"name": "a"}),
            ("/icons", {"deviceType": "x"}),
            ("/notificationCenter", {"type": "a"}),
            ("/energy/installationCost", {"name": "a", "cost": 1.5}),
            ("/energy/billing/periods", {"startDate": "2026-01-01"}),
            ("/deviceNotifications/v1", {"enabled": False}),
        ):
            status, made = self.ask("POST", path, body)
            self.assertEqual(status, 201, path)
            one = f"{path}/{made['id']}"
            self.assertEqual(self.get(one), {**made, **body})
            self.assertIn(made, self.get(path))
            status, changed = self.ask("PUT", one, {"extra": [1], "id": 999})
            self.assertEqual(changed, {**made, "extra": [1]}, path)
            removed = 204 if path in WITHOUT_AN_ANSWER else 200
            self.assertEqual(self.ask("DELETE", one)[0], removed, path)
            self.assertEqual(self.ask("GET", one)[0], 404)

    def test_wrong_fields_are_400(self) -> None:
        for path, body in (
            ("/users", {"name": 5}),
            ("/panels/climate", {"name": "a", "devices": "x"}),
            ("/RGBPrograms", {}),
            ("/notificationCenter", {"type": "a", "data": 5}),
        ):
            self.assertEqual(self.ask("POST", path, body)[0], 400, path)

    def test_events_of_lists(self) -> None:
        _, made = self.ask("POST", "/panels/climate", {"name": "a"})
        self.ask("PUT", f"/panels/climate/{made['id']}", {"mode": "Cool"})
        self.ask("POST", "/notificationCenter", {"type": "a"})
        self.assertEqual(
            [kind for kind, _ in self.happened()],
            [
                "ClimateZoneCreatedEvent",
                "ClimateZoneChangedEvent",
                "NotificationCreatedEvent",
            ],
        )

    def test_climate_zones_of_rooms(self) -> None:
        sensor = self.device("temperatureSensor")
        self.assertEqual(self.get("/panels/climate/availableDevices"), [sensor])
        status, made = self.ask("POST", "/panels/climate/action/createDefaultZones")
        self.assertEqual((status, made[0]["devices"]), (201, [sensor]))

    def test_sprinklers(self) -> None:
        _, row = self.ask("POST", "/panels/sprinklers", {"name": "a"})
        many = f"/panels/sprinklers/{row['id']}/sequences"
        _, made = self.ask("POST", many, {"startTime": 60})
        one = f"{many}/{made['id']}"
        self.assertEqual(self.ask("POST", f"{one}/startWatering", {})[0], 202)
        found = self.get(f"/panels/sprinklers/{row['id']}")["sequences"]
        self.assertIs(found[0]["isRunning"], True)
        self.ask("POST", f"{one}/stopWatering", {})
        self.assertEqual(self.ask("PUT", one, {"startTime": 90})[1]["startTime"], 90)
        self.assertEqual(self.ask("DELETE", one)[0], 204)
        self.assertEqual(self.ask("PUT", one, {})[0], 404)


class SystemTests(ControllerTestCase):
    def test_weather(self) -> None:
        self.ask("PUT", "/weather", {"Temperature": 5.5})
        self.assertEqual(self.get("/weather")["Temperature"], 5.5)
        self.assertEqual(
            self.happened(),
            [
                (
                    "WeatherChangedEvent",
                    {"change": "Temperature", "newValue": 5.5, "oldValue": 0.0},
                )
            ],
        )

    def test_home(self) -> None:
        self.ask("PUT", "/home", {"currency": "USD"})
        home = self.get("/home")
        self.assertEqual((home["currency"], home["timestamp"]), ("USD", TIME))

    def test_others_answer(self) -> None:
        for path in (
            "/diagnostics",
            "/uiDeviceInfo",
            "/service/systemStatus",
            "/panels/family",
            "/userActivity",
            "/additionalInterfaces",
            "/loginStatus",
            "/plugins/installed",
            "/plugins/ipCameras",
            "/quickApp/availableTypes",
            "/iosDevices",
            "/icons",
            "/users",
        ):
            self.get(path)

    def test_sort_order(self) -> None:
        lamp = self.device("binarySwitch")
        self.ask("POST", "/sortOrder", {"devices": [{"id": lamp, "sortOrder": 3}]})
        self.ask("POST", "/sortOrder", {"devices": [{"id": lamp, "sortOrder": "x"}]})
        self.assertEqual(self.get(f"/devices/{lamp}")["sortOrder"], 3)

    def test_push(self) -> None:
        _, phone = self.ask("POST", "/iosDevices", {"name": "p"})
        body = {"mobileDevices": [phone["id"]], "title": "t", "message": "m"}
        status, made = self.ask("POST", "/mobile/push", body)
        self.assertEqual(status, 201)
        self.assertEqual(
            self.ask("POST", "/mobile/push", {**body, "mobileDevices": [77]})[0], 404
        )
        self.assertEqual(self.ask("POST", "/mobile/push", {})[0], 400)
        path = f"/mobile/push/{made['id']}"
        self.assertEqual(self.ask("DELETE", path)[0], 200)
        self.assertEqual(self.ask("DELETE", path)[0], 404)


class EnergyTests(ControllerTestCase):
    def test_meters(self) -> None:
        number = self.device("energyMeter", roomID=219, properties={"value": 5})
        self.device("binarySwitch")
        self.assertEqual([each["id"] for each in self.get("/energy/devices")], [number])
        for path in (
            "/panels/energy",
            f"/panels/energy?id={number}",
            "/energy/consumption/summary",
            "/energy/consumption/room/219/detail",
            f"/energy/consumption/device/{number}/detail",
        ):
            self.assertEqual(self.get(path)["consumption"], 5.0, path)
        self.assertEqual(self.ask("DELETE", "/energy/consumption", {})[0], 200)
        self.assertEqual(self.get("/panels/energy")["consumption"], 0.0)
        path = "/energy/consumption/device/1/detail"
        self.assertEqual(self.ask("GET", path)[0], 404)

    def test_settings(self) -> None:
        self.ask("PUT", "/energy/billing/tariff", {"rate": 0.2})
        tariff = self.get("/energy/billing/tariff")
        self.assertEqual((tariff["rate"], tariff["name"]), (0.2, "Standard"))


class MessageTests(ControllerTestCase):
    def write(self, kind: str, tag: str, message: str) -> None:
        body = {"messageType": kind, "tag": tag, "message": message}
        self.assertEqual(self.ask("POST", "/debugMessages", body)[0], 201)

    def test_newest_first_and_filtered(self) -> None:
        self.write("debug", "A", "1")
        self.write("error", "B", "2")
        self.write("debug", "B", "3")
        found = self.get("/debugMessages")["messages"]
        self.assertEqual([each["message"] for each in found], ["3", "2", "1"])
        found = self.get("/debugMessages?types=debug&filter=B")["messages"]
        self.assertEqual([each["message"] for each in found], ["3"])
        self.assertEqual(self.get("/debugMessages/tags"), ["A", "B"])

    def test_page_after_page(self) -> None:
        for index in range(5):
            self.write("debug", "A", str(index))
        first = self.get("/debugMessages?limit=3")
        second = self.get(f"/debugMessages?limit=3&last={first['nextLast']}")
        self.assertEqual(
            [each["message"] for each in first["messages"] + second["messages"]],
            ["4", "3", "2", "1", "0"],
        )
        self.assertEqual(second["nextLast"], 0)

    def test_only_so_many_are_kept(self) -> None:
        for index in range(MAX_MESSAGES + 5):
            self.write("debug", "A", str(index))
        found = self.get(f"/debugMessages?limit={MAX_MESSAGES * 2}")["messages"]
        self.assertEqual(len(found), MAX_MESSAGES)
        self.assertEqual(self.ask("DELETE", "/debugMessages")[0], 204)
        self.assertEqual(self.get("/debugMessages")["messages"], [])

    def test_bad_questions_are_400(self) -> None:
        self.assertEqual(self.ask("GET", "/debugMessages?limit=x")[0], 400)
        body = {"messageType": "loud", "message": "x"}
        self.assertEqual(self.ask("POST", "/debugMessages", body)[0], 400)


class ProxyTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.asked: list[tuple[str, Deferred[Fetched]]] = []

        def fetch(address: str) -> Deferred[Fetched]:
            if not address.startswith("http"):
                raise OperationError("url", "no URL")
            answered: Deferred[Fetched] = Deferred()
            self.asked.append((address, answered))
            return answered

        self.controller = SimulatedController(self.clock, fetch=fetch)

    def test_json_is_decoded(self) -> None:
        path = "/proxy?url=http%3A%2F%2Fa%3Ab%40host%2Fx%3Fy%3D1"
        asked = self.controller.request("GET", path)
        self.assertEqual(self.asked[0][0], "http://a:b@host/x?y=1")
        self.asked[0][1].callback(Fetched(201, "application/json", b'{"a": [1]}'))
        self.assertEqual(self.successResultOf(asked), (201, {"a": [1]}))

    def test_address_that_was_not_escaped_is_whole(self) -> None:
        self.controller.request("GET", "/proxy?url=http://host/x?y=1&z=2")
        self.controller.request("GET", "/proxy?url=http%3A%2F%2Fhost%2F&z=2")
        asked = [address for address, _ in self.asked]
        self.assertEqual(asked, ["http://host/x?y=1&z=2", "http://host/"])

    def test_all_else_is_text(self) -> None:
        for kind, body in (("text/plain", b'{"a"'), ("application/json", b"{")):
            asked = self.controller.request("GET", "/proxy?url=http://host/")
            self.asked.pop()[1].callback(Fetched(200, kind, body))
            self.assertEqual(self.successResultOf(asked), (200, body.decode()))

    def test_number_beyond_64_bits_is_a_float_as_in_lua(self) -> None:
        asked = self.controller.request("GET", "/proxy?url=http://host/")
        body = b'{"big": 12345678901234567890, "most": 9223372036854775807}'
        self.asked[0][1].callback(Fetched(200, "application/json", body))
        status, answer = self.successResultOf(asked)
        self.assertEqual(status, 200)
        self.assertEqual(answer, {"big": 12345678901234567890.0, "most": 2**63 - 1})

    def test_json_that_lua_could_not_hold_is_text(self) -> None:
        deep = "[" * 200 + "]" * 200
        for body in ('{"a": NaN}', '{"a": 1e999}', deep):
            asked = self.controller.request("GET", "/proxy?url=http://host/")
            fetched = Fetched(200, "application/json", body.encode())
            self.asked.pop()[1].callback(fetched)
            self.assertEqual(self.successResultOf(asked), (200, body))

    def test_failure_is_502(self) -> None:
        asked = self.controller.request("GET", "/proxy?url=http://host/")
        self.asked[0][1].errback(OperationError("refused", "Connection refused"))
        status, body = self.successResultOf(asked)
        assert isinstance(body, dict)
        self.assertEqual((status, body["message"]), (502, "Connection refused"))

    def test_no_address_is_400(self) -> None:
        self.assertEqual(self.ask("GET", "/proxy")[0], 400)
        self.assertEqual(self.ask("GET", "/proxy?url=nothing")[0], 400)


class EveryRouteTests(ControllerTestCase):
    """Whatever is asked: an answer, and no bug."""

    BODIES: tuple[Any, ...] = (
        None,
        [],
        {},
        [[]],
        "x",
        {"name": {}, "type": [], "args": 5, "deviceId": [], "value": {}, "devices": {}},
        {"deviceId": 1, "id": "x", "source": 1, "file": 5, "filters": 5, "delay": {}},
        {"deviceId": 5000, "devicesId": [5000], "interfaces": {}, "data": 3},
    )

    def test_no_route_fails_on_odd_bodies(self) -> None:
        number = self.quickapp()
        self.controller.attach(number, Host())
        for value in ("1", "5000", "x", str(number)):
            for route in self.controller.router.routes:
                path = route.pattern
                for name in ("id", "name", "timestamp", "part", "sequence"):
                    path = path.replace(f"{{{name}}}", value)
                for body in self.BODIES:
                    asked = self.controller.request(route.method, path, body)
                    self.clock.advance(31)
                    status, _ = self.successResultOf(asked)
                    self.assertNotEqual(status, 500, (route, body))

    def test_there_are_as_many_as_the_predecessors(self) -> None:
        self.assertGreater(len(self.controller.router.routes), 200)
