"""Plain data, as JSON has it, and how its parts are taken out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
"""What C{json.loads} gives."""

Record: TypeAlias = dict[str, Plain]
"""A JSON object."""


def is_number(value: Plain) -> bool:
    """It is a number; a boolean is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def integer(value: Plain) -> int | None:
    """A whole number, which may stand in a string, as in a path; else C{None}."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and value.lstrip("-").isascii():
        return int(value) if value.lstrip("-").isdigit() and len(value) < 19 else None
    return None


def text(value: Plain, default: str = "") -> str:
    """A string; anything else counts as the default."""
    return value if isinstance(value, str) else default


def record(value: Plain) -> Record:
    """An object; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: Plain) -> list[Record]:
    """The objects of a list; anything else counts as an empty one."""
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, dict)]


def items(value: Plain) -> list[Plain]:
    """
    A list; anything else counts as an empty one: an empty table of Lua is an empty
    object in JSON.
    """
    return value if isinstance(value, list) else []


def texts(value: Plain) -> list[str]:
    """The strings of a list."""
    return [each for each in items(value) if isinstance(each, str)]


def same(one: Plain, other: Plain) -> bool:
    """Whether two values are the same in JSON: true is not 1, and 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(value, other[name]) for name, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def listed(values: Iterable[Plain]) -> list[Plain]:
    """A list of values, whatever they are all."""
    return list(values)
