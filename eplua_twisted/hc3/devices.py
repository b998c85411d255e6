"""Devices: making and changing them, their properties, their actions."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.hc3 import actions
from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.device_types import base_of, is_quickapp, template
from eplua_twisted.hc3.fields import check
from eplua_twisted.hc3.hosts import Hosts
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.plain import Plain, Record, listed, record, same, text, texts
from eplua_twisted.hc3.routing import Refused
from eplua_twisted.hc3.type_table import QUICKAPP

FIELDS: Record = {
    "name": "",
    "roomID": 0,
    "enabled": True,
    "visible": True,
    "interfaces": [],
    "sortOrder": 0,
}
"""Fields of every device that may be changed."""

DEFAULT_ROOM = 219
"""Where a device is that nobody has put anywhere."""

MAX_DELAYED = 1000
"""Actions that may wait for their time."""

RESTARTING = frozenset(
    ("quickAppVariables", "viewLayout", "uiView", "useUiView", "uiCallbacks")
)
"""Properties of a QuickApp after whose change by C{PUT /devices} it starts anew."""


class Devices:
    """
    The devices of a house.

    @ivar hosts: those who run its QuickApps
    @ivar watchers: are told of each property that is set: device, name and value
    """

    log = Logger()

    def __init__(self, house: House, hosts: Hosts, clock: IReactorTime) -> None:
        self.house = house
        self.hosts = hosts
        self.watchers: list[Callable[[int, str, Plain], object]] = []
        self._clock = clock
        self._modified: dict[tuple[int, str], int] = {}
        self._delayed: dict[tuple[int, int], Deadline] = {}

    # Looking.

    def find(self, device_id: Plain) -> Record:
        """@raise Refused: 404: there is none"""
        return self.house.devices.find(device_id)

    def root(self, device: Record) -> int:
        """The device of the QuickApp that a device belongs to: its own, or its parent's."""
        parent = device["parentId"] or device["id"]
        assert isinstance(parent, int)
        return parent

    def children(self, device_id: int) -> list[Record]:
        return [each for each in self.house.devices if each["parentId"] == device_id]

    def modified(self, device_id: int, name: str) -> int:
        """When a property was set last, in seconds since 1970."""
        found = self._modified.get((device_id, name))
        return found or int(str(self.find(device_id)["modified"]))

    # Making and removing.

    def complete(self, given: Record, quickapp: bool = False) -> Record:
        """
        A whole device.

        @param given: what is known of it; C{properties} and C{interfaces} are added to
            those of its type
        """
        kind = text(given.get("type")) or "com.fibaro.device"
        properties, acts, interfaces = template(kind)
        own = texts(given.get("interfaces"))
        quickapp = quickapp or is_quickapp({"interfaces": listed(own)})
        if quickapp:
            # A child has its own interface in the place of this one.
            if "quickAppChild" not in own:
                own = [*own, "quickApp"]
            properties = {**record(copied(QUICKAPP)), **properties}
        properties.update(record(given.get("properties")))
        if "baseType" in given:
            # It was whole once: the interfaces that it has not were taken from it.
            interfaces = []
        now = self.house.now
        device: Record = {
            "id": given.get("id"),
            "name": "",
            "roomID": DEFAULT_ROOM,
            "view": [
                {
                    "assetsPath": f"dynamic-plugins/{kind}",
                    "name": kind,
                    "translatesPath": f"/assets/i18n/{kind}",
                    "type": "ts",
                }
            ],
            "type": kind,
            "baseType": base_of(kind),
            "enabled": True,
            "visible": True,
            "isPlugin": quickapp,
            "parentId": 0,
            "viewXml": False,
            "hasUIView": True,
            "configXml": False,
            "created": now,
            "modified": now,
            "sortOrder": 0,
            **given,
            "interfaces": listed(sorted({*interfaces, *own})),
            "properties": properties,
            "actions": {**acts, **record(given.get("actions"))},
        }
        device["type"] = kind
        return device

    def add(
        self, given: Record, quickapp: bool = False, source: int | None = None
    ) -> Record:
        """
        Take in a new device.

        @param given: as for L{complete}; without an C{id} it gets one
        @raise Refused: 400: a field is wrong; 409: there is such a one; 507: there are
            too many
        """
        given = check(given, {**FIELDS, "type": "", "parentId": 0, "properties": {}})
        parent = given.get("parentId")
        if parent and self.house.devices.get(parent) is None:
            raise Refused(400, f"there is no device {parent}")
        device = self.complete(given, quickapp)
        if not isinstance(device["id"], int):
            del device["id"]
            device = {"id": self.house.devices.take_number(), **device}
        self.house.devices.add(device)
        number = device["id"]
        if not device["sortOrder"]:
            device["sortOrder"] = number
        self.house.dirty()
        self.house.events.tell(
            "DeviceCreatedEvent", {"id": number}, ("device", number), source
        )
        return device

    def remove(self, device_id: int, source: int | None = None) -> None:
        """@raise Refused: 404: there is none"""
        device = self.find(device_id)
        for child in self.children(device_id):
            self.remove(int(str(child["id"])), source)
        self.house.devices.remove(device_id)
        for subject in ("storage", "files"):
            self.house.set_list(subject, device_id, [])
        self._modified = {
            key: when for key, when in self._modified.items() if key[0] != device_id
        }
        self.house.dirty()
        room = self.house.tables["rooms"].get(device["roomID"]) or {}
        section = self.house.tables["sections"].get(room.get("sectionID")) or {}
        self.house.events.tell(
            "DeviceRemovedEvent",
            {
                "id": device_id,
                "deviceName": device["name"],
                "type": device["type"],
                "roomId": device["roomID"],
                "roomName": room.get("name", ""),
                "sectionName": section.get("name", ""),
            },
            ("device", device_id),
            source,
        )
        self.hosts.removed(device_id)

    # Changing.

    def set_property(
        self, device_id: int, name: str, value: Plain, source: int | None = None
    ) -> None:
        """
        Set a property, also a new one; nobody is told when it has the value already.

        @raise Refused: 404: there is no such device
        """
        device = self.find(device_id)
        properties = record(device["properties"])
        now = self.house.now
        before = properties.get(name)
        if name in properties and same(before, value):
            return
        properties[name] = value
        self._modified[device_id, name] = now
        device["modified"] = now
        if name == "value":
            for stamp, counts in (
                ("lastChanged", True),
                ("lastBreached", value is True),
            ):
                if stamp in properties and counts:
                    properties[stamp] = now
        self.house.dirty()
        self.house.events.changed(device_id, name, copied(value))
        self.house.events.tell(
            "DevicePropertyUpdatedEvent",
            {
                "id": device_id,
                "property": name,
                "newValue": copied(value),
                "oldValue": copied(before),
            },
            ("device", device_id),
            source,
        )
        for watcher in self.watchers:
            watcher(device_id, name, value)

    def modify(
        self, device_id: int, fields: Record, source: int | None = None
    ) -> Record:
        """
        C{PUT /devices/ID}: what is given replaces what is there.

        @raise Refused: 404: there is no such device; 400: a field is wrong
        """
        device = self.find(device_id)
        given = record(fields.get("properties"))
        for name in ("id", "type", "parentId", "properties", "actions"):
            fields.pop(name, None)
        fields = check(fields, {**device, **FIELDS})
        before = {name: device.get(name) for name in fields}
        device.update(fields)
        for name, value in given.items():
            self.set_property(device_id, name, value, source)
        if any(not same(before[name], fields[name]) for name in fields):
            device["modified"] = self.house.now
            self.house.dirty()
            self.house.events.tell(
                "DeviceModifiedEvent", {"id": device_id}, ("device", device_id), source
            )
        if RESTARTING & given.keys():
            self.hosts.restart(self.root(device))
        return device

    def change_interfaces(self, device_id: int, names: list[str], add: bool) -> None:
        """@raise Refused: 404: there is no such device"""
        device = self.find(device_id)
        now = set(texts(device["interfaces"]))
        changed = now | set(names) if add else now - set(names)
        if changed != now:
            device["interfaces"] = listed(sorted(changed))
            if "battery" in changed:
                record(device["properties"]).setdefault("batteryLevel", 0)
            self.house.dirty()
            self.house.events.tell(
                "DeviceModifiedEvent", {"id": device_id}, ("device", device_id)
            )

    # Actions.

    def call(
        self,
        device_id: int,
        name: str,
        arguments: list[Plain],
        source: int | None = None,
    ) -> None:
        """
        Call an action: the QuickApp that the device belongs to gets it; a device
        without one does it itself.

        @raise Refused: 404: there is no such device, or it has no such action; 400: the
            arguments are wrong
        """
        device = self.find(device_id)
        root = self.root(device)
        own = name in record(device["actions"]) or name in (
            "setIcon",
            "enable",
            "disable",
        )
        if root in self.hosts:
            self.hosts.action(root, device_id, name, arguments)
        elif own:
            changes = actions.perform(device, name, arguments)
            for each, value in changes.items():
                self.set_property(device_id, each, copied(value), source)
        elif not is_quickapp(device):
            raise Refused(404, f"device {device_id} has no action {name}")
        self.house.events.tell(
            "DeviceActionRanEvent",
            {
                "id": device_id,
                "actionName": name,
                "args": [copied(each) for each in arguments],
                "isSupportedByDevice": own,
            },
            ("device", device_id),
            source,
        )

    def call_later(
        self,
        seconds: float,
        device_id: int,
        name: str,
        arguments: list[Plain],
        source: int | None = None,
    ) -> tuple[int, int]:
        """
        The same after a time.

        @return: under which it can be taken back: a time stamp, and the device's number
        @raise Refused: 429: too many wait
        """
        if len(self._delayed) >= MAX_DELAYED:
            raise Refused(429, f"{MAX_DELAYED} actions wait for their time already")
        stamp = self.house.now
        while (stamp, device_id) in self._delayed:
            stamp += 1
        key = stamp, device_id

        def act() -> None:
            del self._delayed[key]
            try:
                self.call(device_id, name, arguments, source)
            except Refused as refused:
                self.log.warn(
                    "the delayed action {name} of device {device} was refused: {why}",
                    name=name,
                    device=device_id,
                    why=refused.message,
                )
            self.house.settled()

        self._delayed[key] = Deadline(self._clock, act)
        self._delayed[key].start(seconds)
        return key

    @property
    def delayed(self) -> int:
        """How many actions wait for their time."""
        return len(self._delayed)

    def take_back(self, stamp: int, device_id: int) -> None:
        """@raise Refused: 404: no such action waits"""
        waiting = self._delayed.pop((stamp, device_id), None)
        if waiting is None:
            raise Refused(404, "no such action waits for its time")
        waiting.cancel()

    def stop(self) -> None:
        """Forget the actions that wait."""
        for each in self._delayed.values():
            each.cancel()
        self._delayed.clear()
