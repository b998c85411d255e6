"""
The view of a QuickApp as rows of elements, as headers write it, and the properties of the
device that stand for it: C{viewLayout}, C{uiView} and C{uiCallbacks}.
"""

from __future__ import annotations

from eplua_twisted.hc3.plain import Plain, Record

KINDS = {
    "button": ("onReleased", "onLongPressDown", "onLongPressReleased"),
    "switch": ("onReleased", "onLongPressDown", "onLongPressReleased"),
    "slider": ("onChanged",),
    "select": ("onToggled",),
    "multi": ("onToggled",),
    "label": (),
    "image": (),
    "input": ("onChanged",),
}
"""The elements, and the events that each has."""

_DEFAULTS: dict[str, Record] = {
    "slider": {"min": "0", "max": "100", "step": "1", "value": "0"},
    "switch": {"value": "false"},
    "select": {"selectionType": "single", "values": [], "options": []},
}


class BadRow(ValueError):
    """What is no row of elements."""


def elements_of(row: Plain) -> list[Record]:
    """
    The elements of a row: C{{button="b"}} is one, a list has several.

    @raise BadRow: it holds something else
    """
    given = row if isinstance(row, list) else [row]
    return [_element(each) for each in given]


def _element(given: Plain) -> Record:
    if not isinstance(given, dict):
        raise BadRow('an element is a table: {button = "name", text = "..."}')
    if isinstance(given.get("type"), str) and isinstance(given.get("name"), str):
        kind = str(given["type"])
        rest = {
            name: each for name, each in given.items() if name not in ("type", "name")
        }
        name = str(given["name"])
    else:
        kinds = [each for each in KINDS if isinstance(given.get(each), str)]
        if len(kinds) != 1:
            raise BadRow(f"an element is one of {', '.join(KINDS)}")
        kind, name = kinds[0], str(given[kinds[0]])
        rest = {each: value for each, value in given.items() if each != kind}
    if kind == "multi":
        kind, rest = "select", {"selectionType": "multi", **rest}
    if kind not in KINDS:
        raise BadRow(f"unknown element {kind!r}; known: {', '.join(KINDS)}")
    return {"type": kind, "name": name, "text": "", **_DEFAULTS.get(kind, {}), **rest}


def callbacks_of(rows: list[list[Record]]) -> list[Plain]:
    """C{uiCallbacks}: what each event of each element calls."""
    found: list[Plain] = []
    for row in rows:
        for each in row:
            for event in KINDS[str(each["type"])]:
                callback = each.get(event)
                if not isinstance(callback, str):
                    callback = (
                        each.get("f") if event in ("onReleased", "onChanged") else ""
                    )
                if callback:
                    found.append(
                        {"name": each["name"], "eventType": event, "callback": callback}
                    )
    return found


def _events(element: Record) -> Record:
    names = KINDS[str(element["type"])]
    return {name: element[name] for name in names if element.get(name)}


def _shown(element: Record) -> Record:
    """An element without its events."""
    hidden = {*KINDS[str(element["type"])], "f"}
    return {name: value for name, value in element.items() if name not in hidden}


def ui_view(rows: list[list[Record]]) -> list[Plain]:
    """C{uiView}: the rows with their elements."""
    return [
        {
            "type": "horizontal",
            "style": {"weight": "1.0"},
            "components": [
                {
                    "visible": True,
                    "style": {"weight": "1.0"},
                    **_shown(each),
                    "eventBinding": {
                        event: [
                            {
                                "type": "deviceAction",
                                "params": {
                                    "actionName": "UIAction",
                                    "args": [event, each["name"], "$event.value"],
                                },
                            }
                        ]
                        for event in _events(each)
                    },
                }
                for each in row
            ],
        }
        for row in rows
    ]


def view_layout(rows: list[list[Record]], title: str) -> Record:
    """C{viewLayout}: the same in the older shape."""
    items: list[Plain] = []
    for row in rows:
        components: list[Plain] = [
            {
                "style": {"weight": "1.0" if len(row) == 1 else f"{1 / len(row):.2f}"},
                **_shown(each),
                **_events(each),
            }
            for each in row
        ]
        part: Record = (
            {"components": components, "type": "horizontal"}
            if len(row) > 1
            else record_of(components[0])
        )
        items.append(
            {
                "type": "vertical",
                "style": {"weight": "1.2"},
                "components": [part, {"style": {"weight": "0.5"}, "type": "space"}],
            }
        )
    return {
        "$jason": {
            "body": {
                "header": {"style": {"height": "0"}, "title": title},
                "sections": {"items": items},
            },
            "head": {"title": title},
        }
    }


def record_of(value: Plain) -> Record:
    assert isinstance(value, dict)
    return value


def properties_of(rows: list[list[Record]], title: str) -> Record:
    """The properties that stand for a view."""
    return {
        "viewLayout": view_layout(rows, title),
        "uiView": ui_view(rows),
        "uiCallbacks": callbacks_of(rows),
    }
