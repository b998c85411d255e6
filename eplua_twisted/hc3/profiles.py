"""Profiles, and which one is active."""

from __future__ import annotations

from eplua_twisted.hc3.alarms import Alarms
from eplua_twisted.hc3.collection import Collection, Shape
from eplua_twisted.hc3.devices import Devices
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, integer, items, record, records, text
from eplua_twisted.hc3.routing import Refused, Request, Route
from eplua_twisted.hc3.scenes import Scenes

PROFILE = Shape(
    "profiles",
    "/profiles",
    "profile",
    {
        "name": "",
        "iconId": 1,
        "devices": [],
        "scenes": [],
        "climateZones": [],
        "partitions": [],
    },
)

NAMES = ("Home", "Away", "Vacation", "Night")
"""The profiles that every box begins with."""


class Profiles(Collection):
    """
    The subject C{profiles}.  The one that becomes active calls the actions of its
    devices, begins its scenes, and arms or disarms its partitions.
    """

    def __init__(self, devices: Devices, scenes: Scenes, alarms: Alarms) -> None:
        super().__init__(devices.house, PROFILE)
        self._devices = devices
        self._scenes = scenes
        self._alarms = alarms
        self._status = self.house.objects["status"]

    def routes(self) -> list[Route]:
        one = "/profiles/{id}"
        return [
            *super().routes(),
            Route("PUT", "/profiles", self._put_all, "`activeProfile`"),
            Route("POST", "/profiles/reset", self._reset, "the profiles of a new box"),
            Route(
                "POST", "/profiles/activeProfile/{id}", self._activate, "make it active"
            ),
            Route(
                "PUT",
                f"{one}/partitions/{{part}}",
                self._associate,
                "what becomes of it",
            ),
            Route(
                "PUT",
                f"{one}/climateZones/{{part}}",
                self._associate,
                "what becomes of it",
            ),
            Route(
                "PUT", f"{one}/scenes/{{part}}", self._associate, "what becomes of it"
            ),
        ]

    @property
    def active(self) -> int:
        """The active profile."""
        return integer(self._status.get("activeProfile")) or 1

    def activate(self, number: int, source: int | None = None) -> None:
        """@raise Refused: 404: there is none"""
        row = self.table.find(number)
        before = self.active
        if number == before:
            return
        self._status["activeProfile"] = number
        self.house.dirty()
        self.house.events.tell(
            "ActiveProfileChangedEvent",
            {"newActiveProfile": number, "oldActiveProfile": before},
            source=source,
        )
        self._carry_out(row, source)

    def _carry_out(self, row: Record, source: int | None) -> None:
        """What does not exist any more is passed over, as on the box."""
        for each in records(row.get("devices")):
            action = record(each.get("action"))
            number = integer(each.get("id"))
            if text(action.get("name")) and self.house.devices.get(number):
                self._devices.call(
                    number or 0,
                    text(action["name"]),
                    items(action.get("args")),
                    source,
                )
        for each in records(row.get("scenes")):
            number = integer(each.get("sceneId"))
            scene = self._scenes.table.get(number)
            if "start" in items(each.get("actions")) and scene and scene["enabled"]:
                self._scenes.execute(number or 0, {})
        for each in records(row.get("partitions")):
            number = integer(each.get("id"))
            if self._alarms.table.get(number) and each.get("action") in (
                "arm",
                "disarm",
            ):
                self._alarms.set_armed(number or 0, each["action"] == "arm", source)

    def remove(self, number: int, source: int | None = None) -> None:
        if number == self.active:
            raise Refused(400, "the active profile cannot be removed")
        super().remove(number, source)

    def _list(self, request: Request) -> Answer:
        rows: list[Plain] = list(self.table)
        return 200, {"activeProfile": self.active, "profiles": rows}

    def _put_all(self, request: Request) -> Answer:
        number = integer(request.fields.get("activeProfile"))
        if number is None:
            raise Refused(400, "activeProfile is needed")
        self.activate(number, request.source)
        return self._list(request)

    def _activate(self, request: Request) -> Answer:
        self.activate(request.number("id"), request.source)
        return 200, None

    def _reset(self, request: Request) -> Answer:
        for row in self.table:
            self.table.remove(row["id"])
        self.table.next = 1
        for index, name in enumerate(NAMES, 1):
            self.add({"name": name, "iconId": index})
        self._status["activeProfile"] = 1
        return 200, None

    def _associate(self, request: Request) -> Answer:
        subject = request.path.split("/")[3]
        row = self.table.find(request.number("id"))
        key = "sceneId" if subject == "scenes" else "id"
        part = request.number("part")
        others = [each for each in records(row[subject]) if each.get(key) != part]
        row[subject] = [*others, {**request.fields, key: part}]
        self.house.dirty()
        return 200, row
