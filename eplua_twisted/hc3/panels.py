"""The subjects that are lists and little more: panels, users, RGB programs and others."""

from __future__ import annotations

from eplua_twisted.hc3.collection import Collection, Shape
from eplua_twisted.hc3.device_types import is_a
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, records
from eplua_twisted.hc3.routing import Refused, Request, Route

SHAPES = (
    Shape(
        "users",
        "/users",
        "user",
        {
            "name": "",
            "type": "user",
            "email": "",
            "deviceRights": [],
            "sceneRights": [],
            "alarmRights": [],
            "profileRights": [],
            "climateZoneRights": [],
            "sendNotifications": False,
            "tracking": 0,
        },
        event="User",
    ),
    Shape(
        "humidityZones",
        "/panels/humidity",
        "humidity zone",
        {"name": "", "active": True, "mode": "Auto", "properties": {}},
    ),
    Shape(
        "notificationPanels",
        "/panels/notifications",
        "notification of the panel",
        {"name": "", "sms": "", "email": "", "push": ""},
    ),
    Shape(
        "locations",
        "/panels/location",
        "location",
        {
            "name": "",
            "address": "",
            "longitude": 0.0,
            "latitude": 0.0,
            "radius": 150,
            "home": False,
        },
    ),
    Shape(
        "favoriteColors",
        "/panels/favoriteColors",
        "favorite color",
        {"r": 0, "g": 0, "b": 0, "w": 0, "brightness": 100},
        required=(),
    ),
    Shape(
        "favoriteColorsV2",
        "/panels/favoriteColors/v2",
        "favorite color (v2)",
        {"colorComponents": {}, "brightness": 100},
        required=(),
    ),
    Shape(
        "rgbPrograms",
        "/RGBPrograms",
        "RGB program",
        {"name": "", "description": "", "steps": []},
    ),
    Shape(
        "iosDevices",
        "/iosDevices",
        "phone",
        {"name": "", "type": "", "pushEnabled": True},
    ),
    Shape(
        "icons",
        "/icons",
        "icon",
        {"name": "", "deviceType": "", "iconSetName": "", "fileExtension": "png"},
        required=(),
    ),
    Shape(
        "deviceNotifications",
        "/deviceNotifications/v1",
        "setting of a device's notifications",
        {"enabled": True, "notifications": []},
        required=(),
        removed=204,
    ),
    Shape(
        "installationCosts",
        "/energy/installationCost",
        "cost of an installation",
        {"name": "", "date": "", "cost": 0},
    ),
    Shape(
        "billingPeriods",
        "/energy/billing/periods",
        "billing period",
        {"duration": "1", "startDate": "", "fixedCost": 0},
        required=("startDate",),
    ),
)

CLIMATE = Shape(
    "climateZones",
    "/panels/climate",
    "climate zone",
    {
        "name": "",
        "active": True,
        "mode": "Heat",
        "devices": [],
        "properties": {},
    },
    event="ClimateZone",
    removed=204,
)

SPRINKLERS = Shape(
    "sprinklers",
    "/panels/sprinklers",
    "sprinkler schedule",
    {"name": "", "days": [], "isActive": False, "sequences": []},
    removed=204,
)


class Climate(Collection):
    """The subject C{panels/climate}."""

    def __init__(self, house: House) -> None:
        super().__init__(house, CLIMATE)

    def routes(self) -> list[Route]:
        return [
            *super().routes(),
            Route(
                "GET",
                "/panels/climate/availableDevices",
                self._available,
                "the devices that a zone may have",
            ),
            Route(
                "POST",
                "/panels/climate/action/createDefaultZones",
                self._make_zones,
                "a zone for each room with such devices",
            ),
        ]

    def tell(self, what: str, row: Record, source: int | None = None) -> None:
        """A zone that is modified is one that has changed, on the box."""
        kind = "Changed" if what == "Modified" else what
        super().tell(kind, row, source)

    def _found(self) -> list[Record]:
        kinds = ("hvacSystem", "temperatureSensor")
        return [
            each
            for each in self.house.devices
            if any(is_a(str(each["type"]), kind) for kind in kinds)
        ]

    def _available(self, request: Request) -> Answer:
        return 200, [each["id"] for each in self._found()]

    def _make_zones(self, request: Request) -> Answer:
        rooms: dict[Plain, list[Plain]] = {}
        for each in self._found():
            rooms.setdefault(each["roomID"], []).append(each["id"])
        made: list[Plain] = []
        for number, devices in rooms.items():
            room = self.house.tables["rooms"].get(number)
            name = "Zone" if room is None else room["name"]
            made.append(self.add({"name": name, "devices": devices}, request.source))
        return 201, made


class Sprinklers(Collection):
    """The subject C{panels/sprinklers}."""

    def __init__(self, house: House) -> None:
        super().__init__(house, SPRINKLERS)

    def routes(self) -> list[Route]:
        many = "/panels/sprinklers/{id}/sequences"
        one = f"{many}/{{sequence}}"
        return [
            *super().routes(),
            Route("POST", many, self._add_sequence, "add a sequence"),
            Route("PUT", one, self._put_sequence, "change it"),
            Route("DELETE", one, self._remove_sequence, "remove it"),
            Route("POST", f"{one}/startWatering", self._water, "begin to water"),
            Route("POST", f"{one}/stopWatering", self._stop_watering, "end it"),
        ]

    def _sequence(self, request: Request) -> tuple[Record, Record]:
        """The schedule and the sequence that a path names."""
        row = self.table.find(request.number("id"))
        number = request.number("sequence")
        for each in records(row["sequences"]):
            if each.get("id") == number:
                return row, each
        raise Refused(404, f"there is no sequence {number}")

    def _add_sequence(self, request: Request) -> Answer:
        row = self.table.find(request.number("id"))
        before = records(row["sequences"])
        numbers = [each["id"] for each in before if isinstance(each.get("id"), int)]
        number = 1 + max((int(str(each)) for each in numbers), default=0)
        made: Record = {
            "startTime": 0,
            "sprinklers": [],
            **request.fields,
            "id": number,
            "isRunning": False,
        }
        row["sequences"] = [*before, made]
        self.house.dirty()
        return 201, made

    def _put_sequence(self, request: Request) -> Answer:
        _, found = self._sequence(request)
        found.update({**request.fields, "id": found["id"]})
        self.house.dirty()
        return 200, found

    def _remove_sequence(self, request: Request) -> Answer:
        row, found = self._sequence(request)
        kept = [each for each in records(row["sequences"]) if each is not found]
        row["sequences"] = [*kept]
        self.house.dirty()
        return 204, None

    def _water(self, request: Request) -> Answer:
        _, found = self._sequence(request)
        found["isRunning"] = True
        return 202, None

    def _stop_watering(self, request: Request) -> Answer:
        _, found = self._sequence(request)
        found["isRunning"] = False
        return 202, None
