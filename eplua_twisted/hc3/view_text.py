"""The views of devices as text."""

from __future__ import annotations

import re

from eplua_twisted.hc3.markup import plain_text
from eplua_twisted.hc3.plain import Plain, Record, items, records, text, texts

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

BAR = 20
"""Characters of the bar of a slider."""


def _line(value: Plain) -> str:
    """One line, which cannot steer a terminal."""
    return _CONTROL.sub("?", text(value).replace("\n", " / "))


def _label(element: Record) -> str:
    shown = plain_text(records(element["text"]))
    return _line(shown) or _line(element["name"])


def _bar(element: Record) -> str:
    low, high, value = (float(str(element[name])) for name in ("min", "max", "value"))
    part = (value - low) / (high - low) if high > low else 0
    filled = round(part * BAR)
    return "=" * filled + "-" * (BAR - filled)


def _choice(element: Record) -> str:
    chosen = texts(element["selected"])
    options = []
    for each in records(element["options"]):
        mark = "x" if each["value"] in chosen else " "
        form = f"[{mark}]" if element["multi"] else f"({mark})"
        options.append(f"{form} {_line(each['text'])}")
    return f"{_label(element)}: " + "  ".join(options)


def element_text(element: Record) -> str:
    """An element in one line."""
    kind = element["kind"]
    label = _label(element)
    if kind == "button":
        return f"[ {label} ]"
    if kind == "switch":
        return f"[{'x' if element['on'] else ' '}] {label}"
    if kind == "slider":
        limits = f"{element['min']} to {element['max']}"
        return f"{label}: |{_bar(element)}| {element['value']} ({limits})"
    if kind == "select":
        return _choice(element)
    if kind == "image":
        return f"(image) {label} {_line(element['url'])}".rstrip()
    if kind == "input":
        return f"{label}: [{_line(element['value'])}]"
    return label


def _row(row: list[Record]) -> list[str]:
    if len(row) == 1 and row[0]["kind"] == "label":
        shown = plain_text(records(row[0]["text"]))
        return [_CONTROL.sub("?", each) for each in shown.split("\n")]
    return ["   ".join(element_text(each) for each in row)]


def device_text(device: Record) -> str:
    """
    @param device: as L{shown_device<eplua_twisted.hc3.view_elements.shown_device>} has it
    @return: some lines, without a newline at the end
    """
    indent = "    " if device["parent"] else ""
    head = f"{device['id']} {_line(device['name'])} ({_line(device['type'])})"
    if device["value"]:
        head += f": {_line(device['value'])}"
    lines = [head]
    log = plain_text(records(device["log"]))
    if log:
        lines.append(f"  {_line(log)}")
    for row in items(device["rows"]):
        lines += [f"  {each}".rstrip() for each in _row(records(row))]
    return "\n".join(indent + each for each in lines)


def in_order(devices: list[Record]) -> list[Record]:
    """QuickApps by their numbers, each with its children behind it."""
    known = {each["id"] for each in devices}

    def place(device: Record) -> tuple[int, bool, int]:
        number, parent = int(str(device["id"])), device["parent"]
        inside = parent in known
        return int(str(parent)) if inside else number, inside, number

    return sorted(devices, key=place)


def views_text(devices: list[Record]) -> str:
    """All of them, with an empty line between two QuickApps."""
    parts: list[str] = []
    for each in in_order(devices):
        if parts and not each["parent"]:
            parts.append("")
        parts.append(device_text(each))
    return "\n".join(parts)
