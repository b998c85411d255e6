"""
Where the files are that are not Python: in the package, or beside it in a checkout.

C{python -m eplua_twisted.files NAME} prints it, for C{examples}, C{lua} or C{types}.
"""

from __future__ import annotations

import sys
from pathlib import Path


def _directory(name: str) -> Path:
    package = Path(__file__).parent
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


def main(name: str) -> None:
    """Print where the files of that name are."""
    known = {
        "examples": examples_directory,
        "lua": lua_directory,
        "types": types_directory,
    }
    if name not in known:
        sys.exit(f"unknown name {name!r}; known: {', '.join(known)}")
    sys.stdout.write(f"{known[name]()}\n")


if __name__ == "__main__":
    main(*(sys.argv[1:2] or ["examples"]))
