"""
What scripts can use, as data: read from the definition files in C{lua/types}, which are
the one source for it.  No Lua runs for this.

L{read} gives an L{API<eplua_twisted.api.model.API>}; the tables of C{docs/reference/} are
made of it by L{eplua_twisted.api.tables}.
"""

from eplua_twisted.api.definitions import read
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

__all__ = [
    "API",
    "Class",
    "Code",
    "Constant",
    "Constants",
    "Event",
    "Field",
    "Function",
    "Value",
    "read",
]
