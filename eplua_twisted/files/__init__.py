"""
Where the files are that are not Python: in the package, or beside it in a checkout.

C{python -m eplua_twisted.files NAME} prints it, for C{examples}, C{lua} or C{types}.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def _directory(name: str) -> Path:
    package = Path(__file__).parent.parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def lua_directory() -> Path:
    """The Lua library."""
    return _directory("lua")


def types_directory() -> Path:
    """The definitions of the Lua API, for editors and for L{eplua_twisted.api}."""
    return lua_directory() / "types"


def examples_directory() -> Path:
    """The example scripts."""
    return _directory("examples")
