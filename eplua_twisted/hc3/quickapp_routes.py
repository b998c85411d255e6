"""C{/quickApp}: files of QuickApps, and packages of them."""

from __future__ import annotations

import base64
import json
from typing import cast

from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.device_types import PREFIX
from eplua_twisted.hc3.interfaces import Answer, QuickAppDescription
from eplua_twisted.hc3.plain import Plain, Record, integer, record, records, text, texts
from eplua_twisted.hc3.quickapps import QuickApps
from eplua_twisted.hc3.routing import Refused, Request, Route
from eplua_twisted.hc3.type_table import TYPES

PACKED = (
    "viewLayout",
    "uiView",
    "useUiView",
    "uiCallbacks",
    "quickAppVariables",
    "typeTemplateInitialized",
    "userDescription",
)
"""The properties that go into a package."""


class QuickAppRoutes:
    """The subject C{quickApp}."""

    def __init__(self, quickapps: QuickApps) -> None:
        self._quickapps = quickapps

    def routes(self) -> list[Route]:
        many = "/quickApp/{id}/files"
        one = f"{many}/{{name}}"
        return [
            Route("POST", "/quickApp", self._add, "add a QuickApp, also an .fqa"),
            Route(
                "GET", "/quickApp/availableTypes", self._types, "the types it may have"
            ),
            Route("GET", "/quickApp/export/{id}", self._export, "as an .fqa"),
            Route("POST", "/quickApp/export/{id}", self._export_for, "the same"),
            Route(
                "POST", "/quickApp/import", self._import, "`file`: an .fqa in base 64"
            ),
            Route("GET", many, self._list, "the files, without what is in them"),
            Route("POST", many, self._add_file, "add a file"),
            Route("PUT", many, self._put_files, "change several"),
            Route("GET", one, self._get, "a file"),
            Route("PUT", one, self._put, "change a file"),
            Route("DELETE", one, self._remove, "remove a file"),
        ]

    # Packages.

    def _types(self, request: Request) -> Answer:
        return 200, [{"type": PREFIX + each, "label": each} for each in TYPES]

    def _made(self, fqa: Record, source: int | None) -> Record:
        """
        The device of what was a package.

        @raise Refused: 400: it is none
        """
        name, kind = text(fqa.get("name")), text(fqa.get("type"))
        if not name or not kind:
            raise Refused(400, "a QuickApp needs a name and a type")
        description: Record = {
            "name": name,
            "type": kind,
            "properties": record(fqa.get("initialProperties")),
            "interfaces": [*texts(fqa.get("initialInterfaces"))],
        }
        if records(fqa.get("files")):
            description["files"] = [*records(fqa["files"])]
        room = integer(fqa.get("roomId"))
        if room is not None:
            description["roomID"] = room
        number = self._quickapps.add(cast(QuickAppDescription, description), source)
        return self._quickapps.find(number)

    def _add(self, request: Request) -> Answer:
        return 201, self._made(request.fields, request.source)

    def _import(self, request: Request) -> Answer:
        fields = request.fields
        try:
            given = base64.b64decode(text(fields.get("file")), validate=True)
            fqa: Plain = json.loads(given)
        except (ValueError, RecursionError):
            raise Refused(400, "file has to be an .fqa file in base 64") from None
        made = {**record(copied(fqa)), "roomId": fields.get("roomId")}
        return 201, self._made(made, request.source)

    def _export_for(self, request: Request) -> Answer:
        if request.fields.get("encrypted"):
            raise Refused(501, "a simulated controller encrypts no packages")
        return self._export(request)

    def _export(self, request: Request) -> Answer:
        device = self._quickapps.find(request.number("id"))
        properties = record(device["properties"])
        number = int(str(device["id"]))
        interfaces = texts(device["interfaces"])
        return 200, {
            "name": device["name"],
            "type": device["type"],
            "apiVersion": properties.get("apiVersion", "1.3"),
            "initialProperties": {
                name: properties[name] for name in PACKED if name in properties
            },
            "initialInterfaces": [each for each in interfaces if each != "quickApp"],
            "files": [*self._quickapps.files(number)],
        }

    # Files.

    def _list(self, request: Request) -> Answer:
        rows = self._quickapps.files(request.number("id"))
        return 200, [
            {name: value for name, value in each.items() if name != "content"}
            for each in rows
        ]

    def _get(self, request: Request) -> Answer:
        return 200, self._quickapps.file(
            request.number("id"), request.parameters["name"]
        )

    def _add_file(self, request: Request) -> Answer:
        number, fields = request.number("id"), request.fields
        if fields.get("isMain"):
            raise Refused(400, "there is a main file already")
        self._quickapps.set_files(number, [fields], True)
        return 201, self._quickapps.file(number, text(fields.get("name")))

    def _put(self, request: Request) -> Answer:
        number, name = request.number("id"), request.parameters["name"]
        changed: Record = {**request.fields, "name": name}
        self._quickapps.set_files(number, [changed], False)
        return 200, self._quickapps.file(number, name)

    def _put_files(self, request: Request) -> Answer:
        if not isinstance(request.body, list):
            raise Refused(400, "the body has to be a list of files")
        number = request.number("id")
        self._quickapps.set_files(number, records(request.body), False)
        return 200, None

    def _remove(self, request: Request) -> Answer:
        self._quickapps.remove_file(request.number("id"), request.parameters["name"])
        return 200, None
