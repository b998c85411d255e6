"""The tables of docs/hc3-api.md; C{python -m tests.support.hc3_tables} writes them."""

from __future__ import annotations

import re

from twisted.internet.task import Clock

from eplua_twisted.hc3 import (
    actions,
    alarms,
    copies,
    devices,
    events,
    fetch,
    hosts,
    house,
    messages,
    notifications,
    proxy,
    quickapps,
    routing,
    site,
    state_file,
)
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.type_table import TYPES
from eplua_twisted.site.site import MAX_CONNECTIONS
from tests.support.programs import ROOT

PAGE = ROOT / "docs" / "hc3-api.md"


def routes() -> str:
    rows = ["| method | path | |", "| --- | --- | --- |"]
    for route in SimulatedController(Clock()).router.routes:
        path = route.pattern.replace("{", "").replace("}", "")
        if "{" in route.pattern:
            path = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), route.pattern)
        rows.append(f"| {route.method} | `{path}` | {route.about} |")
    return "\n".join(rows)


def types() -> str:
    rows = ["| type | based on | properties that it adds | actions |"]
    rows.append("| --- | --- | --- | --- |")
    for name, kind in TYPES.items():
        own = [] if name == "device" else sorted(kind.properties)
        marks = ", ".join(f"`{each}`" for each in own)
        acts = ", ".join(
            f"`{each}`" + ("" if each in actions.ACTIONS else " *")
            for each in kind.actions
        )
        rows.append(f"| `{name}` | `{kind.base}` | {marks} | {acts} |")
    return "\n".join(rows).replace("`` |", " |")


def bounds() -> str:
    rows = ["| what | bound | beyond it |", "| --- | --- | --- |"]
    for what, bound, beyond in (
        ("records of a table: devices, rooms, variables ...", house.MAX_RECORDS, "507"),
        (
            "things in a QuickApp's storage, and its files",
            quickapps.MAX_VARIABLES,
            "507",
        ),
        ("events that are kept, and changes", events.MAX_EVENTS, "the oldest go"),
        ("long polls at a time", events.MAX_POLLS, "429"),
        ("seconds that a long poll waits", int(events.POLL_TIME), "no events"),
        ("messages of `debugMessages`", messages.MAX_MESSAGES, "the oldest go"),
        ("messages to phones", notifications.MAX_PUSHES, "the oldest go"),
        ("entries of the alarms' history", alarms.MAX_HISTORY, "the oldest go"),
        ("seconds of `armDelay` and `breachDelay`", alarms.MAX_DELAY, "400"),
        ("delayed actions", devices.MAX_DELAYED, "429"),
        (
            "actions and events that wait to be told",
            hosts.MAX_UNTOLD,
            "dropped, and logged",
        ),
        ("fetches of `/proxy` at a time", proxy.MAX_FETCHES, "429"),
        ("bytes of what is fetched", fetch.MAX_SIZE, "502"),
        ("lists and objects in one another", copies.MAX_DEPTH, "400"),
        ("characters of a path with its query", routing.MAX_PATH, "400"),
        ("bytes of a request's body, by HTTP", site.MAX_BODY, "413"),
        ("clients of a site at a time", MAX_CONNECTIONS, "closed"),
        ("bytes of a state file", state_file.MAX_SIZE, "an error"),
    ):
        rows.append(f"| {what} | {bound} | {beyond} |")
    return "\n".join(rows)


TABLES = {"routes": routes, "types": types, "bounds": bounds}


def made(text: str) -> str:
    """The page with its tables as they ought to be."""
    for name, make in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        assert found, name
        text = f"{before}{begin}\n{make()}\n\n{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text()))
