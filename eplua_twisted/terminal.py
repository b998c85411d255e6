"""How errors of scripts look on a terminal: with the line of the script, and colours."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

LONGEST = 200
"""How many characters of a line of the script are shown."""

LARGEST = 1024 * 1024
"""How many bytes of a script are read to find a line of it."""

COMMAND_LINE = "(command line)"
"""What a script is called that is an option of the command."""

STANDARD_INPUT = "stdin"
"""What a script is called that is read from there."""

RED, YELLOW, DIM, PLAIN = "\x1b[1;31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"

_PLACE = re.compile(r"(.+?):(\d+):")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def shown(text: str) -> str:
    """Text that cannot steer a terminal."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


class Terminal:
    """
    Shows reports on a terminal.

    @ivar colours: whether there are to be any
    """

    def __init__(self, script: str | None, code: str | None, colours: bool) -> None:
        """
        @param script: the path of the script
        @param code: what runs in place of one
        """
        self._script = script
        self._code = code
        self.colours = colours

    def render(self, report: str) -> str:
        """
        @param report: a message with file and line, and a traceback below it
        @return: the same with the line of the script that it names below the message
        """
        first, *rest = report.split("\n")
        lines = [self._in(RED, first)]
        if (line := self._line_of(report)) is not None:
            lines.append(self._in(YELLOW, line))
        return "\n".join([*lines, *(self._in(DIM, each) for each in rest)])

    def _in(self, colour: str, text: str) -> str:
        text = shown(text)
        return f"{colour}{text}{PLAIN}" if self.colours else text

    def _line_of(self, report: str) -> str | None:
        """The first line of a script that the report names and that can be read."""
        for line in report.split("\n")[:25]:
            if match := _PLACE.match(line.strip()):
                number = int(match[2])
                if (text := self._read(match[1], number)) is not None:
                    return f"{number:6} | {text.strip()[:LONGEST]}"
        return None

    def _read(self, name: str, number: int) -> str | None:
        if self._code is not None and name in (COMMAND_LINE, STANDARD_INPUT):
            lines = self._code.split("\n")
        elif (path := self._find(name)) is not None:
            try:
                with path.open("rb") as file:
                    data = file.read(LARGEST)
            except OSError:
                return None
            lines = data.decode("utf-8", "replace").split("\n")
        else:
            return None
        return lines[number - 1] if 0 < number <= len(lines) else None

    def _find(self, name: str) -> Path | None:
        """
        The script's file, or one beside it, that Lua calls by a name; of a long one it
        gives the end only, after three dots.
        """
        if self._script is None:
            return None
        if not name.startswith("..."):
            path = Path(name)
            known = name.endswith(".lua") or name == self._script
            return path if known and path.is_file() else None
        end = name[3:]
        if self._script.endswith(end):
            return self._find(self._script) if self._script[:3] != "..." else None
        folder = Path(self._script).parent
        parts = end.split("/")
        for index in range(1, len(parts)):
            path = folder.joinpath(*parts[index:])
            if str(path).endswith(end) and path.is_file():
                return path
        return None


def terminal_of(
    stream: TextIO, environment: Mapping[str, str], script: str | None, code: str | None
) -> Terminal | None:
    """
    @param environment: C{NO_COLOR} in it is respected (no-color.org)
    @return: C{None} where the stream is no terminal
    """
    if not stream.isatty():
        return None
    return Terminal(script, code, has_colours(stream, environment))


def has_colours(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """
    Whether what is written there may have colours.

    @param environment: C{NO_COLOR} in it is respected (no-color.org)
    """
    if not stream.isatty() or os.name == "nt":
        return False
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
