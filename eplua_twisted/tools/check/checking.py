"""Looks at files: those that belong together are seen together."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from eplua_twisted.lua_files import chunk_of
from eplua_twisted.lua_versions import version_of
from eplua_twisted.tools.check.problem import Problem
from eplua_twisted.tools.check.rules import Rules
from eplua_twisted.tools.check.script import Script, Together
from eplua_twisted.tools.check.sources import Program, Source, module_of, read_program
from eplua_twisted.tools.check.states import States

_NOTE = "is compiled only: it is nested too deep, or has syntax that is not understood"


@dataclass
class _Part:
    """
    The scripts of a file that was given.

    @ivar own: those in it
    @ivar modules: those that they require, and so on
    @ivar problems: of the file itself, and of what does not compile
    @ivar hides: a module is not beside them
    """

    program: Program
    own: list[Script] = field(default_factory=list)
    modules: list[Script] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    hides: bool = False

    @property
    def all(self) -> list[Script]:
        """All of them."""
        return [*self.own, *self.modules]


class Check:
    """
    Checks files.

    @ivar problems: what was found
    @ivar notes: what could not be looked at, though Lua takes it
    """

    def __init__(
        self, states: States, lua: str | None, hc3: bool, names: Iterable[str] = ()
    ) -> None:
        """
        @param lua: the version for all; C{None}: the one that would run each
        @param hc3: all are of Home Center 3
        @param names: global variables that the application defines
        """
        self._states = states
        self._lua = lua
        self._hc3 = hc3
        self._names = frozenset(names)
        self._scripts: dict[str, Script | None] = {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def files(self, paths: Iterable[str]) -> None:
        """Check them all; the problems are in the order of the files."""
        parts = [self._part(read_program(path, self._hc3)) for path in paths]
        for part in parts:
            # A module is seen with what requires it.
            near = [
                each
                for each in parts
                if each is not part and any(one in each.modules for one in part.own)
            ]
            self.problems += part.problems
            self._look(part, near)

    def _part(self, program: Program) -> _Part:
        """Compile what is in a file, and find its modules."""
        part = _Part(program, problems=[*program.problems])
        lua = version_of(self._lua, program.hc3)
        found: list[tuple[Source, Script]] = []
        for source in program.sources:
            problem = self._states.problem(lua, source.code)
            script = self._script(source) if problem is None else None
            if problem is not None:
                line, message = problem
                part.problems.append(Problem(source.name, line, 0, "syntax", message))
            elif script is None:
                self.notes.append(f"{source.name} {_NOTE}")
            else:
                found.append((source, script))
            # What the others define is not known.
            part.hides |= script is None
        part.own += [script for _, script in found]
        self._add_modules(part, found, self._states.known(lua, program.hc3).globals)
        return part

    def _add_modules(
        self, part: _Part, waiting: list[tuple[Source, Script]], ours: frozenset[str]
    ) -> None:
        """
        Find what the scripts of a file require, and what that requires.

        @param waiting: the scripts, with where they are from
        @param ours: names that modules of the library have
        """
        while waiting:
            source, script = waiting.pop()
            for name in script.modules:
                found = source.folder and module_of(source.folder, name)
                module = self._script(found) if found else None
                if found and module and module not in part.all:
                    part.modules.append(module)
                    waiting.append((found, module))
                part.hides |= module is None and name not in ours

    def _script(self, source: Source) -> Script | None:
        """@return: the script; C{None}: it cannot be looked at"""
        if source.folder is None:
            # It has no modules; its name may be that of another file.
            return self._read(source)
        path = os.path.realpath(source.name)
        if path not in self._scripts:
            self._scripts[path] = self._read(source)
        return self._scripts[path]

    @staticmethod
    def _read(source: Source) -> Script | None:
        try:
            return Script(source.name, chunk_of(source.code))
        except (RecursionError, SyntaxError):
            return None

    def _look(self, part: _Part, near: list[_Part]) -> None:
        scripts = dict.fromkeys(
            [*part.all, *(each for other in near for each in other.all)]
        )
        hides = part.hides or any(each.hides for each in near)
        together = Together(list(scripts), hides, set(self._names))
        lua = version_of(self._lua, part.program.hc3)
        known = self._states.known(lua, part.program.hc3)
        for script in part.own:
            self.problems += Rules(known, together, script).look()
