"""C{.fqa} files: a QuickApp as HC3 exports and imports it, one JSON object."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from eplua_twisted.hc3.plain import Plain, Record, record, records

API_VERSION = "1.3"
"""The version of the interface that is written."""


class BadFile(Exception):
    """
    A file that a QuickApp cannot be made of.

    @ivar place: file and line, or file and JSON path
    """

    def __init__(self, message: str, place: str) -> None:
        Exception.__init__(self, f"{place}: {message}")
        self.place = place


@dataclass
class QuickAppFile:
    """
    A file of a QuickApp.

    @ivar chunk: what Lua calls it in messages, with C{@} or C{=} before
    """

    name: str
    content: str
    chunk: str
    main: bool = False
    extra: Record = field(default_factory=dict)


@dataclass
class Form:
    """
    A QuickApp as it stands in a file.

    @ivar files: in their order, the main one last
    @ivar properties: C{initialProperties}
    @ivar number: the device that it asks to be, if it does
    @ivar warnings: place and text of what has no meaning
    """

    name: str
    type: str
    files: list[QuickAppFile]
    properties: Record = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    number: int | None = None
    room: int | None = None
    api_version: str = API_VERSION
    warnings: list[str] = field(default_factory=list)


@dataclass
class SceneForm:
    """
    A scene as it stands in a file.

    @ivar conditions: the table that says when it runs; empty for none
    @ivar chunk: as L{QuickAppFile.chunk}, of the actions
    """

    name: str
    conditions: Plain
    actions: str
    chunk: str
    warnings: list[str] = field(default_factory=list)


class _Checked:
    """The values of one JSON file, each found by its path or refused."""

    def __init__(self, path: str) -> None:
        self._path = path

    def bad(self, message: str, at: str) -> BadFile:
        return BadFile(message, f"{self._path}: {at}")

    def object(self, value: Plain, at: str) -> Record:
        if not isinstance(value, dict):
            raise self.bad(f"an object expected, got {_kind(value)}", at)
        return value

    def text(self, value: Plain, at: str) -> str:
        if not isinstance(value, str):
            raise self.bad(f"a string expected, got {_kind(value)}", at)
        return value

    def list(self, value: Plain, at: str) -> list[Plain]:
        # An empty table of Lua is an empty object in JSON.
        if value is None or value == {}:
            return []
        if not isinstance(value, list):
            raise self.bad(f"a list expected, got {_kind(value)}", at)
        return value


def _kind(value: Plain) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    return {str: "a string", list: "a list", dict: "an object"}[type(value)]


def parse_json(text: bytes, path: str) -> Plain:
    """@raise BadFile: it is no JSON; names file and line"""
    try:
        value: Plain = json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        line = text[: problem.start].count(b"\n") + 1
        raise BadFile("this is not UTF-8", f"{path}:{line}") from None
    except json.JSONDecodeError as problem:
        raise BadFile(problem.msg, f"{path}:{problem.lineno}") from None
    except RecursionError:
        raise BadFile("nested too deep", f"{path}:1") from None
    return value


def parse_fqa(text: bytes, path: str) -> Form:
    """
    @param path: what the file is called in messages
    @raise BadFile: it cannot be
    """
    checked = _Checked(path)
    whole = checked.object(parse_json(text, path), "$")
    name = checked.text(whole.get("name"), "$.name")
    kind = checked.text(whole.get("type"), "$.type")
    given = checked.list(whole.get("files"), "$.files")
    if not given:
        raise checked.bad("there are no files", "$.files")
    files: list[QuickAppFile] = []
    for place, each in enumerate(given):
        at = f"$.files[{place}]"
        fields = checked.object(each, at)
        title = checked.text(fields.get("name"), f"{at}.name")
        if title in (file.name for file in files):
            raise checked.bad(f"there are two files {title!r}", f"{at}.name")
        content = checked.text(fields.get("content"), f"{at}.content")
        files.append(
            QuickAppFile(
                title, content, f"={name}/{title}.lua", fields.get("isMain") is True
            )
        )
    if sum(file.main for file in files) > 1:
        raise checked.bad("there are two main files", "$.files")
    files.sort(key=lambda file: file.main)
    properties = whole.get("initialProperties") or {}
    interfaces = checked.list(whole.get("initialInterfaces"), "$.initialInterfaces")
    return Form(
        name,
        kind,
        files,
        checked.object(properties, "$.initialProperties"),
        [
            checked.text(each, f"$.initialInterfaces[{i}]")
            for i, each in enumerate(interfaces)
        ],
        api_version=str(whole.get("apiVersion") or API_VERSION),
    )


def as_fqa(form: Form) -> Record:
    """What a C{.fqa} file of this QuickApp holds."""
    files: list[Plain] = [
        {
            "name": file.name,
            "isMain": file.main,
            "isOpen": False,
            "type": "lua",
            "content": file.content,
        }
        for file in sorted(form.files, key=lambda file: not file.main)
    ]
    return {
        "name": form.name,
        "type": form.type,
        "apiVersion": form.api_version,
        "initialProperties": form.properties,
        "initialInterfaces": list(form.interfaces),
        "files": files,
    }


SECRET_WORDS = (
    "password",
    "passwd",
    "pass",
    "pwd",
    "token",
    "secret",
    "key",
    "apikey",
    "pin",
    "credential",
    "auth",
)
"""What the name of a variable has in it whose value is not to be published."""

PLACEHOLDER = "CHANGE ME"


def without_secrets(form: Form) -> tuple[Form, list[str]]:
    """
    A QuickApp to be published: variables whose names say that they are secrets lose
    their values.

    @return: it, and the names of these variables
    """
    replaced: list[str] = []
    values: list[str] = []
    variables: list[Plain] = []
    for each in records(form.properties.get("quickAppVariables")):
        name, value = str(each.get("name")), each.get("value")
        if value not in ("", None) and _is_secret(name):
            replaced.append(name)
            values.append(str(value))
            each = {**each, "value": PLACEHOLDER}
        variables.append(each)
    if not replaced:
        return form, replaced
    properties = {**form.properties, "quickAppVariables": variables}
    files = [
        replace(file, content=_without(file.content, values)) for file in form.files
    ]
    return replace(form, properties=record(properties), files=files), replaced


def _without(code: str, values: list[str]) -> str:
    """A script whose headers have no such values."""
    lines = code.split("\n")
    for place, line in enumerate(lines):
        if line.lstrip().startswith("--") and "%%" in line:
            for value in values:
                line = line.replace(value, PLACEHOLDER)
            lines[place] = line
    return "\n".join(lines)


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in SECRET_WORDS)
