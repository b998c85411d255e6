"""Rooms and sections."""

from __future__ import annotations

from eplua_twisted.hc3.collection import Collection, Shape
from eplua_twisted.hc3.devices import DEFAULT_ROOM, Devices
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Record, integer, items
from eplua_twisted.hc3.routing import Refused, Request, Route

ROOM = Shape(
    "rooms",
    "/rooms",
    "room",
    {
        "name": "",
        "sectionID": 219,
        "isDefault": False,
        "visible": True,
        "icon": "room_boy",
        "iconExtension": "png",
        "iconColor": "purple",
        "defaultSensors": {"temperature": 0, "humidity": 0, "light": 0},
        "defaultThermostat": None,
        "category": "other",
        "sortOrder": 0,
    },
    event="Room",
)

SECTION = Shape(
    "sections",
    "/sections",
    "section",
    {"name": "", "sortOrder": 0, "icon": "section", "isDefault": False},
    event="Section",
)


class Rooms(Collection):
    """The subject C{rooms}: the devices of one that is removed go to the default room."""

    def __init__(self, house: House, devices: Devices) -> None:
        super().__init__(house, ROOM)
        self._devices = devices

    def routes(self) -> list[Route]:
        one = "/rooms/{id}"
        return [
            *super().routes(),
            Route(
                "POST",
                f"{one}/action/setAsDefault",
                self._set_default,
                "the default room",
            ),
            Route(
                "POST",
                f"{one}/groupAssignment",
                self._assign,
                "put devices into a room",
            ),
        ]

    def _default(self) -> int:
        for each in self.table:
            if each.get("isDefault"):
                return int(str(each["id"]))
        return DEFAULT_ROOM

    def add(self, fields: Record, source: int | None = None) -> Record:
        self._check_section(fields)
        return super().add(fields, source)

    def modify(self, number: int, fields: Record, source: int | None = None) -> Record:
        self._check_section(fields)
        return super().modify(number, fields, source)

    def _check_section(self, fields: Record) -> None:
        number = fields.get("sectionID")
        if number is not None and self.house.tables["sections"].get(number) is None:
            raise Refused(400, f"there is no section {number}")

    def remove(self, number: int, source: int | None = None) -> None:
        if number == self._default():
            raise Refused(400, "the default room cannot be removed")
        super().remove(number, source)
        for device in self.house.devices:
            if device["roomID"] == number:
                device["roomID"] = self._default()

    def _set_default(self, request: Request) -> Answer:
        found = self.table.find(request.number("id"))
        for each in self.table:
            each["isDefault"] = each is found
        self.house.dirty()
        return 200, found

    def _assign(self, request: Request) -> Answer:
        number = request.number("id")
        self.table.find(number)
        fields = request.fields
        for each in items(fields.get("deviceIds")):
            self._devices.modify(integer(each) or 0, {"roomID": number}, request.source)
        return 200, None


class Sections(Collection):
    """The subject C{sections}: the rooms of one that is removed go to the default one."""

    def __init__(self, house: House) -> None:
        super().__init__(house, SECTION)

    def remove(self, number: int, source: int | None = None) -> None:
        left = [each for each in self.table if each["id"] != number]
        self.table.find(number)
        if not left:
            raise Refused(400, "the last section cannot be removed")
        super().remove(number, source)
        for room in self.house.tables["rooms"]:
            if room.get("sectionID") == number:
                room["sectionID"] = left[0]["id"]
