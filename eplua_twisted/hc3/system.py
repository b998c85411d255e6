"""The box itself: its weather, its home, what it is made of."""

from __future__ import annotations

from eplua_twisted.hc3.fields import check
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, integer, record, same
from eplua_twisted.hc3.routing import Request, Route

WEATHER: Record = {
    "Temperature": 0.0,
    "TemperatureUnit": "C",
    "Humidity": 0.0,
    "Wind": 0.0,
    "WindUnit": "km/h",
    "WeatherCondition": "clear",
    "ConditionCode": 32,
}

HOME: Record = {
    "timestamp": 0,
    "defaultSensors": {"temperature": 0, "humidity": 0, "light": 0},
    "meters": {"energy": []},
    "notificationClient": {"marketingNotificationAllowed": False},
    "hcName": "Home Center",
    "weatherProvider": 3,
    "currency": "EUR",
    "fireAlarmTemperature": 60,
    "freezeAlarmTemperature": 2,
    "timeFormat": 24,
    "dateFormat": "dd.mm.yy",
    "firstRunAfterUpdate": False,
}

STATUS: Record = {"status": "IDLE", "message": ""}


class System:
    """Subjects of one object each."""

    def __init__(self, house: House) -> None:
        self._house = house

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/weather", self._weather, "the weather"),
            Route("PUT", "/weather", self._set_weather, "change the weather"),
            Route("GET", "/home", self._home, "the home"),
            Route("PUT", "/home", self._set_home, "change it"),
            Route("GET", "/diagnostics", self._diagnostics, "memory and processors"),
            Route("GET", "/service/systemStatus", self._status, "how the box is"),
            Route("POST", "/service/systemStatus", self._set_status, "change it"),
            Route(
                "POST", "/service/restartServices", self._nothing, "does nothing here"
            ),
            Route("POST", "/service/reboot", self._nothing, "does nothing here"),
            Route("GET", "/panels/family", self._empty, "where the family is"),
            Route("GET", "/userActivity", self._empty, "what users have done"),
            Route("GET", "/additionalInterfaces", self._empty, "more interfaces"),
            Route("GET", "/events/history", self._history, "the events that are kept"),
            Route("DELETE", "/events/history", self._forget, "forget them"),
            Route("GET", "/uiDeviceInfo", self._ui_devices, "devices in a few words"),
            Route(
                "POST", "/sortOrder", self._sort, "`sortOrder` of devices and others"
            ),
            Route("GET", "/loginStatus", self._login, "who asks"),
        ]

    def _of_house(self, name: str, first: Record) -> Record:
        return {**first, **record(self._house.objects["status"].get(name))}

    def _change(self, name: str, first: Record, fields: Record) -> Record:
        found = self._of_house(name, first)
        found.update(check(fields, first))
        self._house.objects["status"][name] = found
        self._house.dirty()
        return found

    def _weather(self, request: Request) -> Answer:
        return 200, self._of_house("weather", WEATHER)

    def set_weather(self, fields: Record, source: int | None = None) -> Record:
        """@raise Refused: 400: a field is of another type"""
        before = self._of_house("weather", WEATHER)
        after = self._change("weather", WEATHER, fields)
        for name in fields:
            if not same(before.get(name), after[name]):
                self._house.events.tell(
                    "WeatherChangedEvent",
                    {
                        "change": name,
                        "newValue": after[name],
                        "oldValue": before.get(name),
                    },
                    source=source,
                )
        return after

    def _set_weather(self, request: Request) -> Answer:
        return 200, self.set_weather(request.fields, request.source)

    def _home(self, request: Request) -> Answer:
        return 200, {**self._of_house("home", HOME), "timestamp": self._house.now}

    def _set_home(self, request: Request) -> Answer:
        return 200, self._change("home", HOME, request.fields)

    def _status(self, request: Request) -> Answer:
        return 200, self._of_house("system", STATUS)

    def _set_status(self, request: Request) -> Answer:
        return 200, self._change("system", STATUS, request.fields)

    def _diagnostics(self, request: Request) -> Answer:
        return 200, {
            "cpuLoad": [
                {"name": "cpu0", "user": "0", "nice": "0", "system": "0", "idle": "100"}
            ],
            "memory": {"free": 50, "cache": 20, "buffers": 5, "used": 25},
            "storage": {"internal": [{"name": "/", "used": 10}]},
        }

    def _nothing(self, request: Request) -> Answer:
        return 202, None

    def _empty(self, request: Request) -> Answer:
        return 200, []

    def _history(self, request: Request) -> Answer:
        kind = request.query.get("eventType")
        events = self._house.events.since(0)["events"]
        assert isinstance(events, list)
        kept: list[Plain] = [
            each for each in events if kind is None or record(each).get("type") == kind
        ]
        return 200, list(reversed(kept))

    def _forget(self, request: Request) -> Answer:
        self._house.events.clear()
        return 200, None

    def _ui_devices(self, request: Request) -> Answer:
        shown = ("id", "name", "roomID", "type", "baseType", "visible", "parentId")
        return 200, [
            {name: each[name] for name in shown} for each in self._house.devices
        ]

    def _sort(self, request: Request) -> Answer:
        for table, rows in request.fields.items():
            if table not in self._house.tables or not isinstance(rows, list):
                continue
            for each in rows:
                row = self._house.tables[table].get(record(each).get("id"))
                order = integer(record(each).get("sortOrder"))
                if row is not None and order is not None:
                    row["sortOrder"] = order
        self._house.dirty()
        return 200, None

    def _login(self, request: Request) -> Answer:
        return 200, {
            "status": True,
            "userID": 2,
            "username": "admin",
            "type": "superuser",
        }
