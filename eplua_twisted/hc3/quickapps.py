"""QuickApps: their devices, children, files, storage and views."""

from __future__ import annotations

from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.device_types import is_quickapp
from eplua_twisted.hc3.devices import Devices
from eplua_twisted.hc3.interfaces import QuickAppDescription
from eplua_twisted.hc3.plain import Plain, Record, record, records, same, text, texts
from eplua_twisted.hc3.routing import Refused

MAX_VARIABLES = 1000
"""What one QuickApp may have in its storage, and how many files."""

TYPE = "com.fibaro.genericDevice"
"""The type of a QuickApp that names none."""

FILE_FIELDS = ("name", "type", "isOpen", "isMain", "content")

DEFAULT_CODE = """\
function QuickApp:onInit()
    self:debug("onInit")
end
"""


class QuickApps:
    """The devices that are QuickApps, and what belongs to them alone."""

    def __init__(self, devices: Devices) -> None:
        self.devices = devices
        self.house = devices.house
        # Those that somebody has run, and nobody has begun to run again.
        self._kept: set[int] = set()

    def remember(self) -> None:
        """The QuickApps that there are now were run before, and may be run again."""
        for each in self.house.devices:
            if "quickApp" in texts(each["interfaces"]) and not each["parentId"]:
                self._kept.add(int(str(each["id"])))

    def end(self, device_id: int) -> None:
        """Nobody runs it any more; it may be run again."""
        if device_id in self.house.devices:
            self._kept.add(device_id)

    def _of_before(self, name: str, kind: str) -> Record | None:
        """The device that a QuickApp of this name and type had when it last ran."""
        for number in sorted(self._kept):
            device = self.house.devices.get(number)
            if device and device["name"] == name and device["type"] == kind:
                return device
        return None

    def find(self, device_id: Plain) -> Record:
        """@raise Refused: 404: there is no such device, or it is no QuickApp"""
        device = self.devices.find(device_id)
        if not is_quickapp(device):
            raise Refused(404, f"device {device_id} is no QuickApp")
        return device

    # Making.

    def add(self, given: QuickAppDescription, source: int | None = None) -> int:
        """
        As L{IController.add_quickapp<eplua_twisted.hc3.interfaces.IController>}.

        @raise Refused: 400: its files are wrong; 409: its number is another device's
        """
        properties = dict(record(given.get("properties")))
        for field, key in (("viewLayout", "view"), ("uiView", "uiView")):
            if given.get(key):
                properties[field] = given[key]  # type: ignore[literal-required]
        if given.get("uiCallbacks"):
            properties["uiCallbacks"] = given["uiCallbacks"]
        if given.get("variables"):
            properties["quickAppVariables"] = [
                {"name": name, "value": value}
                for name, value in given["variables"].items()
            ]
        kind = given.get("type") or TYPE
        files = [_file(each) for each in given.get("files") or [{"isMain": True}]]
        names = [each["name"] for each in files]
        for each in names:
            if names.count(each) > 1:
                raise Refused(400, f"two files are called {each}")
        name = given.get("name") or "QuickApp"
        if given.get("id") is None:
            device = self._of_before(name, kind)
        else:
            device = self.house.devices.get(given["id"])
        if device is None:
            fields: Record = {
                "name": name,
                "type": kind,
                "properties": properties,
                "interfaces": list(given.get("interfaces") or []),
            }
            for key in ("id", "roomID"):
                if given.get(key) is not None:
                    fields[key] = given[key]  # type: ignore[literal-required]
            device = self.devices.add(fields, True, source)
        else:
            self._renew(device, kind, properties)
        number = device["id"]
        assert isinstance(number, int)
        self._kept.discard(number)
        self.house.set_list("files", number, files)
        return number

    def _renew(self, device: Record, kind: str, properties: Record) -> None:
        """The device of a QuickApp that was here before."""
        if device["type"] != kind or device["parentId"]:
            raise Refused(
                409, f"device {device['id']} is {device['name']}, a {device['type']}"
            )
        number = int(str(device["id"]))
        kept = records(record(device["properties"]).get("quickAppVariables"))
        names = {each.get("name") for each in kept}
        added = [
            each
            for each in records(properties.pop("quickAppVariables", None))
            if each.get("name") not in names
        ]
        for name in ("viewLayout", "uiView", "uiCallbacks"):
            if name in properties:
                self.devices.set_property(number, name, properties[name])
        if added:
            both: list[Plain] = [*kept, *added]
            self.devices.set_property(number, "quickAppVariables", both)
        self.devices.change_interfaces(number, ["quickApp"], True)

    def add_child(self, fields: Record, source: int | None) -> Record:
        """@raise Refused: 404: there is no such parent; 400: something is missing"""
        parent = self.find(fields.get("parentId"))
        if parent["parentId"]:
            raise Refused(400, "a child has no children")
        name, kind = text(fields.get("name")), text(fields.get("type"))
        if not name or not kind:
            raise Refused(400, "a child needs a name and a type")
        return self.devices.add(
            {
                "name": name,
                "type": kind,
                "parentId": parent["id"],
                "roomID": fields.get("roomID") or parent["roomID"],
                "properties": record(fields.get("initialProperties")),
                "interfaces": [
                    *texts(fields.get("initialInterfaces")),
                    "quickAppChild",
                ],
            },
            True,
            source,
        )

    # Storage.

    def variable(self, device_id: int, name: str) -> Record:
        """@raise Refused: 404: there is none of that name"""
        self.devices.find(device_id)
        for each in self.house.lists("storage", device_id):
            if each.get("name") == name:
                return each
        raise Refused(404, f"device {device_id} has no variable {name}")

    def set_variable(self, device_id: int, fields: Record, new: bool) -> Record:
        """
        @param new: there has to be none of that name; else there has to be one
        @raise Refused: 400: it has no name; 404; 409; 507: there are too many
        """
        name = text(fields.get("name"))
        if not name:
            raise Refused(400, "a variable needs a name")
        self.devices.find(device_id)
        rows = self.house.lists("storage", device_id)
        entry: Record = {
            "name": name,
            "value": copied(fields.get("value")),
            "isHidden": fields.get("isHidden") is True,
        }
        at = [each.get("name") for each in rows]
        if new and name in at:
            raise Refused(409, f"device {device_id} has a variable {name}")
        if not new and name not in at:
            raise Refused(404, f"device {device_id} has no variable {name}")
        if new:
            if len(rows) >= MAX_VARIABLES:
                raise Refused(507, f"a QuickApp has at most {MAX_VARIABLES} variables")
            rows.append(entry)
        else:
            rows[at.index(name)] = entry
        self.house.set_list("storage", device_id, rows)
        return entry

    def remove_variable(self, device_id: int, name: str | None) -> None:
        """
        @param name: C{None} for all
        @raise Refused: 404: there is none of that name
        """
        if name is not None:
            self.variable(device_id, name)
        rows = self.house.lists("storage", self.root(device_id))
        kept = [each for each in rows if name is not None and each.get("name") != name]
        self.house.set_list("storage", device_id, kept)

    def root(self, device_id: int) -> int:
        """The same number; there is such a device."""
        self.devices.find(device_id)
        return device_id

    # Files.

    def files(self, device_id: int) -> list[Record]:
        self.find(device_id)
        return self.house.lists("files", device_id)

    def file(self, device_id: int, name: str) -> Record:
        """@raise Refused: 404: there is none of that name"""
        for each in self.files(device_id):
            if each.get("name") == name:
                return each
        raise Refused(404, f"device {device_id} has no file {name}")

    def set_files(self, device_id: int, changed: list[Record], new: bool) -> None:
        """
        @param new: there has to be none of these names; else there have to be such
        @raise Refused: 404, 409, 507
        """
        rows = self.files(device_id)
        names = [each.get("name") for each in rows]
        for each in changed:
            name = each.get("name")
            if new:
                if name in names:
                    raise Refused(409, f"device {device_id} has a file {name}")
                rows.append(_file(each))
            elif name not in names:
                raise Refused(404, f"device {device_id} has no file {name}")
            else:
                at = names.index(name)
                rows[at] = _file({**rows[at], **each})
        if len(rows) > MAX_VARIABLES:
            raise Refused(507, f"a QuickApp has at most {MAX_VARIABLES} files")
        self._put_files(device_id, rows)

    def remove_file(self, device_id: int, name: str) -> None:
        """@raise Refused: 404: there is none; 400: it is the main one"""
        if self.file(device_id, name).get("isMain"):
            raise Refused(400, "the main file cannot be removed")
        rows = [each for each in self.files(device_id) if each.get("name") != name]
        self._put_files(device_id, rows)

    def _put_files(self, device_id: int, rows: list[Record]) -> None:
        before = copied(self.house.lists("files", device_id))
        self.house.set_list("files", device_id, rows)
        if not same(before, list(rows)):
            self.house.events.tell(
                "QuickAppFilesChangedEvent", {"id": device_id}, ("device", device_id)
            )
            self.devices.hosts.restart(device_id)


def _file(given: Record) -> Record:
    """A whole file."""
    main = given.get("isMain") is True
    row: Record = {
        "name": "main" if main else "",
        "type": "lua",
        "isOpen": False,
        "isMain": main,
        "content": DEFAULT_CODE if main else "",
    }
    for name in FILE_FIELDS:
        if name in given and type(given[name]) is type(row[name]):
            row[name] = given[name]
    if not row["name"]:
        raise Refused(400, "a file needs a name")
    return row
