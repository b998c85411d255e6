"""Which files have tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SUFFIX = "_test.lua"


def find(paths: Iterable[str]) -> list[str]:
    """
    The files of tests: those that are named, and those below the folders that are named.
    What begins with a dot and C{node_modules} are not looked into.

    @raise OSError: there is none of a name
    """
    found: dict[str, None] = {}
    for name in paths:
        path = Path(name)
        if path.is_dir():
            found.update(dict.fromkeys(_below(path)))
        else:
            path.stat()
            found[name] = None
    return list(found)


def _below(folder: Path) -> Iterable[str]:
    for each in sorted(folder.iterdir()):
        if each.name.startswith(".") or each.name == "node_modules":
            continue
        if each.is_dir() and not each.is_symlink():
            yield from _below(each)
        elif each.name.endswith(SUFFIX) and each.is_file():
            yield str(each)
