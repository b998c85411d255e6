"""C{/devices}: the routes."""

from __future__ import annotations

from collections.abc import Callable

from eplua_twisted.hc3.device_types import PREFIX, hierarchy, is_a
from eplua_twisted.hc3.devices import Devices
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import (
    Plain,
    Record,
    integer,
    is_number,
    items,
    record,
    records,
    text,
    texts,
)
from eplua_twisted.hc3.routing import Refused, Request, Route

LONGEST_DELAY = 2**31 / 1000
"""Seconds that an action may be delayed."""


def as_text(value: Plain) -> str:
    """A value as the box compares it: as Lua's C{tostring} would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def arguments_of(fields: Record) -> list[Plain]:
    """
    C{args} of a call of an action.

    @raise Refused: 400: they are no list
    """
    given = fields.get("args")
    if given is None or given == {}:
        return []
    if not isinstance(given, list):
        raise Refused(400, "args has to be a list")
    return given


class DeviceRoutes:
    """The subject C{devices} of the REST API."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._house = devices.house

    def routes(self) -> list[Route]:
        here = "/devices"
        one = "/devices/{id}"
        return [
            Route(
                "GET", here, self._list, "all devices, or those that the query asks for"
            ),
            Route("POST", here, self._add, "add a device"),
            Route(
                "POST", f"{here}/filter", self._filter, "the devices of several filters"
            ),
            Route("GET", f"{here}/hierarchy", self._hierarchy, "the types of devices"),
            Route(
                "POST", f"{here}/addInterface", self._add_interfaces, "add interfaces"
            ),
            Route(
                "POST",
                f"{here}/deleteInterface",
                self._drop_interfaces,
                "take them away",
            ),
            Route(
                "POST",
                f"{here}/groupAction/{{name}}",
                self._group_action,
                "call an action of several devices",
            ),
            Route(
                "DELETE",
                f"{here}/action/{{timestamp}}/{{id}}",
                self._take_back,
                "take back a delayed action",
            ),
            Route("GET", one, self._get, "a device"),
            Route("PUT", one, self._modify, "change a device"),
            Route("DELETE", one, self._remove, "remove a device and its children"),
            Route(
                "GET", f"{one}/properties/{{name}}", self._property, "value and time"
            ),
            Route("PUT", f"{one}/properties/{{name}}", self._set_property, "set it"),
            Route("POST", f"{one}/action/{{name}}", self._action, "call an action"),
            Route("GET", "/callAction", self._call_by_query, "the same, by its query"),
        ]

    # Looking.

    def _list(self, request: Request) -> Answer:
        tests = [_test(name, [value]) for name, value in request.query.items()]
        return 200, [
            each for each in self._house.devices if all(test(each) for test in tests)
        ]

    def _filter(self, request: Request) -> Answer:
        fields = request.fields
        tests = []
        for each in records(fields.get("filters")):
            value = each.get("value")
            wanted = items(value) if isinstance(value, list) else [value]
            tests.append(_test(text(each.get("filter")), [as_text(v) for v in wanted]))
        attributes = record(fields.get("attributes"))
        found = [each for each in self._house.devices if all(t(each) for t in tests)]
        if attributes:
            return 200, [_part(each, attributes) for each in found]
        return 200, list(found)

    def _hierarchy(self, request: Request) -> Answer:
        return 200, hierarchy()

    def _get(self, request: Request) -> Answer:
        return 200, self._devices.find(request.number("id"))

    def _property(self, request: Request) -> Answer:
        number, name = request.number("id"), request.parameters["name"]
        device = self._devices.find(number)
        properties = record(device["properties"])
        if name not in properties:
            raise Refused(404, f"device {number} has no property {name}")
        modified = self._devices.modified(number, name)
        return 200, {"value": properties[name], "modified": modified}

    # Changing.

    def _add(self, request: Request) -> Answer:
        fields = request.fields
        if not text(fields.get("type")) or not text(fields.get("name")):
            raise Refused(400, "a device needs a name and a type")
        known = ("name", "type", "roomID", "properties", "interfaces", "parentId")
        given = {name: fields[name] for name in known if name in fields}
        # A published script takes any other status for a failure.
        return 200, self._devices.add(given, source=request.source)

    def _modify(self, request: Request) -> Answer:
        number = request.number("id")
        return 200, self._devices.modify(number, request.fields, request.source)

    def _remove(self, request: Request) -> Answer:
        self._devices.remove(request.number("id"), request.source)
        return 200, None

    def _set_property(self, request: Request) -> Answer:
        fields = request.fields
        if "value" not in fields:
            raise Refused(400, "the body needs a value")
        self._devices.set_property(
            request.number("id"),
            request.parameters["name"],
            fields["value"],
            request.source,
        )
        return 200, None

    def _add_interfaces(self, request: Request) -> Answer:
        return self._change_interfaces(request, True)

    def _drop_interfaces(self, request: Request) -> Answer:
        return self._change_interfaces(request, False)

    def _change_interfaces(self, request: Request, add: bool) -> Answer:
        fields = request.fields
        for each in items(fields.get("devicesId")):
            names = texts(fields.get("interfaces"))
            self._devices.change_interfaces(integer(each) or 0, names, add)
        return 200, None

    # Actions.

    def _action(self, request: Request) -> Answer:
        number, name = request.number("id"), request.parameters["name"]
        fields = request.fields
        arguments = arguments_of(fields)
        return 202, self._call(number, name, arguments, fields, request.source)

    def _call_by_query(self, request: Request) -> Answer:
        query = request.query
        number, name = integer(query.get("deviceID")), query.get("name")
        if number is None or not name:
            raise Refused(400, "deviceID and name are needed")
        arguments: list[Plain] = []
        while (given := query.get(f"arg{len(arguments) + 1}")) is not None:
            arguments.append(given)
        return 202, self._call(number, name, arguments, {}, request.source)

    def _group_action(self, request: Request) -> Answer:
        fields = request.fields
        arguments = arguments_of(fields)
        called: list[Plain] = []
        found = [each for each in records(fields.get("devices")) if "id" in each]
        numbers = [each["id"] for each in found] or items(fields.get("devices"))
        if not numbers and "filters" in fields:
            _, rows = self._filter(request)
            numbers = [each["id"] for each in records(rows)]
        for each in numbers:
            number = integer(each) or 0
            self._devices.find(number)
            self._call(
                number, request.parameters["name"], arguments, fields, request.source
            )
            called.append(number)
        return 202, {"devices": called}

    def _call(
        self,
        device_id: int,
        name: str,
        arguments: list[Plain],
        fields: Record,
        source: int | None,
    ) -> Record:
        """@return: what the box answers for each action that it has accepted"""
        delay = fields.get("delay") or 0
        begun = int(self._house.time_of_day() * 1000)
        answer: Record = {
            "jsonrpc": "2.0",
            "id": 0,
            "result": 0,
            "error": None,
            "startTimestampMillis": begun,
            "endTimestampMillis": begun,
            "message": "Accepted",
        }
        if not isinstance(delay, (int, float)) or not is_number(delay):
            raise Refused(400, "delay has to be a number of seconds")
        if not 0 <= delay <= LONGEST_DELAY:
            raise Refused(400, f"delay has to be from 0 to {LONGEST_DELAY:.0f} seconds")
        if delay:
            self._devices.find(device_id)
            stamp, _ = self._devices.call_later(
                delay, device_id, name, arguments, source
            )
            return {**answer, "timestamp": stamp, "id": device_id}
        self._devices.call(device_id, name, arguments, source)
        return answer

    def _take_back(self, request: Request) -> Answer:
        self._devices.take_back(request.number("timestamp"), request.number("id"))
        return 200, None


def _part(device: Record, attributes: Record) -> Record:
    """The attributes of a device that are asked for."""
    part: Record = {}
    for name, wanted in attributes.items():
        if name == "main":
            part |= {each: device[each] for each in texts(wanted) if each in device}
        elif name == "properties" and isinstance(wanted, list):
            properties = record(device["properties"])
            part[name] = {
                each: properties[each] for each in texts(wanted) if each in properties
            }
        elif wanted and name in device:
            part[name] = device[name]
    return part


_FIELDS = {
    "name": "name",
    "type": "type",
    "baseType": "baseType",
    "enabled": "enabled",
    "visible": "visible",
    "isPlugin": "isPlugin",
    "roomID": "roomID",
    "roomId": "roomID",
    "parentId": "parentId",
    "id": "id",
    "deviceID": "id",
}
"""What a query or a filter may ask for, and the field of a device that it means."""

_WITHOUT_CASE = frozenset(("name",))


def _test(name: str, wanted: list[str]) -> Callable[[Record], bool]:
    """
    Whether a device is what a filter asks for; one that is not known takes every device.

    @param wanted: one of these
    """
    if name in _FIELDS:
        field = _FIELDS[name]
        if name in _WITHOUT_CASE:
            lowered = [each.lower() for each in wanted]
            return lambda device: as_text(device.get(field)).lower() in lowered
        return lambda device: as_text(device.get(field)) in wanted
    if name == "interface":
        return lambda device: any(
            each in texts(device["interfaces"]) for each in wanted
        )
    if name == "isTypeOf":
        short = [each.removeprefix(PREFIX) for each in wanted]
        return lambda device: any(is_a(str(device["type"]), each) for each in short)
    if name == "property":
        pairs = [each.strip("[]").partition(",") for each in wanted]
        return lambda device: any(
            key in record(device["properties"])
            and as_text(record(device["properties"])[key]) == value
            for key, _, value in pairs
        )
    return lambda device: True
