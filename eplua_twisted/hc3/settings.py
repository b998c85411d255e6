"""C{/settings}: objects that are read and changed, and nothing more."""

from __future__ import annotations

import time
from functools import partial

from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.fields import check
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Record, record
from eplua_twisted.hc3.routing import Refused, Request, Route

SETTINGS: dict[str, Record] = {
    "info": {
        "serialNumber": "HC3-00000000",
        "platform": "HC3",
        "hcName": "Home Center",
        "mac": "00:00:00:00:00:00",
        "softVersion": "5.210.14",
        "beta": False,
        "currentVersion": {"version": "5.210.14", "type": "stable"},
        "zwaveVersion": "6.02",
        "zwaveRegion": "EU",
        "timeFormat": 24,
        "dateFormat": "dd.mm.yy",
        "temperatureUnit": "C",
        "batteryLowNotification": True,
        "defaultLanguage": "en",
        "date": "",
        "serverStatus": 0,
        "timestamp": 0,
        "online": True,
        "updateStableAvailable": False,
        "updateBetaAvailable": False,
        "sunriseHour": "",
        "sunsetHour": "",
    },
    "location": {
        "houseNumber": 0,
        "timezone": "Europe/Warsaw",
        "timezoneOffset": 3600,
        "ntp": True,
        "ntpServer": "pool.ntp.org",
        "date": {"day": 1, "month": 1, "year": 1970},
        "time": {"hour": 0, "minute": 0},
        "latitude": 52.2297,
        "longitude": 21.0122,
        "city": "Warsaw",
        "temperatureUnit": "C",
        "windUnit": "km/h",
        "timeFormat": 24,
        "dateFormat": "dd.mm.yy",
        "decimalMark": ".",
    },
    "network": {
        "networkConfig": {
            "wlan0": {"enabled": False, "ipConfig": {"ipMode": "dhcp"}},
            "eth0": {
                "enabled": True,
                "ipConfig": {
                    "ipMode": "static",
                    "ip": "127.0.0.1",
                    "mask": "255.0.0.0",
                    "gateway": "127.0.0.1",
                    "dns1": "127.0.0.1",
                    "dns2": "",
                },
            },
        },
        "accessPointEnabled": False,
    },
    "network/interfaces": {"eth0": {"enabled": True}, "wlan0": {"enabled": False}},
    "network/connections": {},
    "remoteAccess/status": {"support": {"enabled": False}, "user": {"enabled": False}},
    "network/connectivity": {"status": "full"},
    "network/radio": {"zwave": {"enabled": True}, "zigbee": {"enabled": False}},
    "network/AccessPointMode": {"accessPointEnabled": False},
    "network/enabledProtocols": {"http": True, "https": False},
    "led": {"brightness": 100},
    "backups": {"local": [], "remote": []},
    "certificates/ca": {"installed": False},
    "mqtt": {"enabled": False},
    "sip": {},
    "update": {"status": "ready"},
}
"""What a new box has, by the path below C{/settings}."""


MAX_CONNECTIONS = 100
"""Connections that a box may know."""

PARTS = ("network/interfaces", "network/connections", "network/radio")
"""Those whose parts are read and changed by themselves."""


class Settings:
    """The subject C{settings}."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        routes: list[Route] = []
        for path in SETTINGS:
            where = f"/settings/{path}"
            routes += [
                Route("GET", where, partial(self._get, path), f"settings: {path}"),
                Route("PUT", where, partial(self._put, path), f"change {path}"),
            ]
        for path in PARTS:
            where = f"/settings/{path}/{{part}}"
            routes += [
                Route("GET", where, partial(self._get_part, path), f"one of {path}"),
                Route("PUT", where, partial(self._put_part, path), "change it"),
            ]
        where = "/settings/network/connections"
        return [
            *routes,
            Route("POST", where, self._add_connection, "add a connection"),
            Route("DELETE", f"{where}/{{part}}", self._remove_connection, "remove it"),
            Route(
                "PUT",
                "/settings/network/resetInterfaces",
                self._reset,
                "as on a new box",
            ),
        ]

    def find(self, path: str) -> Record:
        """What a new box has, and what was set since."""
        changed = record(self._house.objects["settings"].get(path))
        return {**record(copied(SETTINGS[path])), **changed}

    def _get(self, path: str, request: Request) -> Answer:
        found = self.find(path)
        if path == "info":
            found["timestamp"] = self._house.now
            found["serverStatus"] = found["serverStatus"] or self._house.now
            sun = record((self._house.devices.get(1) or {}).get("properties"))
            for name in ("sunriseHour", "sunsetHour"):
                found[name] = sun.get(name, "")
        if path == "location":
            moment = time.localtime(self._house.time_of_day())
            found["date"] = {
                "day": moment.tm_mday,
                "month": moment.tm_mon,
                "year": moment.tm_year,
            }
            found["time"] = {"hour": moment.tm_hour, "minute": moment.tm_min}
        return 200, found

    def _part(self, path: str, request: Request) -> tuple[str, Record]:
        """
        The part that a path names.

        @raise Refused: 404: there is none
        """
        name = request.parameters["part"]
        found = self.find(path).get(name)
        if not isinstance(found, dict):
            raise Refused(404, f"{path} has no {name}")
        return name, found

    def _get_part(self, path: str, request: Request) -> Answer:
        return 200, self._part(path, request)[1]

    def _put_part(self, path: str, request: Request) -> Answer:
        name, found = self._part(path, request)
        changed: Record = {**found, **request.fields}
        self._house.settings(path)[name] = changed
        self._house.dirty()
        return 200, changed

    def _add_connection(self, request: Request) -> Answer:
        path = "network/connections"
        found = self.find(path)
        if len(found) >= MAX_CONNECTIONS:
            raise Refused(507, f"there are {MAX_CONNECTIONS} connections already")
        number = 1
        while f"connection-{number}" in found:
            number += 1
        name = f"connection-{number}"
        made: Record = {**request.fields, "uuid": name}
        self._house.settings(path)[name] = made
        self._house.dirty()
        return 201, made

    def _remove_connection(self, request: Request) -> Answer:
        path = "network/connections"
        name, _ = self._part(path, request)
        self._house.settings(path).pop(name)
        self._house.dirty()
        return 200, None

    def _reset(self, request: Request) -> Answer:
        self._house.objects["settings"].pop("network/interfaces", None)
        self._house.dirty()
        return 200, None

    def _put(self, path: str, request: Request) -> Answer:
        kept = check(request.fields, SETTINGS[path])
        self._house.settings(path).update(kept)
        self._house.dirty()
        return 200, self.find(path)
