"""docs/hc3-api.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import eplua_twisted.hc3
from eplua_twisted.hc3.house import NAMED, NUMBERED, OBJECTS
from eplua_twisted.hc3.notifications import NOTIFICATION
from eplua_twisted.hc3.panels import SHAPES
from eplua_twisted.hc3.rooms import ROOM, SECTION
from eplua_twisted.hc3.scenes import SCENE
from eplua_twisted.hc3.state_file import check
from tests.support.hc3 import ControllerTestCase
from tests.support.hc3_tables import PAGE, made

PACKAGE = Path(eplua_twisted.hc3.__file__).parent


class PageTests(ControllerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.text = PAGE.read_text()

    def test_tables_are_those_of_the_code(self) -> None:
        """C{make reference} writes them."""
        self.assertEqual(made(self.text), self.text)

    def test_every_event_is_there(self) -> None:
        kinds = set()
        for path in PACKAGE.glob("*.py"):
            kinds.update(re.findall(r'"([A-Z]\w+Event)"', path.read_text()))
        kinds |= {"AlarmPartitionArmedEvent", "AlarmPartitionBreachedEvent"}
        for shape in (*SHAPES, ROOM, SECTION, SCENE, NOTIFICATION):
            if shape.event:
                kinds |= {
                    f"{shape.event}{what}Event"
                    for what in ("Created", "Modified", "Removed")
                }
        section = self.text.partition("## Events")[2].partition("\n## ")[0]
        missing = {each for each in kinds if f"`{each}`" not in section}
        self.assertEqual(missing, set())

    def test_every_table_of_the_file_is_there(self) -> None:
        section = self.text.partition("## The state file")[2].partition("\n## ")[0]
        for name in (*NUMBERED, *NAMED, *OBJECTS, "next", "format"):
            self.assertTrue(f"`{name}`" in section or f'"{name}"' in section, name)

    def test_its_state_file_can_be_used(self) -> None:
        (text,) = re.findall(r"```json\n(.*?)```", self.text, re.DOTALL)
        data = json.loads(text)
        self.assertEqual(list(check(data)), [])
        del data["format"]
        self.controller = self.make(data)
        self.assertEqual(self.get("/rooms/220")["name"], "Hall")

    def test_its_error_is_one(self) -> None:
        _, body = self.ask("GET", "/devices/99")
        self.assertIn(json.dumps(body), self.text)


class HostFactTests(ControllerTestCase):
    """What hc3-host.md says of the paths that published scripts ask for."""

    def test_paths_that_scripts_ask_for_are_answered(self) -> None:
        self.controller.set_global("a", "1")
        for path in (
            "/devices",
            "/devices/1",
            "/devices?parentId=1",
            "/devices/1/properties/dead",
            "/globalVariables",
            "/globalVariables/a",
            "/settings/info",
            "/settings/location",
            "/settings/network",
            "/panels/location",
            "/plugins/getView?id=1",
            "/customEvents",
            "/rooms",
            "/refreshStates?last=0",
            "/scenes",
            "/alarms/v1/partitions",
        ):
            self.assertEqual(self.ask("GET", path)[0], 200, path)
        self.assertEqual(self.ask("POST", "/devices/filter", {})[0], 200)

    def test_answers_have_data_and_a_status(self) -> None:
        """hc3-net-api.md section 8: api.get returns data and status."""
        self.assertEqual(self.ask("GET", "/customEvents"), (200, []))
        self.assertEqual(self.ask("GET", "/customEvents/a")[0], 404)

    def test_variables_keep_the_type_of_their_values(self) -> None:
        number = self.quickapp(variables={"a": 5, "b": "5", "c": True, "d": {"x": [1]}})
        found = self.get(f"/devices/{number}/properties/quickAppVariables")["value"]
        self.assertEqual([each["value"] for each in found], [5, "5", True, {"x": [1]}])
