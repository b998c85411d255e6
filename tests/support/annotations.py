"""
A strict reader of the annotations of LuaLS, which is in no package registry: what is not
one of its forms here is an error, and so is a type that nobody declares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

BASIC = {
    *("any", "boolean", "function", "integer", "nil", "number", "self", "string"),
    *("table", "thread", "userdata", "true", "false"),
}
"""Types that LuaLS has itself."""

_TOKEN = re.compile(r'\s*(\.\.\.|"[^"]*"|-?\d+|[A-Za-z_][\w.]*|\[\]|[][(){}<>|?:,#])')
_DECLARED = re.compile(r"^---@(?:class|alias|enum) ([\w.]+)", re.MULTILINE)


class AnnotationError(ValueError):
    """What LuaLS would not understand, or take for something else."""


class Line:
    """
    What follows a tag, taken piece by piece from its beginning.

    @ivar names: the types that were named
    """

    def __init__(self, text: str) -> None:
        self._rest = text
        self.names: set[str] = set()

    def peek(self) -> str:
        found = _TOKEN.match(self._rest)
        return found[1] if found else self._rest.strip()[:1]

    def take(self, *wanted: str) -> str:
        """The next piece; one of these, if any are named."""
        token, found = self.peek(), _TOKEN.match(self._rest)
        if found is None or (wanted and token not in wanted):
            raise AnnotationError(
                f"{' or '.join(wanted) or 'more'} expected: {self._rest!r}"
            )
        self._rest = self._rest[found.end() :]
        return token

    def took(self, *wanted: str) -> bool:
        """Take the next piece if it is one of these."""
        return self.peek() in wanted and bool(self.take())

    def name(self) -> str:
        token = self.take()
        if not re.match(r"[A-Za-z_]|\.\.\.", token):
            raise AnnotationError(f"a name expected: {token!r}")
        return token

    def end(self, words: bool = False) -> None:
        """Nothing more, or a remark; C{words}: also one without C{#}."""
        if not (words or self.peek() in ("", "#")):
            raise AnnotationError(f"not understood: {self._rest!r}")

    def type(self) -> None:
        """A type: C{A|B}, C{A[]}, C{A?}, C{fun(a: A, b?: B): C}, C{table<A, B>}, literals."""
        self._one()
        while self.took("[]", "?"):
            pass
        if self.took("|"):
            self.type()

    def _one(self) -> None:
        if self.took("("):
            self.type()
            self.take(")")
        elif re.match(r'"|-?\d', self.peek()):
            self.take()
        else:
            name = self.name()
            if name == "fun":
                return self._function()
            self.names.add(name)
            if self.took("<"):
                self._several(self.type, ">")
        return None

    def _several(self, each: Callable[[], None], end: str) -> None:
        if self.took(end):
            return
        each()
        while self.took(","):
            each()
        self.take(end)

    def _function(self) -> None:
        self.take("(")
        self._several(self._parameter, ")")
        if self.took(":"):
            self.type()
            while self.took(","):
                self.type()

    def _parameter(self) -> None:
        self.name()
        self.took("?")
        if self.took(":"):
            self.type()


def read(tag: str, text: str) -> set[str]:
    """
    @return: the types that a tag names
    @raise AnnotationError: it is none of LuaLS, or not in its form
    """
    line = Line(text)
    if tag in ("meta", "enum", "alias"):
        line.name()
        line.end()
    elif tag == "class":
        line.name()
        if line.took(":"):
            line.type()
        line.end()
    elif tag in ("field", "param"):
        if tag == "field" and line.took("["):
            # Fields of all other names.
            line.type()
            line.take("]")
        else:
            line.name()
            line.took("?")
        line.type()
        line.end(words=tag == "field")
    elif tag == "type":
        line.type()
        line.end()
    elif tag == "overload":
        if line.peek() != "fun":
            raise AnnotationError(f"fun expected: {text!r}")
        line.type()
        line.end()
    elif tag == "return":
        while True:
            line.type()
            if line.peek() not in ("", "#", ","):
                line.name()
            if not line.took(","):
                break
        line.end()
    else:
        raise AnnotationError(f"no annotation of LuaLS that is used here: @{tag}")
    return line.names


def complaints(paths: list[Path]) -> Iterator[str]:
    """What is wrong with the annotations of these files, taken together."""
    texts = {path: path.read_text() for path in paths}
    declared = {name for text in texts.values() for name in _DECLARED.findall(text)}
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            place = f"lua/types/{path.name}:{number}"
            if line.startswith("---|"):
                if not re.match(r'---\| "\w+" # .', line):
                    yield f"{place}: {line}"
            elif line.startswith("---@"):
                tag, _, rest = line.removeprefix("---@").partition(" ")
                try:
                    unknown = read(tag, rest) - BASIC - declared
                except AnnotationError as problem:
                    yield f"{place}: {problem}"
                    continue
                for name in sorted(unknown):
                    yield f"{place}: no class, alias or enum is called {name}"
            elif re.match(r"\s*--+\s*@|---\s+\|", line):
                yield f"{place}: an annotation begins with ---@: {line}"
