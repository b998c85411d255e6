"""Global variables and custom events."""

from __future__ import annotations

from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, items, same, text
from eplua_twisted.hc3.routing import Refused, Request, Route

GLOBAL_VARIABLE: Record = {
    "value": "",
    "readOnly": False,
    "isEnum": False,
    "enumValues": [],
    "created": 0,
    "modified": 0,
}

CUSTOM_EVENT: Record = {"userDescription": ""}


class GlobalVariables:
    """The subject C{globalVariables} of the REST API."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._table = house.tables["globalVariables"]

    def routes(self) -> list[Route]:
        one = "/globalVariables/{name}"
        return [
            Route("GET", "/globalVariables", self._list, "all global variables"),
            Route("POST", "/globalVariables", self._add, "add one"),
            Route("GET", one, self._get, "name, value and when it was modified"),
            Route("PUT", one, self._put, "set its value"),
            Route("DELETE", one, self._remove, "remove it"),
        ]

    def set(self, name: str, value: Plain, source: int | None = None) -> Record:
        """
        Set a variable, which is made if there is none.

        @raise Refused: 400: it has no name; 507: there are too many
        """
        row = self._table.get(name)
        if row is None:
            return self._make({"name": name, "value": value}, source)
        before, row["value"] = row["value"], _value(value)
        if not same(before, row["value"]):
            row["modified"] = self._house.now
            self._house.dirty()
            self._house.events.tell(
                "GlobalVariableChangedEvent",
                {
                    "variableName": name,
                    "newValue": copied(row["value"]),
                    "oldValue": copied(before),
                },
                source=source,
            )
        return row

    def _make(self, fields: Record, source: int | None) -> Record:
        if not text(fields.get("name")):
            raise Refused(400, "a global variable needs a name")
        now = self._house.now
        row: Record = {
            "name": fields["name"],
            "value": _value(fields.get("value")),
            "readOnly": fields.get("readOnly") is True,
            "isEnum": fields.get("isEnum") is True,
            "enumValues": items(fields.get("enumValues")),
            "created": now,
            "modified": now,
        }
        self._table.add(row)
        self._house.dirty()
        self._house.events.tell(
            "GlobalVariableAddedEvent",
            {"variableName": row["name"], "value": copied(row["value"])},
            source=source,
        )
        return row

    def _list(self, request: Request) -> Answer:
        return 200, list(self._table)

    def _get(self, request: Request) -> Answer:
        return 200, self._table.find(request.parameters["name"])

    def _add(self, request: Request) -> Answer:
        return 201, self._make(request.fields, request.source)

    def _put(self, request: Request) -> Answer:
        fields = request.fields
        name = request.parameters["name"]
        row = self._table.find(name)
        if "value" not in fields:
            raise Refused(400, "the body needs a value")
        for each in ("readOnly", "isEnum"):
            if isinstance(fields.get(each), bool):
                row[each] = fields[each]
        if isinstance(fields.get("enumValues"), list):
            row["enumValues"] = fields["enumValues"]
        return 200, self.set(name, fields["value"], request.source)

    def _remove(self, request: Request) -> Answer:
        name = request.parameters["name"]
        self._table.remove(name)
        self._house.dirty()
        self._house.events.tell(
            "GlobalVariableRemovedEvent", {"variableName": name}, source=request.source
        )
        return 200, None


def _value(value: Plain) -> Plain:
    """The box has strings as values; numbers and booleans are written as in Lua."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return "" if value is None else copied(value)


class CustomEvents:
    """The subject C{customEvents} of the REST API."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._table = house.tables["customEvents"]

    def routes(self) -> list[Route]:
        one = "/customEvents/{name}"
        return [
            Route("GET", "/customEvents", self._list, "all custom events"),
            Route("POST", "/customEvents", self._add, "add one"),
            Route("GET", one, self._get, "one of them"),
            Route("PUT", one, self._put, "change its name or description"),
            Route("DELETE", one, self._remove, "remove it"),
            Route("POST", one, self._emit, "emit it"),
            Route("GET", f"{one}/publish", self._emit, "emit it"),
        ]

    def emit(self, name: str, source: int | None = None, make: bool = False) -> None:
        """
        @param make: make it if there is none
        @raise Refused: 404: there is none
        """
        if make and name and self._table.get(name) is None:
            self._table.add({"name": name, "userDescription": ""})
            self._house.dirty()
        row = self._table.find(name)
        self._house.events.tell(
            "CustomEvent",
            {"name": name, "value": row["userDescription"]},
            ("customEvent", name),
            source,
        )

    def _list(self, request: Request) -> Answer:
        return 200, list(self._table)

    def _get(self, request: Request) -> Answer:
        return 200, self._table.find(request.parameters["name"])

    def _add(self, request: Request) -> Answer:
        fields = request.fields
        name = text(fields.get("name"))
        if not name:
            raise Refused(400, "a custom event needs a name")
        about = text(fields.get("userDescription"))
        row = self._table.add({"name": name, "userDescription": about})
        self._house.dirty()
        return 201, row

    def _put(self, request: Request) -> Answer:
        fields = request.fields
        row = self._table.find(request.parameters["name"])
        name = text(fields.get("name")) or text(row["name"])
        if name != row["name"]:
            if self._table.get(name) is not None:
                raise Refused(409, f"there is a custom event {name}")
            self._table.remove(row["name"])
            row["name"] = name
            self._table.add(row)
        row["userDescription"] = text(
            fields.get("userDescription"), text(row["userDescription"])
        )
        self._house.dirty()
        return 200, row

    def _remove(self, request: Request) -> Answer:
        self._table.remove(request.parameters["name"])
        self._house.dirty()
        return 204, None

    def _emit(self, request: Request) -> Answer:
        self.emit(request.parameters["name"], request.source)
        return 200, None
