"""
Reads the definition files: Lua without bodies, with annotations of the LuaLS language
server (C{---@class}, C{---@field}, C{---@param}, C{---@return}, C{---@overload},
C{---@alias}, C{---@enum}).  Two things are ours, and comments for LuaLS:

An option says in brackets its unit, default and bound, each of them if it has one::

    ---@field timeout? number # (ms; default 30000; at least 0) for the whole exchange

A class or function lists the codes of its errors::

    ---Errors:
    --- * `refused`: nobody listens there
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from eplua_twisted.api.model import (
    API,
    Class,
    Code,
    Constant,
    Constants,
    Event,
    Field,
    Function,
    Value,
)
from eplua_twisted.files import types_directory


class DefinitionError(ValueError):
    """A definition file has a line that this module does not understand."""


_NAMED = re.compile(r"([\w.]+)(\?)?(?:\s+|$)(.*)")
_CODE = re.compile(r"\* `(\w+)`: (.*)")
_ALIAS_LINE = re.compile(r'\| "(\w+)" # (.*)')
_CLASS = re.compile(r"([\w.]+)(?:: ([\w.]+))?$")
_FUNCTION = re.compile(r"function ([\w.]+)([.:])(\w+)\((.*)\) end$")
_GLOBAL = re.compile(r"function (\w+)\((.*)\) end$")
_LOCAL = re.compile(r"local (\w+) = \{\}$")
_VARIABLE = re.compile(r'([\w.]+) = (?:\{\}|""|0)$')
_SAME = re.compile(r"(\w+)\.(\w+) = (\w+)\.(\w+)$")
_CONSTANT = re.compile(r"\s+(\w+) = (-?\d+),(?: -- (.*))?$")
_ANY = "[string] "
_EVENT = re.compile(r'fun\(self: [\w.]+, name: "(\w+)", f: (fun\(.*\))\)(?: # (.*))?$')


@dataclass
class _Block:
    """Annotations, and the Lua that follows them."""

    file: str
    code: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    choices: list[Code] = field(default_factory=list)

    def add(self, line: str) -> None:
        line = line.removeprefix("---")
        stripped = line.strip()
        if line.startswith("@"):
            tag, _, rest = line[1:].partition(" ")
            self.tags.append((tag, rest))
        elif found := _ALIAS_LINE.match(line):
            self.choices.append(Code(*found.groups()))
        elif found := _CODE.match(stripped):
            self.codes.append(Code(*found.groups()))
        elif stripped and stripped != "Errors:":
            self.text.append(stripped)

    def all(self, tag: str) -> list[str]:
        return [rest for name, rest in self.tags if name == tag]

    def one(self, tag: str) -> str | None:
        found = self.all(tag)
        return found[0] if found else None


def split(text: str, separator: str = ",") -> Iterator[str]:
    """The parts of a list, where separators inside of brackets do not count."""
    depth, start = 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "(<{[") - (letter in ")>}]")
        if letter == separator and depth == 0:
            yield text[start:index].strip()
            start = index + 1
    if text[start:].strip():
        yield text[start:].strip()


def _first(returned: str) -> str:
    """The type of the first thing in C{table<string, any>? data, string? message}."""
    return next(split(next(split(returned), ""), " "), "")


def _named(text: str) -> tuple[str, bool, str]:
    """C{name? rest}: the name, whether it is optional, and the rest."""
    found = _NAMED.match(text)
    if found is None:
        raise DefinitionError(text)
    name, mark, rest = found.groups()
    return name, mark is not None, rest


def arguments(kind: str) -> tuple[Value, ...]:
    """What a function of a type like C{fun(data: string, port?: integer)} gets."""
    found = re.match(r"fun\((.*?)\)(?::.*)?$", kind)
    if found is None:
        raise DefinitionError(kind)
    values = []
    for each in split(found.group(1)):
        name, _, type_ = each.partition(":")
        values.append(Value(name.rstrip("?"), type_.strip(), name.endswith("?")))
    return tuple(values)


def _field(text: str) -> Field:
    name, optional, rest = _named(text)
    kind, _, words = rest.partition(" # ")
    found = re.match(r"\((.*?)\) (.*)$", words) if words.startswith("(") else None
    if found is None:
        return Field(name, kind, optional, text=words)
    unit = default = bound = ""
    # A unit comes first, a bound last; both may be missing.
    for part in re.split(r"; (?=default|at |-?\d+\.\.)", found.group(1)):
        if part.startswith("default "):
            default = part.removeprefix("default ")
        elif default:
            bound = part
        else:
            unit = part
    return Field(name, kind, optional, unit, default, bound, found.group(2))


def _event(text: str) -> Event:
    found = _EVENT.match(text)
    if found is None:
        raise DefinitionError(text)
    name, kind, words = found.groups()
    return Event(name, arguments(kind), words or "")


def _blocks(path: Path) -> Iterator[_Block]:
    """The pieces of a file: annotations, and the Lua that follows them."""
    block = _Block(path.name)
    for line in path.read_text().splitlines():
        if not line or (line.startswith("---") and block.code):
            yield block
            block = _Block(path.name)
        if line.startswith("---"):
            block.add(line)
        elif line:
            block.code.append(line)
    yield block


class _Reader:
    """Puts the pieces of all files together into an L{API}."""

    def __init__(self) -> None:
        self.api = API()
        self.codes: tuple[Code, ...] = ()
        # Which class a local variable of a file stands for.
        self._variables: dict[tuple[str, str], str] = {}

    def read(self, blocks: list[_Block]) -> None:
        """Read them all: classes first, as functions name them before they come."""
        for step in (self._class, self._code):
            for block in blocks:
                try:
                    step(block)
                except (DefinitionError, KeyError) as problem:
                    place = " ".join(block.code[:1]) or block.tags
                    raise DefinitionError(
                        f"lua/types/{block.file}: {place}: {problem}"
                    ) from None

    def _class(self, block: _Block) -> None:
        """A class, or the alias that has the codes."""
        if block.one("alias") == "eplua.Code":
            self.codes = tuple(block.choices)
        declared = block.one("class")
        if declared is None:
            return
        found = _CLASS.match(declared)
        if found is None or found.group(1) in self.api.classes:
            raise DefinitionError(declared)
        name, parent = found.groups()
        fields = block.all("field")
        named = [each for each in fields if not each.startswith(_ANY)]
        self.api.classes[name] = Class(
            name,
            parent,
            " ".join(block.text),
            tuple(map(_field, named)),
            codes=tuple(block.codes),
            open=named != fields,
        )

    def _code(self, block: _Block) -> None:
        """Functions, variables and constants."""
        declared = block.one("class")
        found = _CLASS.match(declared) if declared else None
        name = found[1] if found else block.one("type")
        if block.one("enum") is not None:
            return self._constants(block)
        for line in block.code:
            self._line(line, name, block)
        return None

    def _line(self, line: str, name: str | None, block: _Block) -> None:
        if found := _LOCAL.match(line):
            self._variables[block.file, found[1]] = name or ""
        elif found := _VARIABLE.match(line):
            self.api.variables[found[1]] = name or "table"
            self._variables[block.file, found[1]] = name or ""
        elif found := _SAME.match(line):
            owner = self._variables[block.file, found[1]]
            same = self.api.methods(owner)[found[4]]
            self._method(owner, replace(same, path=found[2], same_as=same.path), [])
        elif found := _FUNCTION.match(line):
            before, mark, last, given = found.groups()
            if mark == ":":
                method = self._function(last, given, block)
                owner = self._variables[block.file, before]
                self._method(owner, method, block.all("overload"))
            else:
                self._add(self._function(f"{before}.{last}", given, block))
        elif found := _GLOBAL.match(line):
            self._add(self._function(found[1], found[2], block))
        else:
            raise DefinitionError(line)

    def _constants(self, block: _Block) -> None:
        name, values = block.code[0].partition(" ")[0], []
        for line in block.code[1:-1]:
            found = _CONSTANT.match(line)
            if found is None:
                raise DefinitionError(line)
            values.append(Constant(found[1], int(found[2]), found[3] or ""))
        text = " ".join(block.text)
        self.api.constants[name] = Constants(name, tuple(values), text)

    def _add(self, function: Function) -> None:
        if function.path in self.api.functions:
            raise DefinitionError(function.path)
        self.api.functions[function.path] = function

    def _method(self, owner: str, method: Function, events: list[str]) -> None:
        """A method; the overloads of C{addEventListener} are the class's events."""
        found = self.api.classes[owner]
        if any(each.name == method.name for each in found.methods):
            raise DefinitionError(f"{method.name} is there twice")
        self.api.classes[owner] = replace(
            found,
            methods=(*found.methods, method),
            events=(*found.events, *map(_event, events)),
        )

    def _function(self, path: str, given: str, block: _Block) -> Function:
        parameters = []
        success: tuple[Value, ...] | None = None
        for each in block.all("param"):
            name, optional, kind = _named(each.replace("...", "_rest", 1))
            parameters.append(Value(name.replace("_rest", "..."), kind, optional))
            if name == "callbacks":
                success = self._success(kind)
        if [each.name for each in parameters] != list(split(given)):
            raise DefinitionError(f"{path}: parameters ({given}), @param otherwise")
        returned = " ".join(block.all("return"))
        return Function(
            path,
            tuple(parameters),
            " ".join(block.text),
            success,
            returned.partition("# ")[2],
            tuple(block.codes),
            returns=_first(returned.partition("#")[0]),
        )

    def _success(self, kind: str) -> tuple[Value, ...] | None:
        """What C{success} of a table of callbacks gets; other tables have none."""
        for each in self.api.classes[kind].fields:
            if each.name == "success":
                return arguments(each.type)
        return None


def read(directory: Path | None = None, hc3: bool = False) -> API:
    """
    The API that the definition files describe.

    @param directory: where they are; those of this package by default
    @param hc3: with what scripts of Home Center 3 have besides: the files C{hc3*.lua}
    @raise DefinitionError: one of them cannot be understood
    """
    found = sorted((directory or types_directory()).glob("*.lua"))
    paths = [each for each in found if hc3 or not each.name.startswith("hc3")]
    reader = _Reader()
    reader.read([block for path in paths for block in _blocks(path)])
    return replace(reader.api, codes=reader.codes)
