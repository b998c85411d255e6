"""
Texts of views and log lines, in which Home Center 3 allows some HTML, as pieces that need
none: whoever shows them makes text of them, and nothing in them can be a tag.
"""

from __future__ import annotations

import json
import re
from html import unescape

from eplua_twisted.hc3.plain import Plain, Record

STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "struck",
    "del": "struck",
    "small": "small",
    "h1": "bold",
    "h2": "bold",
    "h3": "bold",
    "h4": "bold",
    "h5": "bold",
    "h6": "bold",
    "th": "bold",
}
"""Tags that change how text looks, and what they make of it."""

BREAKS = frozenset(
    ("br", "hr", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6")
)
"""Tags that begin a new line."""

GAPS = frozenset(("td", "th"))
"""Tags that are some space."""

DROPPED = frozenset(
    (
        "center",
        "table",
        "tbody",
        "thead",
        "ul",
        "ol",
        "a",
        "img",
        "html",
        "body",
        "head",
    )
)
"""Tags that are left out; any other one that is not known is text."""

COLOURED = frozenset(("font", "span"))

MAX_TEXT = 20_000
"""Characters of a text that are shown; the rest is cut."""

_TOKEN = re.compile(r"<!--[^>]*-->|<(/?)([A-Za-z][A-Za-z0-9]*)((?:\s[^<>]*)?/?)>")
_COLOUR = re.compile(
    r"""\bcolor\s*[=:]\s*["']?\s*(\#[0-9A-Fa-f]{3,8}|[A-Za-z]{3,30})(?=["'\s;]|$)""",
    re.IGNORECASE,
)


def text_of(value: Plain) -> str:
    """A value as a text, as Lua would write it."""
    if isinstance(value, str):
        shown = value
    elif value is None:
        shown = ""
    elif isinstance(value, bool):
        shown = "true" if value else "false"
    elif isinstance(value, (int, float)):
        shown = str(value)
    else:
        shown = json.dumps(value, ensure_ascii=False)
    if len(shown) > MAX_TEXT:
        return shown[:MAX_TEXT] + "…"
    return shown


class _Pieces:
    """What was found so far."""

    def __init__(self) -> None:
        self.found: list[Record] = []
        self._open: list[tuple[str, Record]] = []
        self._begun = False

    def text(self, text: str) -> None:
        if not text:
            return
        style: Record = {}
        for _, each in self._open:
            style.update(each)
        self.found.append({"text": text, **style})
        self._begun = not text.endswith("\n")

    def line(self, always: bool) -> None:
        """@param always: also when nothing is on this line yet"""
        if always or self._begun:
            self.text("\n")

    def gap(self) -> None:
        """Some space, but not at the begin of a line."""
        if self._begun:
            self.text(" ")

    def open(self, name: str, style: Record) -> None:
        self._open.append((name, style))

    def close(self, name: str) -> None:
        """The last open tag of that name; one that was never opened is nothing."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at][0] == name:
                del self._open[at]
                return


def pieces_of(value: Plain) -> list[Record]:
    """
    @return: the pieces: C{text}, and where it has them C{bold}, C{italic},
        C{underline}, C{struck} and C{small}, which are true, and C{colour}; a new line
        is a newline in the text
    """
    given = text_of(value)
    pieces = _Pieces()
    at = 0
    for match in _TOKEN.finditer(given):
        pieces.text(unescape(given[at : match.start()]))
        at = match.end()
        if match[2] is not None:
            _tag(pieces, match)
    pieces.text(unescape(given[at:]))
    return _joined(pieces.found)


def _tag(pieces: _Pieces, match: re.Match[str]) -> None:
    name, closes = match[2].lower(), bool(match[1])
    if name in BREAKS:
        pieces.line(name in ("br", "hr") and not closes)
    elif name in GAPS and not closes:
        pieces.gap()
    if name in STYLES or name in COLOURED:
        if closes:
            pieces.close(name)
            return
        colour = _COLOUR.search(match[3]) if name in COLOURED else None
        style: Record = {STYLES[name]: True} if name in STYLES else {}
        pieces.open(name, {"colour": colour[1].lower()} if colour else style)
    elif name not in BREAKS and name not in GAPS and name not in DROPPED:
        pieces.text(unescape(match[0]))


def _joined(found: list[Record]) -> list[Record]:
    """Neighbours of one style in one piece, and no empty line at the end."""
    joined: list[Record] = []
    for piece in found:
        before = joined[-1] if joined else None
        if before is not None and {**before, "text": ""} == {**piece, "text": ""}:
            before["text"] = str(before["text"]) + str(piece["text"])
        else:
            joined.append(dict(piece))
    if joined:
        joined[-1]["text"] = str(joined[-1]["text"]).rstrip("\n")
        if not joined[-1]["text"]:
            joined.pop()
    return joined


def plain_text(pieces: list[Record]) -> str:
    """The text alone."""
    return "".join(str(each["text"]) for each in pieces)
