"""Which files a script is of, and whether they have changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from eplua_twisted.hc3.headers import BadHeader, read_headers

_REQUIRE = re.compile(rb"""\brequire\s*\(?\s*["']([\w.-]+)["']""")

MOST = 1000
"""Files: beyond them something is wrong."""

Stamp = tuple[int, int, int] | None
"""What changes with a file: its time, its size, which file it is.  C{None}: it is not
there."""


def stamp(path: Path) -> Stamp:
    """What tells whether a file is still the same."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def code_of(path: Path) -> bytes | None:
    """@return: what is in a file; C{None}: it cannot be read"""
    try:
        return path.read_bytes()
    except OSError:
        return None


def _named(code: bytes, folder: Path, hc3: bool) -> Iterable[Path]:
    """The files that a piece of Lua names; they need not be there."""
    for name in _REQUIRE.findall(code):
        path = name.decode("ascii", "replace").replace(".", "/")
        yield folder / f"{path}.lua"
        yield folder / path / "init.lua"
    if hc3:
        try:
            headers = read_headers(code.decode("utf-8", "replace"))
        except BadHeader:
            return
        for name, _, _ in headers.files:
            yield folder / name


def files_of(script: str, hc3: bool) -> list[Path]:
    """
    The script, and the files that it, and they, name with C{require}, or in the headers of
    a QuickApp.  A module may be in either of two files: both are among them, as one may be
    made that is not there yet.
    """
    first = Path(script)
    found, waiting = {first: None}, [first]
    while waiting and len(found) < MOST:
        code = code_of(waiting.pop())
        if code is None:
            continue
        for path in _named(code, first.parent, hc3):
            if path not in found:
                found[path] = None
                waiting.append(path)
    return list(found)


class Changes:
    """
    Looks for changes of files.

    A change counts when the file has not changed since the look before: who writes a file
    may do so in several steps.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._known: dict[Path, Stamp] = {}
        self._seen: dict[Path, Stamp] = {}
        self.follow(paths)

    def follow(self, paths: Iterable[Path]) -> None:
        """From now on these files, and no others; what is known of one stays known."""
        self._known = {
            path: self._known[path] if path in self._known else stamp(path)
            for path in paths
        }

    def look(self) -> list[Path]:
        """@return: those that are other than they were, and are no longer written"""
        seen = {path: stamp(path) for path in self._known}
        changed = [
            path
            for path, known in self._known.items()
            if seen[path] not in (known, None) and self._seen.get(path) == seen[path]
        ]
        self._seen = seen
        self._known.update((path, seen[path]) for path in changed)
        return changed
