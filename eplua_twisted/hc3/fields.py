"""The fields of records: of which type each is."""

from __future__ import annotations

from eplua_twisted.hc3.plain import Plain, Record, is_number
from eplua_twisted.hc3.routing import Refused


def is_like(value: Plain, default: Plain) -> bool:
    """Whether a value may stand in the place of a default."""
    if default is None:
        return True
    if is_number(default):
        return is_number(value)
    if isinstance(default, list):
        # An empty table of Lua is an empty object.
        return isinstance(value, list) or value == {}
    if isinstance(default, dict):
        return isinstance(value, dict) or value == []
    return type(value) is type(default)


def kept(value: Plain, default: Plain) -> Plain:
    """A value that is like a default, as it is kept: 5.0 as 5, where that is an int."""
    if isinstance(default, (list, dict)) and not value:
        return type(default)()
    if (
        isinstance(default, int)
        and not isinstance(default, bool)
        and isinstance(value, float)
        and value.is_integer()
    ):
        return int(value)
    return value


def check(fields: Record, defaults: Record) -> Record:
    """
    The fields as they are kept.

    @raise Refused: 400: one is of another type
    """
    for name, value in fields.items():
        if not is_like(value, defaults.get(name)):
            raise Refused(400, f"{name} is of a wrong type")
    return {name: kept(value, defaults.get(name)) for name, value in fields.items()}
