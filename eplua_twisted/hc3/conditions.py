"""
The conditions of scenes: which event triggers a scene, and whether all that they ask for
holds::

    { operator = "all", conditions = {
        { type = "device", id = 25, property = "value", operator = "==", value = true,
          isTrigger = true },
        { type = "date", property = "cron", operator = "match>=",
          value = { "0", "18", "*", "*", "*", "*" } } } }
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator

from eplua_twisted.hc3.plain import (
    Plain,
    Record,
    integer,
    is_number,
    items,
    record,
    same,
)

Read = Callable[[str], Awaitable[Plain]]
"""Reads a path of the REST API; C{None} where there is nothing."""

SUN = {"sunrise": "sunriseHour", "sunset": "sunsetHour"}


def leaves(conditions: Plain) -> Iterator[Record]:
    """The single conditions of a tree."""
    given = record(conditions)
    if "conditions" in given:
        for each in items(given["conditions"]):
            yield from leaves(each)
    elif given:
        yield given


def triggers(conditions: Plain) -> list[Record]:
    """The conditions that trigger a scene."""
    return [each for each in leaves(conditions) if each.get("isTrigger") is True]


def has_dates(conditions: Plain) -> bool:
    """Whether time triggers it."""
    return any(each.get("type") == "date" for each in triggers(conditions))


def trigger_of(event: Record) -> Record | None:
    """C{sourceTrigger} for an event of the controller; C{None} for what triggers none."""
    kind, data = event.get("type"), record(event.get("data"))
    if kind == "DevicePropertyUpdatedEvent":
        return {
            "type": "device",
            "id": data.get("id"),
            "property": data.get("property"),
            "value": data.get("newValue"),
        }
    if kind == "CentralSceneEvent":
        number = data.get("id", data.get("deviceId"))
        value: Record = {
            "keyId": data.get("keyId"),
            "keyAttribute": data.get("keyAttribute"),
        }
        return {
            "type": "device",
            "id": number,
            "property": "centralSceneEvent",
            "value": value,
        }
    if kind == "GlobalVariableChangedEvent":
        return {
            "type": "global-variable",
            "property": data.get("variableName"),
            "value": data.get("newValue"),
        }
    if kind == "CustomEvent":
        return {"type": "custom-event", "property": data.get("name")}
    if kind == "ActiveProfileChangedEvent":
        return {
            "type": "profile",
            "property": "activeProfile",
            "value": data.get("newActiveProfile"),
        }
    if kind in ("AlarmPartitionArmedEvent", "AlarmPartitionBreachedEvent"):
        name = "armed" if "armed" in data else "breached"
        return {
            "type": "alarm",
            "id": data.get("partitionId"),
            "property": name,
            "value": data.get(name),
        }
    if kind == "WeatherChangedEvent":
        return {
            "type": "weather",
            "property": data.get("change"),
            "value": data.get("newValue"),
        }
    return None


def is_about(condition: Record, trigger: Record) -> bool:
    """Whether a trigger is what a condition waits for, whatever its value."""
    names = ("type", "property", "id") if "id" in condition else ("type", "property")
    return all(_alike(condition.get(name), trigger.get(name)) for name in names)


def _alike(one: Plain, other: Plain) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return same(one, other)


def compare(operator: Plain, found: Plain, wanted: Plain) -> bool:
    """Whether a value is what an operator of HC3 asks for."""
    if operator in ("anyValue", None):
        return True
    one, other = _comparable(found), _comparable(wanted)
    if operator == "==":
        return same(one, other)
    if operator == "!=":
        return not same(one, other)
    if not is_number(one) or not is_number(other):
        return False
    assert isinstance(one, (int, float))
    assert isinstance(other, (int, float))
    if operator == ">":
        return one > other
    if operator == ">=":
        return one >= other
    if operator == "<":
        return one < other
    return operator == "<=" and one <= other


def _comparable(value: Plain) -> Plain:
    """Numbers and booleans may stand in strings."""
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    try:
        return float(value)
    except ValueError:
        return value


def matches_cron(operator: Plain, wanted: Plain, now: time.struct_time) -> bool:
    """
    Whether a moment is what C{cron} asks for: minute, hour, day, month, day of the week
    (1 is Sunday), year; C{*} is any.
    """
    fields = [str(each) for each in items(wanted)]
    weekday = (now.tm_wday + 1) % 7 + 1
    moment = [now.tm_min, now.tm_hour, now.tm_mday, now.tm_mon, weekday, now.tm_year]
    fields += ["*"] * (6 - len(fields))
    if operator in ("match", "match=", "match==", "=="):
        return all(map(_matches, fields, moment))
    if not _matches(fields[4], weekday):
        return False
    # From the greatest to the least; what may be anything is what it is now.
    order = (5, 3, 2, 1, 0)
    one = [moment[place] for place in order]
    other = [
        moment[place] if fields[place] == "*" else integer(fields[place]) or 0
        for place in order
    ]
    if operator == "match!=":
        return one != other
    if operator == "match>":
        return one > other
    if operator == "match>=":
        return one >= other
    if operator == "match<":
        return one < other
    return operator == "match<=" and one <= other


def _matches(field: str, value: int) -> bool:
    if field == "*":
        return True
    for each in field.split(","):
        first, separator, last = each.partition("-")
        low, high = integer(first.strip()), integer(last.strip())
        if separator and low is not None and high is not None and low <= value <= high:
            return True
        if low == value:
            return True
    return False


async def holds(conditions: Plain, read: Read, now: float) -> bool:
    """Whether all that the conditions ask for holds now; none always do."""
    given = record(conditions)
    if "conditions" not in given:
        return not given or await _holds(given, read, now)
    found = [await holds(each, read, now) for each in items(given["conditions"])]
    if not found:
        return True
    return any(found) if given.get("operator") == "any" else all(found)


async def _holds(condition: Record, read: Read, now: float) -> bool:
    kind, name = condition.get("type"), str(condition.get("property"))
    operator, wanted = condition.get("operator"), condition.get("value")
    if kind == "date":
        return await _date_holds(condition, read, now)
    if kind in ("custom-event", "se-start", "manual"):
        # They happen; there is no state of them.
        return True
    found: Plain = None
    if kind == "device":
        if name == "centralSceneEvent":
            return True
        path = f"/devices/{condition.get('id')}/properties/{name}"
        found = record(await read(path)).get("value")
    elif kind == "global-variable":
        found = record(await read(f"/globalVariables/{name}")).get("value")
    elif kind == "profile":
        found = record(await read("/profiles")).get("activeProfile")
    elif kind == "weather":
        found = record(await read("/weather")).get(name)
    elif kind == "alarm":
        found = record(await read(f"/alarms/v1/partitions/{condition.get('id')}")).get(
            name
        )
    else:
        return False
    return compare(operator, found, wanted)


async def _date_holds(condition: Record, read: Read, now: float) -> bool:
    name = str(condition.get("property"))
    operator, wanted = condition.get("operator"), condition.get("value")
    moment = time.localtime(now)
    if name not in SUN:
        return matches_cron(operator, wanted, moment)
    properties = record(record(await read("/devices/1")).get("properties"))
    hour, _, minute = str(properties.get(SUN[name]) or "").partition(":")
    if not hour.isdigit() or not minute.isdigit():
        return False
    at = int(hour) * 60 + int(minute) + int(integer(wanted) or 0)
    return compare(operator, moment.tm_hour * 60 + moment.tm_min, at)


def event_holds(condition: Record, trigger: Record) -> bool:
    """Whether what has happened is what a condition about events asks for."""
    if condition.get("property") != "centralSceneEvent":
        return True
    wanted, found = record(condition.get("value")), record(trigger.get("value"))
    return all(_alike(found.get(name), value) for name, value in wanted.items())
