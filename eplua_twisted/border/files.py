"""Which files a script may read and write, and which modules it may load."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from eplua_twisted.errors import OperationError

FLAGS = {"read": "--allow-read", "write": "--allow-write"}


LONGEST = 300
"""Bytes of a path that a message shows."""


def shown(path: bytes) -> str:
    """A path in a message."""
    if len(path) > LONGEST:
        path = path[: LONGEST - 3] + b"..."
    return path.decode("utf-8", "backslashreplace")


def denied(path: bytes, kind: str) -> OperationError:
    """What is said of a path that may not be read, or written."""
    return OperationError(
        "denied", f"{shown(path)}: Permission denied ({FLAGS[kind]}=DIR allows it)"
    )


def real(path: bytes) -> bytes:
    """
    Where a path leads to, through all symbolic links; also one that does not exist yet.

    @raise OperationError: C{denied}: nobody can tell
    """
    try:
        if b"\0" in path or not path:
            raise ValueError
        return os.path.realpath(path)
    except (OSError, ValueError):
        raise OperationError(
            "denied", f"{shown(path)}: Permission denied: not a path"
        ) from None


def is_within(path: bytes, directories: Iterable[bytes]) -> bool:
    """Whether a real path is one of the directories, or below one."""
    return any(
        path == each or path.startswith(os.path.join(each, b"")) for each in directories
    )


_DESCRIPTOR = re.compile(rb"/proc/\d+/(task/\d+/)?fd/")


def standard_stream(found: bytes, path: bytes) -> bytes | None:
    """
    A standard stream of this process that is a pipe or a socket: what C{/dev/stdin} and
    the like lead to then has a name under which nothing can be opened.

    @param found: where the path leads to
    @return: the path to use, if that is one
    """
    if not _DESCRIPTOR.match(found) or os.path.lexists(found):
        return None
    with suppress(OSError):
        meant = os.stat(path)
        for number in range(3):
            with suppress(OSError):
                if os.path.samestat(meant, os.fstat(number)):
                    return b"/proc/self/fd/%d" % number
    return None


def what_runs() -> list[bytes]:
    """
    What decides what this process does: its memory, this package, Python's modules.  A
    script that writes there gets round every limit.
    """
    paths = sysconfig.get_paths()
    # The Lua library is in the package, or in a checkout beside it.
    package = Path(__file__).parents[1]
    places: list[str | Path] = ["/proc", package, package.parent / "lua"]
    places += [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    return [real(os.fsencode(each)) for each in places]


class Files:
    """
    The files of one runtime.

    @ivar read: real paths that may be read, with all below them; C{None} for every path
    @ivar write: the same for writing
    """

    def __init__(
        self,
        read: list[bytes] | None,
        write: list[bytes] | None,
        kept: Iterable[bytes] = (),
    ) -> None:
        """@param kept: real paths that are never written, whatever C{write} has"""
        self.read = None if read is None else [real(each) for each in read]
        self.write = None if write is None else [real(each) for each in write]
        self._kept = list(kept)

    def check(self, path: bytes, kind: str, link: bool = False) -> bytes:
        """
        @param kind: C{read} or C{write}
        @param link: what is done is done to the last name of the path, even where that is
            a symbolic link: it is removed, renamed, made
        @return: the path to use: where it leads to, if anything is limited
        @raise OperationError: C{denied}
        """
        allowed = self.read if kind == "read" else self.write
        kept = self._kept if kind == "write" else []
        if allowed is None and not kept:
            return path
        found = real_of(path, link)
        if allowed is not None and not is_within(found, allowed):
            raise denied(path, kind)
        # A directory above is not moved either: another one could take its place.
        above = link and any(is_within(each, [found]) for each in kept)
        if (above or is_within(found, kept)) and not _DESCRIPTOR.match(found):
            raise OperationError(
                "denied",
                f"{shown(path)}: Permission denied: it belongs to what runs the script",
            )
        return path if allowed is None else standard_stream(found, path) or found

    def module(self, path: bytes, beside: bytes | None) -> bytes | None:
        """
        A file to load as Lua: what may be read, and the C{.lua} files of the script.

        @param beside: the real path of the script's directory, if it has one
        @return: the path to use; C{None}: there is no file that may be loaded
        """
        if self.read is None:
            return path
        try:
            found = real(path)
        except OperationError:
            return None
        permitted = is_within(found, self.read) or (
            # What else lies beside the script is no module.
            beside is not None
            and found.endswith(b".lua")
            and is_within(found, [beside])
        )
        return found if permitted and os.path.isfile(found) else None

    def check_socket(self, path: bytes, explicit: bool) -> None:
        """
        A UNIX socket is read and written.

        @param explicit: only what was allowed by name counts
        @raise OperationError: C{denied}
        """
        for kind, allowed in (("read", self.read), ("write", self.write)):
            if allowed is None and not explicit:
                continue
            if not is_within(real(path), allowed or []):
                raise denied(path, kind)


ALL_FILES = Files(None, None)


def real_of(path: bytes, link: bool) -> bytes:
    """As L{real}; with C{link} the last name is not followed."""
    if not link:
        return real(path)
    real(path)
    head, tail = os.path.split(path.rstrip(b"/") or b"/")
    if tail in (b"", b".", b".."):
        return real(path)
    return os.path.join(real(head or b"."), tail)
