"""
What a value looks like on each side of the border.

Only nil, booleans, numbers and strings cross; a Lua string is C{bytes}.  Tables
cross in L{Runtime.call} and L{Runtime.expose} only, converted whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, cast

from eplua_twisted.errors import ConversionError

Scalar = None | bool | int | float | bytes


class LuaTable(Protocol):
    """What lupa gives for a table; it must not outlive the call that it came in."""

    def items(self) -> Iterable[tuple[object, object]]: ...


KindOf = Callable[[object], str | None]
"""lupa's C{lua_type}: C{None} for what has become a Python value."""

MakeTable = Callable[[dict[Scalar, object]], object]
"""lupa's C{table_from}."""

DEPTH = 100
"""How deep nested tables, lists and dicts may be: a cycle ends here too."""


def to_bytes(text: str) -> bytes:
    """
    Text as a Lua string: UTF-8 that cannot fail, so that an error report cannot.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def to_text(data: bytes) -> str:
    """The inverse of L{to_bytes}: for file names, hosts, and applications that want it."""
    return data.decode("utf-8", "surrogateescape")


def to_readable(data: bytes) -> str:
    """A message for people and logs: what is not UTF-8 is shown as C{\\xff}."""
    return data.decode("utf-8", "backslashreplace")


def seconds(milliseconds: float) -> float:
    """Lua counts milliseconds, Twisted seconds; a negative time is no time."""
    return max(0.0, milliseconds / 1000.0)


def scalar(value: object) -> Scalar:
    """
    A plain Python value as one that may cross to Lua.

    @raise ConversionError: it is none of nil, boolean, number, string
    """
    kind = type(value)
    if kind is bytes or value is None or kind is bool or kind is float:
        return value  # type: ignore[return-value]
    if isinstance(value, str):
        return to_bytes(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ConversionError(f"integer beyond 64 bits: {value:.3e}")
        return int(value)
    if isinstance(value, float):
        return float(value)
    raise ConversionError(f"a {kind.__name__} has no Lua form")


def _plain(value: object, text: bool) -> Scalar | str:
    plain = scalar(value)
    return to_text(plain) if text and isinstance(plain, bytes) else plain


def from_lua(
    value: object, kind_of: KindOf, text: bool = False, depth: int = 0
) -> object:
    """
    A Lua value as plain Python data: a table whose keys are 1..n as a C{list},
    any other (an empty one too) as a C{dict}.

    @param kind_of: lupa's C{lua_type}
    @param text: strings become C{str}, as L{to_text} has it
    @raise ConversionError: it holds a function, thread, userdata or is too deep
    """
    kind = kind_of(value)
    if kind is None:
        return _plain(value, text)
    if kind != "table":
        raise ConversionError(f"a Lua {kind} cannot cross to Python")
    if depth >= DEPTH:
        raise ConversionError(f"a table is nested more than {DEPTH} levels deep")
    pairs = {
        _plain(key, text): from_lua(item, kind_of, text, depth + 1)
        for key, item in cast(LuaTable, value).items()
    }
    if pairs and all(type(key) is int and 1 <= key <= len(pairs) for key in pairs):
        return [pairs[index] for index in range(1, len(pairs) + 1)]
    return pairs


def to_lua(value: object, table: MakeTable, depth: int = 0) -> object:
    """
    Plain Python data as a Lua value; lists, tuples and dicts become new tables.

    @param table: makes a Lua table out of a C{dict} of converted values
    @raise ConversionError: it holds something else, or is too deep
    """
    if not isinstance(value, (Mapping, list, tuple)):
        return scalar(value)
    if depth >= DEPTH:
        raise ConversionError(f"a value is nested more than {DEPTH} levels deep")
    pairs: Iterable[tuple[object, object]]
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
    converted: dict[Scalar, object] = {}
    for key, item in pairs:
        if key is None or key != key:
            raise ConversionError(f"{key} cannot be the key of a table")
        converted[scalar(key)] = to_lua(item, table, depth + 1)
    return table(converted)
