"""Values as Lua source writes them: what headers and scenes' conditions hold."""

from __future__ import annotations

import re

from eplua_twisted.hc3.plain import Plain, is_number

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--\[\[.*?\]\]|--[^\n]*)
  | (?P<number>-?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
  | (?P<name>[A-Za-z_]\w*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | \[\[\n?(?P<long>.*?)\]\]
  | (?P<mark>[{}\[\]=,;()])
""",
    re.VERBOSE | re.DOTALL,
)

_ESCAPE = re.compile(r"\\(\d{1,3}|x[0-9a-fA-F]{2}|z\s*|.)", re.DOTALL)

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}

_CONSTANTS: dict[str, Plain] = {"true": True, "false": False, "nil": None}

DEPTH = 100
"""How deep tables may be nested."""


class NotLua(ValueError):
    """
    A text is no value as Lua writes it.

    @ivar offset: where in the text
    """

    def __init__(self, message: str, offset: int) -> None:
        ValueError.__init__(self, message)
        self.offset = offset


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code.isdigit():
        return chr(int(code) % 256)
    if code[0] == "x" and len(code) == 3:
        return chr(int(code[1:], 16))
    if code[0] == "z":
        return ""
    return _ESCAPES.get(code, code)


class _Reader:
    """Reads values from a text, from an offset on."""

    def __init__(self, text: str, offset: int) -> None:
        self._text = text
        self._next = offset
        self._advance()

    def _advance(self) -> None:
        while True:
            self.offset = self._next
            if self.offset >= len(self._text):
                self.kind, self.token = "end", ""
                return
            found = _TOKEN.match(self._text, self.offset)
            if found is None:
                raise NotLua(f"unexpected {self._text[self.offset]!r}", self.offset)
            self._next = found.end()
            if found.lastgroup != "space":
                self.kind = found.lastgroup or ""
                self.token = found[self.kind]
                return

    def _fail(self, expected: str) -> NotLua:
        got = repr(self.token) if self.token else "the end"
        return NotLua(f"{expected} expected, got {got}", self.offset)

    def value(self, depth: int = 0) -> Plain:
        kind, token = self.kind, self.token
        if token == "{" and kind == "mark":
            return self._table(depth + 1)
        if kind == "name" and token not in _CONSTANTS:
            raise self._fail("a value")
        if kind not in ("name", "string", "long", "number"):
            raise self._fail("a value")
        self._advance()
        if kind == "name":
            return _CONSTANTS[token]
        if kind == "string":
            return _ESCAPE.sub(_unescaped, token[1:-1])
        return token if kind == "long" else _number(token)

    def _table(self, depth: int) -> Plain:
        if depth > DEPTH:
            raise NotLua(f"nested more than {DEPTH} levels deep", self.offset)
        self._advance()
        items: list[Plain] = []
        fields: dict[str, Plain] = {}
        while (self.kind, self.token) != ("mark", "}"):
            key = self._key()
            value = self.value(depth)
            if key is None:
                items.append(value)
            else:
                fields[key] = value
            if self.kind != "mark" or self.token not in ",;}":
                raise self._fail("',' or '}'")
            if self.token != "}":
                self._advance()
        self._advance()
        if not fields:
            return items or {}
        # A table that is both is an object whose positions are keys.
        numbered = {str(place): each for place, each in enumerate(items, 1)}
        return {**numbered, **fields}

    def _key(self) -> str | None:
        """The key before a value, if there is one."""
        if self.kind == "name" and self.token not in _CONSTANTS:
            key = self.token
            self._advance()
            self._expect("=")
            return key
        if self.kind == "mark" and self.token == "[":
            self._advance()
            given = self.value()
            self._expect("]")
            self._expect("=")
            return given if isinstance(given, str) else str(given)
        return None

    def _expect(self, mark: str) -> None:
        if self.kind != "mark" or self.token != mark:
            raise self._fail(f"'{mark}'")
        self._advance()


def whole(digits: str) -> int | float:
    """
    A whole number as Lua reads it: a float beyond 64 bits.

    @raise ValueError: it is none
    """
    number = int(digits)
    return number if -(2**63) <= number < 2**63 else float(digits)


def _number(token: str) -> int | float:
    if "x" in token.lower():
        return int(token, 0)
    try:
        return whole(token)
    except ValueError:
        return float(token)


def read_value(text: str, offset: int = 0) -> tuple[Plain, int]:
    """
    A value that begins at an offset of a text, and the offset behind it.

    @raise NotLua: there is none
    """
    reader = _Reader(text, offset)
    value = reader.value()
    return value, reader.offset


def parse_value(text: str) -> Plain:
    """
    The value that a text is; tables are lists or dicts, an empty one is a dict.

    @raise NotLua: it is none, or there is more
    """
    reader = _Reader(text, 0)
    value = reader.value()
    if reader.kind != "end":
        raise NotLua(f"nothing more expected, got {reader.token!r}", reader.offset)
    return value


def parse_setting(text: str) -> Plain:
    """
    The value of a variable: as Lua writes it, or else the text itself.  Digits that a
    number would not keep are text, as 007, 1e5 and a long token are: C{tonumber} has
    the number.
    """
    try:
        value = parse_value(text)
    except NotLua:
        return text
    return text if is_number(value) and str(value) != text.strip() else value
