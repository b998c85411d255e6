"""
The comments before a script by which it says what device it is, as the emulators of Home
Center 3 have them::

    --%%name=Thermostat
    --%%type=com.fibaro.hvacSystemHeat
    --%%var=address:"192.168.1.20"
    --%%u={button="b1", text="On", onReleased="turnOn"}
    --%%file=lib/modbus.lua,modbus

C{--%%name:Thermostat} is the same, so is the older C{--%%name="Thermostat"}, and
C{--FILE:lib/modbus.lua,modbus;}.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from eplua_twisted.hc3.lua_values import NotLua, parse_setting, parse_value
from eplua_twisted.hc3.plain import Plain, Record
from eplua_twisted.hc3.view_rows import BadRow, elements_of

_LINE = re.compile(r"^\s*--\s?%%\s*([A-Za-z_]\w*)\s*([=:])\s*(.*?)\s*$")

_FILE_LINE = re.compile(r"^\s*--\s?FILE:\s*([^,;]+?)\s*,\s*([^,;]+?)\s*;\s*$")

_REMARK = re.compile(r"\s+--\s.*$")

IGNORED = frozenset(
    """
    debug webui desktop logui save state time speed offline nop norun noproxy proxy
    proxyupdate proxy_port project conceal breakonload breakonload headers merge qacolor
    latitude longitude location mode warn keep include useuiview loglength key db clobber
    build plua fullsource dark color port remote refresh installation save_state trigger
    keepviewlayout modifiable restart stop userdata http tempdir silent lock backup logpath
    quickvars_save allowrefreshstates notifications copas startTime
    """.lower().split()
)
"""
Headers of the emulators about the emulator itself: known, and without a meaning here.
"""


class BadHeader(Exception):
    """
    A header that cannot be.

    @ivar line: its number
    """

    def __init__(self, message: str, line: int) -> None:
        Exception.__init__(self, message)
        self.line = line


@dataclass
class Headers:
    """
    What the headers of a script say.

    @ivar values: single values by their names, as text
    @ivar variables: of the QuickApp
    @ivar properties: of the device
    @ivar rows: of the view
    @ivar files: path, and the name that the file has in the QuickApp, and the line
    @ivar warnings: line and text of what has no meaning
    """

    values: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Plain] = field(default_factory=dict)
    properties: Record = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    rows: list[list[Record]] = field(default_factory=list)
    files: list[tuple[str, str, int]] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)


def _unquoted(text: str) -> str:
    """Text, which may stand in quotes."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        try:
            return str(parse_value(text))
        except NotLua:
            return text[1:-1]
    return text


def _strict(text: str, line: int) -> Plain:
    try:
        return parse_value(text.rstrip(";"))
    except NotLua as problem:
        raise BadHeader(str(problem), line) from None


def _named(text: str, line: int, what: str) -> tuple[str, str]:
    """A name and what comes after the first C{:} or C{=}."""
    found = re.match(r"\s*([\w.-]+)\s*[:=]\s*(.*)$", text, re.DOTALL)
    if found is None:
        raise BadHeader(f"{what}=NAME:VALUE expected, got {text!r}", line)
    return found[1], found[2]


def _strings(text: str, line: int) -> list[str]:
    """A list of names: a table, or separated by commas."""
    if text.startswith("{"):
        value = _strict(text, line)
        given = value if isinstance(value, list) else list(_record(value).values())
        return [str(each) for each in given]
    return [_unquoted(each.strip()) for each in text.split(",") if each.strip()]


def _record(value: Plain) -> Record:
    return value if isinstance(value, dict) else {}


class _Reader:
    """Takes in the headers of one script, line by line."""

    def __init__(self) -> None:
        self.found = Headers()
        self._takes: dict[str, Callable[[str, int], None]] = {
            "var": self._var,
            "quickvar": self._var,
            "quickvars": self._quick_vars,
            "property": self._property,
            "properties": self._properties,
            "interfaces": self._interfaces,
            "u": self._row,
            "ui": self._rows,
            "file": self._file,
        }

    def take(self, name: str, text: str, line: int) -> None:
        lowered = name.lower()
        take = self._takes.get(lowered)
        if take is not None:
            take(text.strip(), line)
        elif lowered in TEXTS:
            self.found.values[lowered] = _unquoted(_REMARK.sub("", text).rstrip("; "))
        elif lowered not in IGNORED:
            self._unknown(name, line)

    def _unknown(self, name: str, line: int) -> None:
        known = sorted({*self._takes, *TEXTS})
        near = difflib.get_close_matches(name.lower(), [*known, *sorted(IGNORED)], 1)
        hint = (
            f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
        )
        self.found.warnings.append((line, f"unknown header {name!r}{hint}"))

    def _var(self, text: str, line: int) -> None:
        name, value = _named(text, line, "var")
        value = _REMARK.sub("", value)
        found = parse_setting(value)
        if found == value and re.fullmatch(r"[^,]+(,\s*\w+:[^,]+)+", value):
            # Several, as name:value,name:value, of which each is a value of Lua.
            parts = [_named(each, line, "var") for each in text.split(",")]
            values = [parse_setting(each) for _, each in parts]
            if all(one != each[1] for one, each in zip(values, parts, strict=True)):
                for each, one in zip(parts, values, strict=True):
                    self.found.variables[each[0]] = one
                return
        self.found.variables[name] = found

    def _quick_vars(self, text: str, line: int) -> None:
        value = _strict(text, line)
        if isinstance(value, list):
            for each in value:
                fields = _record(each)
                self.found.variables[str(fields.get("name"))] = fields.get("value")
        else:
            self.found.variables.update(_record(value))

    def _property(self, text: str, line: int) -> None:
        name, value = _named(text, line, "property")
        self.found.properties[name] = parse_setting(_REMARK.sub("", value))

    def _properties(self, text: str, line: int) -> None:
        self.found.properties.update(_record(_strict(text, line)))

    def _interfaces(self, text: str, line: int) -> None:
        self.found.interfaces += _strings(text, line)

    def _row(self, text: str, line: int) -> None:
        self._add_row(_strict(text, line), line)

    def _rows(self, text: str, line: int) -> None:
        value = _strict(text, line)
        for each in value if isinstance(value, list) else [value]:
            self._add_row(each, line)

    def _add_row(self, value: Plain, line: int) -> None:
        try:
            self.found.rows.append(elements_of(value))
        except BadRow as problem:
            raise BadHeader(str(problem), line) from None

    def _file(self, text: str, line: int) -> None:
        text = _unquoted(_REMARK.sub("", text).rstrip(";"))
        parts = text.split(",")
        if len(parts) > 1 and all(":" in each for each in parts):
            # Several, as path:name,path:name.
            for each in parts:
                self._file(each, line)
            return
        path, separator, name = text.rpartition(",")
        if not separator:
            path, separator, name = text.rpartition(":")
        if not separator or not path.strip() or not name.strip():
            raise BadHeader(f"file=PATH,NAME expected, got {text!r}", line)
        self.found.files.append((path.strip(), name.strip(), line))


TEXTS = frozenset(
    (
        *("name", "type", "id", "uid", "manufacturer", "model", "description", "role"),
        *("room", "roomid", "roomname", "icon", "buildnumber", "userdescription"),
        *(
            "supporteddeviceroles",
            "author",
            "version",
            "parentid",
            "package",
            "conditions",
            "scene",
        ),
    )
)
"""Headers whose value is text."""


def read_headers(code: str) -> Headers:
    """
    The headers of a script.

    @raise BadHeader: one of them cannot be
    """
    reader = _Reader()
    lines = code.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        found = _FILE_LINE.match(line)
        if found:
            reader.found.files.append((found[1], found[2], number))
            continue
        found = _LINE.match(line)
        if found:
            text, first = found[3], number
            number = _continued(lines, number, text)
            text = "\n".join([text, *map(_without_dashes, lines[first:number])])
            reader.take(found[1], text, first)
        elif re.match(r"^\s*--+\s*ENDOFHEADERS", line):
            break
    return reader.found


def _without_dashes(line: str) -> str:
    return re.sub(r"^\s*--\s?", "", line)


def _continued(lines: list[str], number: int, text: str) -> int:
    """How many lines there are until a table that a header begins has ended."""
    if not text.startswith("{"):
        return number
    depth = text.count("{") - text.count("}")
    end = number
    while depth > 0 and end < len(lines) and re.match(r"^\s*--(?!%%)", lines[end]):
        depth += lines[end].count("{") - lines[end].count("}")
        end += 1
    return end if depth == 0 else number
