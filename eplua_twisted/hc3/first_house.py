"""What a new box has before anybody has done anything with it."""

from __future__ import annotations

from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.devices import DEFAULT_ROOM, Devices
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.plain import Record, is_number, record
from eplua_twisted.hc3.profiles import NAMES, PROFILE
from eplua_twisted.hc3.rooms import ROOM, SECTION
from eplua_twisted.hc3.settings import Settings
from eplua_twisted.hc3.shapes import FIELDS
from eplua_twisted.hc3.sun import sun_times

BOX, USER, WEATHER = 1, 2, 3
"""The numbers of the devices that every box has."""

FIRST_DEVICES: tuple[Record, ...] = (
    {
        "id": BOX,
        "name": "zwave",
        "type": "com.fibaro.zwavePrimaryController",
        "visible": False,
        "properties": {"sunriseHour": "", "sunsetHour": ""},
    },
    {"id": USER, "name": "admin", "type": "com.fibaro.user", "visible": False},
    {"id": WEATHER, "name": "weather", "type": "com.fibaro.weather", "visible": False},
)


def furnish(house: House, devices: Devices) -> None:
    """
    Add what is missing of what every box has, and complete the devices that a state
    file has told of in a few words.
    """
    for device in house.devices:
        whole = devices.complete(device)
        device.clear()
        device.update(whole)
    for given in FIRST_DEVICES:
        if house.devices.get(given["id"]) is None:
            house.devices.add(devices.complete(record({**given})))
    for name, shape in (("rooms", ROOM), ("sections", SECTION)):
        table = house.tables[name]
        if not len(table):
            first: Record = {"name": f"Default {shape.about}", "isDefault": True}
            table.add({"id": DEFAULT_ROOM, **record(copied(shape.defaults)), **first})
    profiles = house.tables["profiles"]
    if not len(profiles):
        for number, name in enumerate(NAMES, 1):
            row = {"id": number, **record(copied(PROFILE.defaults)), "name": name}
            profiles.add({**row, "iconId": number})
    users = house.tables["users"]
    if not len(users):
        users.add({"id": USER, "name": "admin", "type": "superuser", "email": ""})
    place = Settings(house).find("location")
    here: Record = {
        name: place[name]
        for name in ("latitude", "longitude")
        if is_number(place[name])
    }
    for name, more in (("alarmPartitions", {}), ("locations", {"home": True, **here})):
        if house.tables[name].next == 1:
            house.tables[name].add({"name": "Home", **more})
    for name, fields in FIELDS.items():
        for row in house.tables[name]:
            row.update({**record(copied(fields)), **row})


class Sun:
    """Keeps C{sunriseHour} and C{sunsetHour} of the first device up to date."""

    def __init__(self, house: House, devices: Devices, settings: Settings) -> None:
        self._house = house
        self._devices = devices
        self._settings = settings
        self._known: tuple[float, float, int] | None = None

    def look(self) -> None:
        """Set them when another day has begun, or the house stands elsewhere."""
        place = self._settings.find("location")
        where = [place.get("latitude"), place.get("longitude")]
        latitude, longitude = (
            float(str(each)) if is_number(each) else 0.0 for each in where
        )
        now = self._house.time_of_day()
        known = latitude, longitude, int(now // 3600)
        if known == self._known or self._house.devices.get(BOX) is None:
            return
        first, self._known = self._known is None, known
        rise, fall = sun_times(latitude, longitude, now)
        box = record(self._devices.find(BOX)["properties"])
        for name, value in (("sunriseHour", rise), ("sunsetHour", fall)):
            if first:
                # Nobody has known another time.
                box[name] = value
            else:
                self._devices.set_property(BOX, name, value)
