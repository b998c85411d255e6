"""Energy: what meters show now, and settings.  A house in memory keeps no history."""

from __future__ import annotations

from functools import partial

from eplua_twisted.hc3.device_types import is_a
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, integer, is_number, record, texts
from eplua_twisted.hc3.routing import Refused, Request, Route

SETTINGS: Record = {
    "consumptionMeasurement": "kWh",
    "energyConsumptionMeters": [],
    "energyProductionMeters": [],
    "gridConsumptionMeters": [],
    "gridProductionMeters": [],
}

TARIFF: Record = {
    "rate": 0.15,
    "name": "Standard",
    "returnRate": 0,
    "additionalTariffs": [],
}


class Energy:
    """The subjects C{energy} and C{panels/energy}."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        routes = [
            Route("GET", "/energy/devices", self._devices, "what meters energy"),
            Route("GET", "/panels/energy", self._panel, "consumption by device"),
            Route("DELETE", "/energy/consumption", self._reset, "set meters to 0"),
            Route(
                "GET",
                "/energy/consumption/room/{id}/detail",
                self._room,
                "consumption in a room",
            ),
            Route(
                "GET",
                "/energy/consumption/device/{id}/detail",
                self._device,
                "consumption of a device",
            ),
        ]
        routes += [
            Route("GET", f"/energy/{path}", self._summary, f"energy: {path}")
            for path in (
                "consumption/summary",
                "consumption/metrics",
                "consumption/detail",
                "billing/summary",
                "savings/detail",
                "savings/summary",
                "savings/installation",
                "ecology/summary",
                "ecology/detail",
            )
        ]
        for path, first in (("settings", SETTINGS), ("billing/tariff", TARIFF)):
            where, about = f"/energy/{path}", f"energy: {path}"
            name = f"energy/{path}"
            routes += [
                Route("GET", where, partial(self._get, name, first), about),
                Route("PUT", where, partial(self._put, name, first), f"change {about}"),
            ]
        return routes

    def _meters(self) -> list[Record]:
        return [
            each
            for each in self._house.devices
            if is_a(str(each["type"]), "energyMeter")
            or "energy" in texts(each["interfaces"])
        ]

    def _shown(self, device: Record) -> float:
        """What a meter shows, in kWh."""
        properties = record(device["properties"])
        meter = is_a(str(device["type"]), "energyMeter")
        value = properties.get("value" if meter else "energy")
        return (
            float(value)
            if isinstance(value, (int, float)) and is_number(value)
            else 0.0
        )

    def _devices(self, request: Request) -> Answer:
        return 200, [
            {"id": each["id"], "name": each["name"], "roomId": each["roomID"]}
            for each in self._meters()
        ]

    def _sum(self, meters: list[Record]) -> Record:
        rows: list[Plain] = [
            {"id": each["id"], "consumption": self._shown(each)} for each in meters
        ]
        total = sum(map(self._shown, meters))
        return {"unit": "kWh", "consumption": total, "production": 0.0, "devices": rows}

    def _panel(self, request: Request) -> Answer:
        meters = self._meters()
        if "id" in request.query:
            wanted = integer(request.query["id"])
            meters = [each for each in meters if each["id"] == wanted]
        return 200, self._sum(meters)

    def _summary(self, request: Request) -> Answer:
        return 200, self._sum(self._meters())

    def _room(self, request: Request) -> Answer:
        number = request.number("id")
        self._house.tables["rooms"].find(number)
        return 200, self._sum(
            [each for each in self._meters() if each["roomID"] == number]
        )

    def _device(self, request: Request) -> Answer:
        device = self._house.devices.find(request.number("id"))
        if device not in self._meters():
            raise Refused(404, f"device {device['id']} meters no energy")
        return 200, self._sum([device])

    def _reset(self, request: Request) -> Answer:
        wanted = request.fields.get("deviceIds")
        for device in self._meters():
            if isinstance(wanted, list) and device["id"] not in wanted:
                continue
            meter = is_a(str(device["type"]), "energyMeter")
            record(device["properties"])["value" if meter else "energy"] = 0
        self._house.dirty()
        return 200, None

    def _get(self, name: str, first: Record, request: Request) -> Answer:
        return 200, {**first, **record(self._house.objects["settings"].get(name))}

    def _put(self, name: str, first: Record, request: Request) -> Answer:
        self._house.settings(name).update(request.fields)
        self._house.dirty()
        return self._get(name, first, request)
