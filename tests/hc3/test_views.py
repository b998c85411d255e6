"""Views of devices: what is shown of them, and as text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eplua_twisted.hc3.view_elements import rows_of, shown_device
from eplua_twisted.hc3.view_rows import KINDS, elements_of, properties_of
from eplua_twisted.hc3.view_text import device_text, views_text
from tests.support.hc3 import ControllerTestCase

OPTIONS = [
    {"type": "option", "text": "Comfort", "value": "comfort"},
    {"type": "option", "text": "Eco", "value": "eco"},
]

VIEW: list[Any] = [
    {"label": "l", "text": "Hall<br>21 &deg;C"},
    [{"button": "b1", "text": "Up"}, {"button": "b2", "text": ""}],
    {"slider": "s", "text": "Level", "min": "5", "max": "30", "step": "0.5"},
    {"switch": "w", "text": "Heating", "value": "true", "onReleased": "w"},
    {"select": "m", "text": "Mode", "options": OPTIONS, "value": "eco"},
    {"multi": "d", "text": "Days", "options": OPTIONS, "values": ["comfort"]},
    {"image": "i", "text": "Camera", "url": "http://192.0.2.1/now.jpg"},
    {"input": "n", "text": "Name", "value": "x"},
]


NAMES = [
    *("type", "name", "components", "items", "$jason", "body", "visible", "text"),
    *("value", "values", "min", "max", "step", "options", "selectionType", "url"),
    *("selectedItem", "selectedItems", "eventType", "callback"),
]

PROPERTIES = ("uiView", "viewLayout", "uiCallbacks", "value", "unit", "log")


def properties(view: list[Any]) -> dict[str, Any]:
    return properties_of([elements_of(each) for each in view], "App")


class RowTests(ControllerTestCase):
    def rows(self, *view: Any) -> list[list[Any]]:
        return rows_of(properties(list(view)))

    def element(self, **given: Any) -> Any:
        ((found,),) = self.rows(given)
        return found

    def test_both_shapes_are_the_same(self) -> None:
        whole = properties(VIEW)
        layout: Any = {**whole, "uiView": []}
        self.assertEqual(rows_of(layout), rows_of(whole))
        self.assertEqual(
            [len(each) for each in rows_of(whole)], [1, 2, 1, 1, 1, 1, 1, 1]
        )

    def test_view_that_is_none(self) -> None:
        deep: Any = []
        for _ in range(200):
            deep = {"components": [deep]}
        views: list[Any] = [
            None,
            "x",
            5,
            [5, None],
            {"$jason": 1},
            deep,
            [{"type": "x"}],
        ]
        for view in views:
            self.assertEqual(rows_of({"uiView": view}), [])

    def test_hidden_elements_are_left_out(self) -> None:
        for hidden in (False, "false"):
            found = self.rows(
                [
                    {"button": "a", "visible": hidden},
                    {"button": "b", "visible": True},
                ],
                {"label": "c", "visible": hidden},
            )
            self.assertEqual([[e["name"] for e in row] for row in found], [["b"]])

    def test_slider_has_numbers(self) -> None:
        found = self.element(slider="s", min="5", max="30", step="0.5", value="21.5")
        self.assertEqual(
            [found[each] for each in ("min", "max", "step", "value")],
            [5, 30, 0.5, 21.5],
        )

    def test_slider_with_anything_else_is_one_still(self) -> None:
        for value, shown in (("", 0), ("nan", 0), ("1e999", 0), (500, 100), (None, 0)):
            self.assertEqual(self.element(slider="s", value=value)["value"], shown)
        found = self.element(slider="s", min="9", max="3", step="-1", value="x")
        self.assertEqual(
            [found[each] for each in ("min", "max", "step", "value")], [9, 9, 1, 9]
        )

    def test_switch(self) -> None:
        for value, on in (("true", True), (True, True), (1, True), ("0", False)):
            self.assertIs(self.element(switch="w", value=value)["on"], on)

    def test_switch_tells_the_event_that_has_a_callback(self) -> None:
        self.assertEqual(self.element(switch="w")["event"], "onReleased")
        whole = properties([{"switch": "w"}])
        whole["uiCallbacks"] = [
            {"name": "w", "eventType": "onToggled", "callback": "f"}
        ]
        self.assertEqual(rows_of(whole)[0][0]["event"], "onToggled")

    def test_long_presses_only_where_there_is_a_callback(self) -> None:
        self.assertFalse(self.element(button="b", onReleased="f")["longPress"])
        self.assertTrue(self.element(button="b", onLongPressDown="f")["longPress"])

    def test_selection(self) -> None:
        for fields, chosen in (
            ({"value": "eco"}, ["eco"]),
            ({"selectedItem": "eco", "value": "x"}, ["eco"]),
            ({"selectionType": "multi", "values": ["a", 2]}, ["a", "2"]),
            (
                {"selectionType": "multi", "selectedItems": ["a"], "values": ["b"]},
                ["a"],
            ),
            ({}, []),
        ):
            found = self.element(select="m", options=OPTIONS, **fields)
            self.assertEqual(found["selected"], chosen)

    def test_images_come_from_the_web_only(self) -> None:
        for url, shown in (
            ("https://a/b.png", "https://a/b.png"),
            ("data:image/png;base64,AA", "data:image/png;base64,AA"),
            ("javascript:alert(1)", ""),
            ("data:text/html,x", ""),
            ("/assets/x.png", ""),
        ):
            self.assertEqual(self.element(image="i", url=url)["url"], shown)

    def test_updates_show(self) -> None:
        number = self.quickapp(properties=properties(VIEW))
        for name, what, value in (
            ("l", "text", "cold"),
            ("s", "value", "9.5"),
            ("w", "value", "false"),
            ("m", "selectedItem", "comfort"),
            ("d", "values", ["comfort", "eco"]),
            ("d", "options", OPTIONS[:1]),
            ("b1", "visible", False),
            ("nothing", "text", "x"),
        ):
            body = {
                "deviceId": number,
                "componentName": name,
                "propertyName": what,
                "newValue": value,
            }
            self.assertEqual(self.ask("POST", "/plugins/updateView", body)[0], 200)
        shown = device_text(shown_device(self.get(f"/devices/{number}")))
        self.assertEqual(
            shown.split("\n")[1:7],
            [
                "  cold",
                "  [ b2 ]",
                "  Level: |====----------------| 9.5 (5 to 30)",
                "  [ ] Heating",
                "  Mode: (x) Comfort  ( ) Eco",
                "  Days: [x] Comfort",
            ],
        )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.just(10**400)
    | st.sampled_from(["", "a", "false", "1e999", "<b>x", "\udcff", *KINDS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=20,
)


class AnyViewTests(ControllerTestCase):
    @given(st.fixed_dictionaries(dict.fromkeys(PROPERTIES, JSON)))
    def test_whatever_a_script_writes_is_shown(self, properties: Any) -> None:
        """The page can read it, and a terminal shows it."""
        device = {"id": 7, "name": "App", "type": "t", "properties": properties}
        shown = shown_device(device)
        json.dumps(shown, allow_nan=False)
        self.assertTrue(device_text(shown))

    @given(st.dictionaries(st.sampled_from(NAMES), JSON), st.sampled_from([*KINDS]))
    def test_whatever_an_element_has(self, element: Any, kind: str) -> None:
        view: Any = [{**element, "type": kind, "name": "e", "visible": True}]
        shown = shown_device({"id": 7, "properties": {"uiView": view}})
        json.dumps(shown, allow_nan=False)
        self.assertIn("\n", device_text(shown) + "\n")
        self.assertEqual(len(rows_of({"uiView": view})), 1)


class TextTests(ControllerTestCase):
    def text(self, *view: Any, **fields: Any) -> str:
        device: Any = {
            "id": 7,
            "name": "App",
            "type": "t",
            "properties": {**properties(list(view)), **fields},
        }
        return device_text(shown_device(device))

    def test_each_element(self) -> None:
        self.assertEqual(
            self.text(*VIEW, value=21.5, unit="°C", log="just now"),
            "7 App (t): 21.5 °C\n"
            "  just now\n"
            "  Hall\n"
            "  21 °C\n"
            "  [ Up ]   [ b2 ]\n"
            "  Level: |--------------------| 5 (5 to 30)\n"
            "  [x] Heating\n"
            "  Mode: ( ) Comfort  (x) Eco\n"
            "  Days: [x] Comfort  [ ] Eco\n"
            "  (image) Camera http://192.0.2.1/now.jpg\n"
            "  Name: [x]",
        )

    def test_terminal_is_not_steered(self) -> None:
        shown = self.text(
            {"label": "l", "text": "a\x1b[31mb"}, {"button": "b", "text": "c\x9bd\ne"}
        )
        self.assertEqual(shown, "7 App (t)\n  a?[31mb\n  [ c?d / e ]")

    def test_children_stand_below_their_parents(self) -> None:
        devices = [
            shown_device({"id": number, "name": name, "type": "t", "parentId": parent})
            for number, name, parent in (
                (9, "child", 4),
                (5, "other", 0),
                (4, "parent", 0),
            )
        ]
        self.assertEqual(
            views_text(devices), "4 parent (t)\n    9 child (t)\n\n5 other (t)"
        )
