"""
The tables of C{docs/reference/}, made of the definitions.  A page has each between two
comments, of which the first says what it is of::

    <!-- options net.TCPSocketOptions -->
    <!-- end -->

C{python -m eplua_twisted.api.tables FOLDER} writes them anew in all pages of a folder.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from eplua_twisted.api.definitions import read
from eplua_twisted.api.model import API, Code, Function, Value

MARKED = re.compile(r"(<!-- (\w+)((?: [\w.]+)*) -->\n).*?(<!-- end -->)", re.DOTALL)
"""A table in a page: the comment, its two parts, and the end."""

Row = tuple[str, ...]


def table(heads: Row, rows: Iterable[Row]) -> str:
    """A Markdown table, without the columns that are empty in each row."""
    all_rows = list(rows)
    kept = [
        index
        for index in range(len(heads))
        if any(row[index] for row in all_rows) or index in (0, len(heads) - 1)
    ]

    def line(cells: Iterable[str]) -> str:
        text = "".join(f" {each} |" if each else " |" for each in cells)
        return f"|{text}\n"

    def escaped(cells: Row) -> Iterator[str]:
        return (cells[index].replace("|", r"\|") for index in kept)

    rule = line("---" for _ in kept)
    return "".join(
        [line(escaped(heads)), rule, *(line(escaped(row)) for row in all_rows)]
    )


def number(text: str) -> str:
    """Digits in groups of three."""
    return re.sub(r"\d{5,}", lambda found: f"{int(found[0]):,}".replace(",", " "), text)


def signature(function: Function) -> str:
    """C{connect(host, port [, callbacks])}: brackets around what may be missing."""
    names, depth = "", 0
    required = [
        index for index, each in enumerate(function.parameters) if not each.optional
    ]
    last = required[-1] if required else -1
    for index, each in enumerate(function.parameters):
        comma = ", " if index else ""
        if index > last and each.name != "...":
            names += f"{' ' if index else ''}[{comma}{each.name}"
            depth += 1
        else:
            names += comma + each.name
    return f"`{function.path}({names}{']' * depth})`"


def words(values: Iterable[Value]) -> str:
    """The names of arguments."""
    return ", ".join(each.name for each in values)


def of_functions(functions: Iterable[Function], head: str) -> str:
    """
    Functions or methods, and what comes of them: what C{success} gets, where there are
    such functions among them.
    """
    found = list(functions)
    later = any(each.success is not None for each in found)
    rows = []
    for each in found:
        answer = each.answer
        if each.success is not None:
            answer = words(each.success)
        elif later and answer:
            answer = f"at once: {answer}"
        text = f"the same as `{each.same_as}`" if each.same_as else each.text
        rows.append((signature(each), answer, text.removesuffix(".")))
    return table((head, "success gets" if later else "returns", ""), rows)


def of_codes(codes: Iterable[Code]) -> str:
    """When each code comes."""
    return table(("code", "when"), ((f"`{each.name}`", each.text) for each in codes))


class Tables:
    """
    Makes the tables.

    @ivar kinds: the functions that make one, by the word in its comment; each is given
        the names that follow it
    """

    def __init__(self, api: API) -> None:
        self.api = api
        self.kinds: dict[str, Callable[[list[str]], str]] = {
            "options": lambda names: self.options(*names),
            "methods": lambda names: self.methods(*names),
            "own": lambda names: self.own(*names),
            "functions": lambda names: self.functions(*names),
            "events": lambda names: self.events(*names),
            "callbacks": lambda names: self.callbacks(*names),
            "fields": lambda names: self.fields(*names),
            "errors": lambda names: self.errors(*names),
            "codes": lambda names: self.codes(*names),
            "constants": lambda names: self.constants(*names),
        }

    def options(self, name: str) -> str:
        """The options of a class, without those of its parent."""
        return table(
            ("option", "unit", "default", "bound", ""),
            (
                (
                    f"`{each.name}`",
                    each.unit,
                    number(each.default),
                    number(each.bound),
                    each.text,
                )
                for each in self.api.classes[name].fields
            ),
        )

    def methods(self, name: str) -> str:
        """Its methods, and those of all objects."""
        return of_functions(self.api.methods(name).values(), "method")

    def own(self, name: str) -> str:
        """Its methods, without those of the class that it extends."""
        return of_functions(self.api.classes[name].methods, "method")

    def functions(self, *paths: str) -> str:
        """The functions of these names, or of these tables."""
        found = []
        for path in paths:
            if path in self.api.functions:
                found.append(self.api.functions[path])
                continue
            found += [
                each
                for each in self.api.functions.values()
                if each.path.startswith(path + ".")
                and each.path not in self.api.classes
            ]
        return of_functions(found, "function")

    def _arguments(self, values: tuple[Value, ...]) -> str:
        """Names; of an event that is a table those of its fields, C{?}: may be nil."""
        if len(values) == 1 and values[0].type in self.api.classes:
            fields = self.api.classes[values[0].type].fields
            return ", ".join(
                f"`{each.name}`{'?' if each.optional else ''}" for each in fields
            )
        return words(values)

    def events(self, name: str) -> str:
        """The events of a class."""
        events = self.api.classes[name].events
        a_table = any(
            each.arguments and each.arguments[0].name == "event" for each in events
        )
        return table(
            ("event", "fields" if a_table else "arguments", ""),
            (
                (f"`{each.name}`", self._arguments(each.arguments), each.text)
                for each in events
            ),
        )

    def callbacks(self, name: str) -> str:
        """A table of functions that a script gives."""
        rows = []
        for each in self.api.classes[name].fields:
            found = re.match(r"fun\((.*?)\)", each.type)
            given = re.sub(r"\??: [^,]+", "", found[1]) if found else "options"
            rows.append((f"`{each.name}`", given, each.text))
        return table(("callback", "arguments", ""), rows)

    def fields(self, name: str) -> str:
        """A table that a script is given."""
        return table(
            ("field", ""),
            ((f"`{each.name}`", each.text) for each in self.api.classes[name].fields),
        )

    def errors(self, name: str) -> str:
        """The codes of a class or function."""
        owner = self.api.classes.get(name) or self.api.functions[name]
        return of_codes(owner.codes)

    def codes(self) -> str:
        """All codes."""
        return table(
            ("code", "message"),
            ((f"`{each.name}`", each.text) for each in self.api.codes),
        )

    def constants(self, name: str) -> str:
        """A table of numbers."""
        return table(
            (f"`{name}`", "", ""),
            (
                (f"`{each.name}`", str(each.value), each.text)
                for each in self.api.constants[name].values
            ),
        )

    def rewrite(self, page: str) -> str:
        """A page with its tables as they are to be."""

        def made(found: re.Match[str]) -> str:
            start, kind, names, end = found.groups()
            return start + self.kinds[kind](names.split()) + end

        return MARKED.sub(made, page)

    @staticmethod
    def described(page: str) -> Iterator[tuple[str, str]]:
        """What a page has tables of: the kind and each name."""
        for _, kind, names, _ in MARKED.findall(page):
            for name in names.split():
                yield kind, name


def main(folder: str) -> None:
    """Write the tables of all pages in a folder."""
    tables = Tables(read(hc3=True))
    for path in sorted(Path(folder).rglob("*.md")):
        page = path.read_text()
        new = tables.rewrite(page)
        if new != page:
            path.write_text(new)


if __name__ == "__main__":
    main(*sys.argv[1:])
