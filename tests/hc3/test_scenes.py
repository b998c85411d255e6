"""Scenes: conditions, triggers and actions."""

from __future__ import annotations

import time
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.hc3.conditions import compare, matches_cron
from tests.support.hc3_scripts import HostTestCase

HEAD = "--%%name=S\n--%%type=scene\n"


class SceneTests(HostTestCase):
    def scene(self, conditions: str, code: str) -> None:
        self.run_script(f"{HEAD}local conditions = {conditions}\n{code}")

    def variable(self, value: str) -> None:
        if self.ask("PUT", "/globalVariables/Mode", {"value": value})[0] == 404:
            self.ask("POST", "/globalVariables", {"name": "Mode", "value": value})
        self.turn(4)

    def test_scene_without_conditions_runs_once(self) -> None:
        self.run_script(HEAD + "print(sourceTrigger.type, sceneId, __TAG)")
        self.assertEqual(self.texts, ["manual 1 SCENE1"])

    def test_script_that_uses_what_scenes_have_is_one_without_headers(self) -> None:
        self.run_script("fibaro:debug('text') print(sourceTrigger.type)")
        self.assertEqual(self.texts, ["text", "manual"])

    def test_trigger_runs_the_actions_when_all_hold(self) -> None:
        self.variable("off")
        self.scene(
            '{operator="all", conditions={{type="global-variable", property="Mode",'
            ' operator="==", value="on", isTrigger=true}}}',
            "print(sourceTrigger.type, sourceTrigger.property, sourceTrigger.value)",
        )
        self.assertEqual(self.texts, [])
        self.variable("on")
        self.assertEqual(self.texts, ["global-variable Mode on"])
        self.variable("off")
        self.assertEqual(self.texts, [])

    def test_scene_that_nothing_has_triggered_says_so_at_the_end(self) -> None:
        conditions = (
            "{conditions={{type='device', id=1, property='dead', value=true,"
            " isTrigger=true}, {type='date', property='sunset', isTrigger=true}}}"
        )
        self.scene(conditions, "print('ran')")
        self.runtime.stop()
        self.turn(4)
        self.assertEqual(self.texts, [])
        said = "scene 1 has not run, as none of its triggers has happened: "
        self.assertEqual(self.warnings, [said + "device 1 dead, date sunset"])

    def test_each_run_has_globals_of_its_own_and_the_variables_of_the_scene(
        self,
    ) -> None:
        self.scene(
            '{conditions={{type="custom-event", property="go", isTrigger=true}}}',
            "count = (count or 0) + 1 print(count, fibaro.getSceneVariable('v'))"
            " fibaro.setSceneVariable('v', 'kept')",
        )
        self.ask("POST", "/customEvents", {"name": "go", "userDescription": ""})
        for _ in range(2):
            self.ask("POST", "/customEvents/go")
            self.turn(4)
        self.assertEqual(self.texts, ["1 nil", "1 kept"])

    def test_device_condition_that_has_to_last(self) -> None:
        _, device = self.ask(
            "POST", "/devices", {"name": "d", "type": "com.fibaro.binarySwitch"}
        )
        self.scene(
            f'{{conditions={{{{type="device", id={device["id"]}, property="value",'
            ' operator="==", value=true, duration=10, isTrigger=true}}}',
            "print('lasted')",
        )

        def put(value: Any) -> None:
            path = f"/devices/{device['id']}/properties/value"
            self.ask("PUT", path, {"value": value})
            self.turn(4)

        put(True)
        self.reactor.advance(5)
        put(False)
        self.reactor.advance(20)
        self.assertEqual(self.texts, [])
        put(True)
        self.reactor.advance(10)
        self.turn(4)
        self.assertEqual(self.texts, ["lasted"])

    def test_dates_trigger_at_their_minute(self) -> None:
        moment = time.localtime(self.reactor.seconds() + 120)
        self.scene(
            '{conditions={{type="date", property="cron", operator="match", isTrigger=true,'
            f' value={{"{moment.tm_min}", "*", "*", "*", "*", "*"}}}}}}}}',
            "print(sourceTrigger.type, sourceTrigger.property)",
        )
        for _ in range(5):
            self.reactor.advance(60)
            self.turn(4)
        self.assertEqual(self.texts, ["date cron"])

    def test_others_may_execute_it_and_it_is_running_then(self) -> None:
        self.scene(
            '{conditions={{type="custom-event", property="never", isTrigger=true}}}',
            "print(sourceTrigger.type, fibaro.countScenes(sceneId))",
        )
        self.ask("POST", "/scenes/1/execute")
        self.turn(4)
        self.assertEqual(self.texts, ["manual 1"])
        self.assertIs(self.ask("GET", "/scenes/1")[1]["isRunning"], False)

    def test_error_in_actions_is_reported_and_the_next_run_comes(self) -> None:
        self.scene(
            '{conditions={{type="custom-event", property="go", isTrigger=true}}}',
            "error('bad')",
        )
        self.ask("POST", "/customEvents", {"name": "go", "userDescription": ""})
        for _ in range(2):
            self.ask("POST", "/customEvents/go")
            self.turn(4)
        self.assertEqual(len(self.errors), 2)
        self.assertTrue(self.errors[0].startswith("[SCENE1] test.lua:4: bad"))

    def test_conditions_that_cannot_be_read_name_the_line(self) -> None:
        done = self.runtime.run_string(
            HEAD + "local conditions = {\n  type = \n}", "@test.lua"
        )
        failure = self.failureResultOf(done)
        self.assertIn("test.lua:5: conditions: a value expected", str(failure.value))


class CompareTests(SynchronousTestCase):
    def test_operators(self) -> None:
        for operator, found, wanted, answer in (
            ("==", "5", 5, True),
            ("==", True, "true", True),
            ("!=", "a", "b", True),
            (">", 5, "4", True),
            (">=", 5, 5, True),
            ("<", 5, 5, False),
            ("<=", "x", 5, False),
            ("anyValue", None, 5, True),
            ("what", 5, 5, False),
        ):
            self.assertIs(compare(operator, found, wanted), answer, (operator, found))

    def test_cron(self) -> None:
        now = time.strptime("2026-11-25 18:30", "%Y-%m-%d %H:%M")  # a Wednesday
        for operator, fields, answer in (
            ("match", ["30", "18", "*", "*", "*", "*"], True),
            ("match", ["30", "17-19", "*", "*", "2,4", "*"], True),
            ("match", ["31", "18", "*", "*", "*", "*"], False),
            ("match>=", ["0", "18", "*", "*", "*", "*"], True),
            ("match<", ["0", "18", "*", "*", "*", "*"], False),
            ("match>=", ["0", "18", "*", "*", "1", "*"], False),
            ("match!=", ["0", "18", "*", "*", "*", "*"], True),
        ):
            self.assertIs(matches_cron(operator, list(fields), now), answer, fields)
