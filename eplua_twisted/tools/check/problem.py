"""What was found, and the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Literal

from eplua_twisted.terminal import shown

Rule = Literal[
    "file", "syntax", "header", "global", "name", "colon", "option", "callback", "event"
]


@dataclass(frozen=True, order=True)
class Problem:
    """
    Something that is wrong.

    @ivar line: 0 where it is the file itself
    @ivar column: in bytes; 0 where only the line is known
    @ivar suggestion: what was probably meant; empty if that is not known
    """

    file: str
    line: int
    column: int
    rule: Rule
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        numbers = [str(each) for each in (self.line, self.column) if each]
        meant = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        text = f"{':'.join([self.file, *numbers])}: {self.message}{meant}"
        # Names of the script's may have anything in them.
        return shown(text).replace("\n", "\\n")

    def plain(self) -> dict[str, str | int]:
        """For JSON."""
        return asdict(self)


def nearest(name: str, names: Iterable[str], least: float = 0.7) -> str:
    """
    The name that was probably meant, whatever its case is; empty if none is near.

    @param least: how much of both is the same, up to 1
    """
    by_case: dict[str, str] = {}
    for each in sorted(names):
        by_case.setdefault(each.lower(), each)
    found = get_close_matches(name.lower(), by_case, 1, least)
    return by_case[found[0]] if found else ""
