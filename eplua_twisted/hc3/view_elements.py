"""
The view of a device as it is shown: rows of elements, with their texts and values as they
are now.  It is the same for the page and for the terminal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress

from eplua_twisted.hc3.markup import pieces_of, text_of
from eplua_twisted.hc3.plain import (
    Plain,
    Record,
    is_number,
    items,
    record,
    records,
    text,
)
from eplua_twisted.hc3.view_rows import KINDS

MAX_DEPTH = 20
"""How deep the parts of a view may lie in each other."""

MAX_ELEMENTS = 500
"""Elements of one view that are shown."""

LARGEST = 1e15
"""What numbers of sliders are below."""

SWITCH_EVENTS = ("onReleased", "onToggled")
"""What using a switch may be called; the one that the view has a callback for counts."""

_PARTS = ("$jason", "body", "sections", "items", "components")


def _number(value: Plain, default: float) -> float:
    """A number, which views often write as a string."""
    found = math.nan
    if is_number(value) or isinstance(value, str):
        with suppress(ValueError, OverflowError):
            found = float(str(value))
    # What is no number, or infinite, is nothing that a slider can show.
    return found if abs(found) < LARGEST else float(default)


def _shown(number: float) -> Plain:
    return int(number) if number.is_integer() else number


def is_true(value: Plain) -> bool:
    """What a switch takes for on."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1", "on")
    return value is True or value == 1


def _hidden(element: Record) -> bool:
    visible = element.get("visible", True)
    return visible is False or text(visible).lower() == "false"


def rows_in(view: Plain, depth: int = 0) -> Iterator[list[Record]]:
    """The elements of a C{viewLayout} or a C{uiView}, a row at a time, as they are."""
    if depth > MAX_DEPTH:
        return
    if isinstance(view, list):
        for each in view:
            yield from rows_in(each, depth + 1)
    elif isinstance(view, dict):
        kind = text(view.get("type"))
        if kind == "horizontal":
            yield [
                each
                for each in records(view.get("components"))
                if text(each.get("type")) in KINDS
            ]
        elif kind in KINDS and "name" in view:
            yield [view]
        else:
            for part in _PARTS:
                yield from rows_in(view.get(part), depth + 1)


def bound_events(properties: Record) -> dict[str, set[str]]:
    """The events that have a callback, by the names of their elements."""
    found: dict[str, set[str]] = {}
    for each in records(properties.get("uiCallbacks")):
        if text(each.get("callback")):
            events = found.setdefault(text(each.get("name")), set())
            events.add(text(each.get("eventType")))
    return found


def _button(given: Record, bound: set[str]) -> Record:
    return {"longPress": bool(bound & {"onLongPressDown", "onLongPressReleased"})}


def _switch(given: Record, bound: set[str]) -> Record:
    event = next((each for each in SWITCH_EVENTS if each in bound), SWITCH_EVENTS[0])
    return {"on": is_true(given.get("value")), "event": event}


def _slider(given: Record, bound: set[str]) -> Record:
    least = _number(given.get("min"), 0)
    most = max(least, _number(given.get("max"), 100))
    step = _number(given.get("step"), 1)
    value = min(most, max(least, _number(given.get("value"), least)))
    return {
        "min": _shown(least),
        "max": _shown(most),
        "step": _shown(step) if step > 0 else 1,
        "value": _shown(value),
    }


def _select(given: Record, bound: set[str]) -> Record:
    options: list[Plain] = [
        {
            "value": text_of(each.get("value")),
            "text": _bare(each.get("text", each.get("value"))),
        }
        for each in records(given.get("options"))
    ]
    multi = given.get("selectionType") == "multi"
    names = ("selectedItems", "values") if multi else ("selectedItem", "values")
    chosen: Plain = next(
        (given[each] for each in (*names, "value") if given.get(each)), None
    )
    selected = items(chosen) if isinstance(chosen, list) else [chosen]
    return {
        "multi": multi,
        "options": options,
        "selected": [text_of(each) for each in selected if each is not None],
    }


def _image(given: Record, bound: set[str]) -> Record:
    url = text(given.get("url")) or text(given.get("image"))
    allowed = ("http://", "https://", "data:image/")
    return {"url": url if url.lower().startswith(allowed) else ""}


def _input(given: Record, bound: set[str]) -> Record:
    return {"value": text_of(given.get("value"))}


_MAKE: dict[str, Callable[[Record, set[str]], Record]] = {
    "button": _button,
    "switch": _switch,
    "slider": _slider,
    "select": _select,
    "image": _image,
    "input": _input,
}


def _bare(value: Plain) -> str:
    return "".join(str(each["text"]) for each in pieces_of(value))


def element_of(given: Record, bound: set[str]) -> Record:
    """
    An element as it is shown: C{kind}, C{name}, C{text} (pieces, see L{pieces_of}) and
    what its kind has.

    @param bound: the events that call something
    """
    kind = str(given["type"])
    make = _MAKE.get(kind)
    return {
        "kind": kind,
        "name": text_of(given.get("name")),
        "text": [*pieces_of(given.get("text"))],
        **(make(given, bound) if make is not None else {}),
    }


def rows_of(properties: Record) -> list[list[Record]]:
    """
    The rows of a view that are visible.

    @param properties: of the device; C{uiView} is what counts, or where there is none
        C{viewLayout}
    """
    view = properties.get("uiView") or properties.get("viewLayout")
    bound = bound_events(properties)
    found: list[list[Record]] = []
    left = MAX_ELEMENTS
    for given in rows_in(view):
        row = [
            element_of(each, bound.get(text(each.get("name")), set()))
            for each in given[:left]
            if not _hidden(each)
        ]
        left -= len(given[:left])
        if row:
            found.append(row)
    return found


def shown_device(device: Record) -> Record:
    """A device as it is shown: with its value, its log text and its rows."""
    properties = record(device.get("properties"))
    value = properties.get("value")
    unit = text(properties.get("unit"))
    shown = "" if isinstance(value, (dict, list)) else text_of(value)
    return {
        "id": device.get("id"),
        "name": text_of(device.get("name")),
        "type": text(device.get("type")),
        "parent": device.get("parentId") or 0,
        "value": f"{shown} {unit}".strip() if shown else "",
        "log": [*pieces_of(properties.get("log"))],
        "rows": [list[Plain](each) for each in rows_of(properties)],
    }
