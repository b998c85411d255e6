"""What Lua calls the kinds of values that the definitions describe."""

from __future__ import annotations

from collections.abc import Iterable

from eplua_twisted.api import Value

KINDS = """
function kinds(...)
  local found = {}
  for i = 1, select("#", ...) do found[i] = type((select(i, ...))) end
  return (table.unpack or unpack)(found)
end
"""
"""A Lua function that returns the kind of each of its arguments."""

_NUMBERS = {"integer", "number"}
_STRINGS = {"string", "eplua.Code"}


def kinds_of(values: Iterable[Value]) -> list[str]:
    """For C{data: string, port: integer} C{["string", "number"]}; without C{...}."""
    found = []
    for each in values:
        if each.name == "...":
            continue
        if each.type in _NUMBERS:
            found.append("number")
        elif each.type in _STRINGS:
            found.append("string")
        else:
            found.append(each.type if each.type == "boolean" else "table")
    return found
