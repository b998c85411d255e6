"""All that a simulated controller knows, as plain data by subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from eplua_twisted.hc3.events import Events
from eplua_twisted.hc3.plain import Plain, Record, integer, record, records
from eplua_twisted.hc3.routing import Refused

MAX_RECORDS = 5000
"""Records of one table."""

NUMBERED = (
    "devices",
    "rooms",
    "sections",
    "scenes",
    "profiles",
    "users",
    "alarmPartitions",
    "climateZones",
    "humidityZones",
    "sprinklers",
    "notifications",
    "notificationPanels",
    "locations",
    "favoriteColors",
    "favoriteColorsV2",
    "rgbPrograms",
    "icons",
    "iosDevices",
    "installationCosts",
    "billingPeriods",
    "deviceNotifications",
)
"""Tables whose records have a number, C{id}."""

NAMED = ("globalVariables", "customEvents")
"""Tables whose records have a C{name} that is theirs alone."""

OBJECTS = ("settings", "storage", "files", "status")
"""
What is no table: C{settings} has an object for each path below C{/settings} and for some
others, C{storage} and C{files} a list for each QuickApp's device, C{status} what the house
is at: its active profile, its weather.
"""

FIRST_NUMBERS = {"devices": 4, "rooms": 220, "sections": 220, "icons": 1000}
"""Where numbers begin which are not given; 1 elsewhere."""


class Table:
    """
    Records of one kind.  A number that was given once is not given again.

    @ivar key: the field that identifies a record: C{id} or C{name}
    @ivar next: the number of the next record
    """

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.key = key
        self.next = FIRST_NUMBERS.get(name, 1)
        self._rows: dict[Plain, Record] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._rows.values()))

    def get(self, key: Plain) -> Record | None:
        return self._rows.get(key)

    def find(self, key: Plain) -> Record:
        """@raise Refused: 404: there is none"""
        found = self._rows.get(key)
        if found is None:
            raise Refused(404, f"there is no {key} among the {self.name}")
        return found

    def take_number(self) -> int:
        """A number that nobody has had."""
        number = self.next
        self.next += 1
        return number

    def add(self, row: Record) -> Record:
        """
        Take in a record, and number it if it is to have a number and has none.

        @raise Refused: 409: there is such a one; 507: there are too many
        """
        if len(self._rows) >= MAX_RECORDS:
            raise Refused(507, f"there are {MAX_RECORDS} {self.name} already")
        if self.key == "id":
            number = row.get("id")
            if not isinstance(number, int):
                row["id"] = number = self.take_number()
            self.next = max(self.next, number + 1)
        key = row[self.key]
        if key in self._rows:
            raise Refused(409, f"{key} is among the {self.name} already")
        self._rows[key] = row
        return row

    def remove(self, key: Plain) -> Record:
        """@raise Refused: 404: there is none"""
        found = self.find(key)
        del self._rows[key]
        return found


class House:
    """
    The tables and objects, and who is told when something is different.

    @ivar dirty: is called after each change of what is saved
    @ivar settled: is called when something that waited for its time has happened
    """

    def __init__(self, events: Events, time_of_day: Callable[[], float]) -> None:
        self.events = events
        self.time_of_day = time_of_day
        self.tables = {name: Table(name, "id") for name in NUMBERED}
        self.tables |= {name: Table(name, "name") for name in NAMED}
        self.objects: dict[str, Record] = {name: {} for name in OBJECTS}
        self.dirty: Callable[[], None] = lambda: None
        self.settled: Callable[[], None] = lambda: None

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.time_of_day())

    @property
    def devices(self) -> Table:
        return self.tables["devices"]

    def settings(self, path: str) -> Record:
        """The object of a path below C{/settings}, which there is from now on."""
        settings = self.objects["settings"]
        found = settings.get(path)
        if not isinstance(found, dict):
            settings[path] = found = {}
        return found

    def lists(self, subject: str, device_id: int) -> list[Record]:
        """What C{storage} or C{files} has of a device."""
        return records(self.objects[subject].get(str(device_id)))

    def set_list(self, subject: str, device_id: int, rows: list[Record]) -> None:
        """Replace it; with nothing in it, it is forgotten."""
        if rows:
            self.objects[subject][str(device_id)] = list(rows)
        else:
            self.objects[subject].pop(str(device_id), None)
        self.dirty()

    # As a whole.

    def data(self) -> Record:
        """What is saved; it is not copied."""
        data: Record = {}
        for name, table in self.tables.items():
            if len(table):
                data[name] = list(table)
        for name, value in self.objects.items():
            if value:
                data[name] = value
        data["next"] = {name: table.next for name, table in self.tables.items()}
        return data

    def load(self, data: Record) -> None:
        """Take in what L{data} gave, which belongs to the house from now on."""
        for name, table in self.tables.items():
            for row in records(data.get(name)):
                table.add(row)
        for name in OBJECTS:
            self.objects[name].update(record(data.get(name)))
        for name, value in record(data.get("next")).items():
            number = integer(value)
            if name in self.tables and number is not None:
                self.tables[name].next = max(self.tables[name].next, number)
