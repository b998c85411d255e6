"""Subjects that are a list of records and no more: their routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.fields import check
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Record, record, same, text
from eplua_twisted.hc3.routing import Refused, Request, Route


@dataclass(frozen=True)
class Shape:
    """
    @ivar table: of the house
    @ivar path: where the list is
    @ivar about: what one of them is called
    @ivar defaults: the fields of a record and their first values, whose types they keep
    @ivar required: what a new one has to have
    @ivar event: the first word of its events, C{Room} for C{RoomCreatedEvent}; the
        kind of the object is the same in small letters
    @ivar removed: the status of a removal, which is not the same for all on the box
    """

    table: str
    path: str
    about: str
    defaults: Record = field(default_factory=dict)
    required: tuple[str, ...] = ("name",)
    event: str = ""
    removed: int = 200


class Collection:
    """
    List, add, look at, change and remove.

    @ivar on_removed: is told of a record that is gone
    """

    def __init__(self, house: House, shape: Shape) -> None:
        self.house = house
        self.shape = shape
        self.table = house.tables[shape.table]
        self.on_removed: Callable[[Record], object] = lambda row: None

    def routes(self) -> list[Route]:
        path, about = self.shape.path, self.shape.about
        one = f"{path}/{{id}}"
        return [
            Route("GET", path, self._list, f"every {about}"),
            Route("POST", path, self._add, f"add a {about}"),
            Route("GET", one, self._get, f"a {about}"),
            Route("PUT", one, self._modify, f"change a {about}"),
            Route("DELETE", one, self._remove, f"remove a {about}"),
        ]

    def add(self, fields: Record, source: int | None = None) -> Record:
        """@raise Refused: 400: a field is missing or wrong; 409; 507"""
        for name in self.shape.required:
            if not fields.get(name):
                raise Refused(400, f"a {self.shape.about} needs a {name}")
        kept = check(fields, self.shape.defaults)
        kept.pop("id", None)
        number = self.table.take_number()
        row = {"id": number, **record(copied(self.shape.defaults)), **kept}
        self.table.add(row)
        self.house.dirty()
        self.tell("Created", row, source)
        return row

    def modify(self, number: int, fields: Record, source: int | None = None) -> Record:
        """@raise Refused: 404: there is none; 400: a field is wrong"""
        row = self.table.find(number)
        kept = check(fields, {**row, **self.shape.defaults})
        kept["id"] = number
        if any(name not in row or not same(row[name], kept[name]) for name in kept):
            row.update(kept)
            self.house.dirty()
            self.tell("Modified", row, source)
        return row

    def remove(self, number: int, source: int | None = None) -> None:
        """@raise Refused: 404: there is none"""
        row = self.table.remove(number)
        self.house.dirty()
        self.on_removed(row)
        self.tell("Removed", row, source)

    def tell(self, what: str, row: Record, source: int | None = None) -> None:
        """An event of a record, where its subject has such."""
        kind = self.shape.event
        if kind:
            about = (kind[0].lower() + kind[1:], row["id"])
            self.house.events.tell(
                f"{kind}{what}Event", {"id": row["id"]}, about, source
            )

    def _list(self, request: Request) -> Answer:
        wanted = text(request.query.get("name"))
        return 200, [
            each for each in self.table if not wanted or each.get("name") == wanted
        ]

    def _get(self, request: Request) -> Answer:
        return 200, self.table.find(request.number("id"))

    def _add(self, request: Request) -> Answer:
        return 201, self.add(request.fields, request.source)

    def _modify(self, request: Request) -> Answer:
        number = request.number("id")
        return 200, self.modify(number, request.fields, request.source)

    def _remove(self, request: Request) -> Answer:
        self.remove(request.number("id"), request.source)
        return self.shape.removed, None
