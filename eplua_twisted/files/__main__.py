"""C{python -m eplua_twisted.files NAME}: where the files of that name are."""

from __future__ import annotations

import sys

from eplua_twisted.files import examples_directory, lua_directory, types_directory

KNOWN = {
    "examples": examples_directory,
    "lua": lua_directory,
    "types": types_directory,
}


def main(name: str = "examples") -> None:
    """Print where they are."""
    if name not in KNOWN:
        sys.exit(f"unknown name {name!r}; known: {', '.join(KNOWN)}")
    sys.stdout.write(f"{KNOWN[name]()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
