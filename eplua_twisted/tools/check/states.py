"""The Luas that would run the scripts: what they compile, and what they have."""

from __future__ import annotations

import re

from eplua_twisted.api import read
from eplua_twisted.border.values import to_text
from eplua_twisted.lua_files import chunk_of
from eplua_twisted.runtime import Runtime
from eplua_twisted.tools.check.known import Known

_COMPILE = """
local code = ...
local _, problem = load(code, "=chunk")
if problem then put(problem) end
"""

_NAMES = """
for name, value in next, _G do
  if type(name) == "string" then
    put(name)
    if type(value) == "table" and value ~= _G then
      for field in next, value do
        if type(field) == "string" then put(name, field) end
      end
    end
  end
end
"""

_SYNTAX = re.compile(r"chunk:(\d+): (.*)", re.DOTALL)


class States:
    """Each is made when it is first needed; no script runs in it."""

    def __init__(self, reactor: object) -> None:
        self._reactor = reactor
        self._runtimes: dict[tuple[str, bool], Runtime] = {}
        self._known: dict[tuple[str, bool], Known] = {}
        self._found: list[tuple[str, ...]] = []

    def _put(self, *given: bytes) -> None:
        self._found.append(tuple(map(to_text, given)))

    def _run(
        self, lua: str, hc3: bool, code: str, *given: str
    ) -> list[tuple[str, ...]]:
        """@return: what a piece of Lua put"""
        if (lua, hc3) not in self._runtimes:
            made = Runtime(self._reactor, lua=lua, hc3=hc3, output=lambda _: None)
            made.expose("put", self._put)
            self._runtimes[lua, hc3] = made
        self._found = []
        self._runtimes[lua, hc3].run_string(code, "=check", *given)
        return self._found

    def stop(self) -> None:
        """Let go of them."""
        for each in self._runtimes.values():
            each.stop()

    def problem(self, lua: str, code: bytes) -> tuple[int, str] | None:
        """
        Compile a script.

        @return: the line and what is wrong there; C{None}: it compiles
        """
        for (text,) in self._run(lua, False, _COMPILE, to_text(chunk_of(code))):
            found = _SYNTAX.match(text)
            return (int(found[1]), found[2]) if found else (0, text)
        return None

    def known(self, lua: str, hc3: bool) -> Known:
        """The names that a script finds there."""
        if (lua, hc3) not in self._known:
            there: dict[str, set[str]] = {}
            for name, *fields in self._run(lua, hc3, _NAMES):
                there.setdefault(name, set()).update(fields)
            del there["put"]
            names = {name: frozenset(fields) for name, fields in there.items()}
            others = None if hc3 else read(hc3=True)
            self._known[lua, hc3] = Known(read(hc3=hc3), names, others)
        return self._known[lua, hc3]
