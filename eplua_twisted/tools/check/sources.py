"""What is checked: files of Lua, and the files in files of Home Center 3."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from eplua_twisted.border.values import to_bytes
from eplua_twisted.hc3.forms import read_form
from eplua_twisted.hc3.fqa import BadFile, SceneForm
from eplua_twisted.tools.check.problem import Problem

_HC3 = re.compile(rb"^--%%\w|^\s*function\s+QuickApp\s*[:.]", re.MULTILINE)
_PLACED = re.compile(r"(.*):(\d+)$")
_WARNING = re.compile(r"(.*?):(\d+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """
    A piece of Lua.

    @ivar name: what it is called in messages
    @ivar folder: where its modules are; C{None}: it has none
    """

    name: str
    code: bytes
    folder: Path | None = None


@dataclass(frozen=True)
class Program:
    """
    What a file has.

    @ivar hc3: it is of Home Center 3
    @ivar problems: what is wrong with the file itself
    """

    sources: tuple[Source, ...] = ()
    hc3: bool = False
    problems: tuple[Problem, ...] = ()


def is_text(code: bytes) -> bool:
    """Whether it may be Lua; compiled Lua begins with an ESC."""
    return b"\0" not in code and not code.startswith(b"\x1b")


def _bad(path: str, message: str) -> Program:
    return Program(problems=(Problem(path, 0, 0, "file", message),))


def read_program(path: str, hc3: bool) -> Program:
    """
    Read a file.

    @param hc3: it is of Home Center 3, even if it does not look so
    """
    try:
        code = Path(path).read_bytes()
        packed = path.lower().endswith(".fqa")
        if hc3 or packed or _HC3.search(code):
            return _read_hc3(path)
    except IsADirectoryError:
        return _bad(path, "is a folder: name the files in it")
    except OSError as problem:
        where = "" if problem.filename in (path, None) else f" {problem.filename}"
        return _bad(path, f"cannot read{where}: {problem.strerror}")
    if not is_text(code):
        return _bad(path, "is no text")
    return Program((Source(path, code, Path(path).parent),))


def _read_hc3(path: str) -> Program:
    try:
        form = read_form(path)
    except BadFile as problem:
        message = str(problem).removeprefix(f"{problem.place}: ")
        found = _PLACED.match(problem.place)
        file, line = (found[1], int(found[2])) if found else (problem.place, 0)
        return Program(problems=(Problem(file, line, 0, "header", message),))
    problems = []
    for text in form.warnings:
        found = _WARNING.match(text)
        at, number, message = found.groups() if found else (path, "0", text)
        problems.append(Problem(at, int(number), 0, "header", message))
    if isinstance(form, SceneForm):
        sources = [Source(form.chunk.lstrip("@="), to_bytes(form.actions))]
    else:
        sources = [
            Source(each.chunk.lstrip("@="), to_bytes(each.content))
            for each in form.files
        ]
    if not all(is_text(each.code) for each in sources):
        return _bad(path, "is no text")
    return Program(tuple(sources), True, tuple(problems))


def module_of(folder: Path, name: str) -> Source | None:
    """A module as C{require} finds it beside a script; C{None}: it is not there."""
    inner = name.replace(".", "/")
    for end in (f"{inner}.lua", f"{inner}/init.lua"):
        path = folder / end
        try:
            code = path.read_bytes()
        except (OSError, ValueError):
            continue
        return Source(os.fspath(path), code, folder) if is_text(code) else None
    return None
