"""Copies of plain data."""

from __future__ import annotations

import math

from eplua_twisted.hc3.plain import Plain, Record

MAX_DEPTH = 100
"""Objects and lists in one another."""


class NotPlain(TypeError):
    """This is no plain data."""


def copied(value: object, depth: int = 0) -> Plain:
    """
    A copy that shares nothing; tuples become lists.

    @raise NotPlain: there is something else in it, or it is too deep
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise NotPlain("a whole number has more than 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotPlain(f"{value} is no number of JSON")
        return value
    if depth > MAX_DEPTH:
        raise NotPlain(f"more than {MAX_DEPTH} objects and lists are in one another")
    if isinstance(value, (list, tuple)):
        return [copied(each, depth + 1) for each in value]
    if isinstance(value, dict):
        copy: Record = {}
        for name, each in value.items():
            if not isinstance(name, str):
                raise NotPlain(f"{name!r} is no name of a field")
            copy[name] = copied(each, depth + 1)
        return copy
    raise NotPlain(f"{type(value).__name__} is not what JSON has")
