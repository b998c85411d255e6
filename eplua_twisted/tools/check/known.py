"""What names there are: those of the API, and those that a runtime really has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eplua_twisted.api import API
from eplua_twisted.api.definitions import split


@dataclass(frozen=True)
class Kind:
    """
    What a value is known to be.

    @ivar form: C{table}: one of the API or of Lua, with functions in it; C{class}: one
        that scripts extend; C{object}: of a class, or a table with known fields;
        C{function}: one of the API
    @ivar name: of the class, or the path of the table or function
    """

    form: Literal["table", "class", "object", "function"]
    name: str


def paths_of(api: API) -> list[str]:
    """All that scripts find, such as C{net.resolve}."""
    return [*api.functions, *api.variables, *api.constants]


def heads(paths: list[str]) -> frozenset[str]:
    """The global variables where they begin."""
    return frozenset(path.split(".")[0] for path in paths)


class Known:
    """
    The names that a script finds.

    @ivar globals: of global variables
    @ivar of_hc3: those that only scripts of Home Center 3 find
    """

    def __init__(
        self, api: API, there: dict[str, frozenset[str]], of_hc3: API | None = None
    ) -> None:
        """
        @param api: what is documented
        @param there: the global variables of a runtime, with the fields of tables
        @param of_hc3: what is documented for Home Center 3, if the script is not of it
        """
        self.api = api
        self._there = there
        paths = paths_of(api)
        self.globals = frozenset(there) | heads(paths)
        self.of_hc3 = (
            frozenset() if of_hc3 is None else heads(paths_of(of_hc3)) - self.globals
        )
        self._fields: dict[str, set[str]] = {}
        for path in paths:
            while "." in path:
                path, _, name = path.rpartition(".")
                self._fields.setdefault(path, set()).add(name)
        # What C{eplua test} gives the files that it runs.
        self._fields.setdefault("eplua", set()).add("test")

    def of_path(self, path: str) -> Kind | None:
        """What is found under a global name, or under a path in such a table."""
        if path in self.api.functions:
            return Kind("function", path)
        if path in self.api.constants:
            return Kind("table", path)
        kind = self.api.variables.get(path)
        if kind in self.api.classes and self.api.methods(kind):
            return Kind("class" if path == kind else "object", kind)
        if kind is not None and kind != path and kind in self.api.variables:
            return Kind("table", kind)
        if path in self._fields or self._there.get(path):
            return Kind("table", path)
        return None

    def of_type(self, text: str, itself: Kind | None = None) -> Kind | None:
        """
        What a type of the definitions says.

        @param itself: what C{self} is
        """
        if text == "self":
            return itself
        found = [
            each
            for part in split(text, "|")
            if (each := part.rstrip("?")) in self.api.classes
        ]
        return Kind("object", found[0]) if len(found) == 1 else None

    def members(self, kind: Kind) -> frozenset[str]:
        """The names that are in it."""
        name = kind.name
        found: set[str] = set()
        if kind.form == "table":
            found |= self._there.get(name, frozenset()) | self._fields.get(name, set())
            if name in self.api.constants:
                found |= {each.name for each in self.api.constants[name].values}
        if name in self.api.classes and kind.form != "function":
            found |= {*self.api.fields(name), *self.api.methods(name)}
        return frozenset(found)

    def is_open(self, kind: Kind) -> bool:
        """Whether it has fields of other names too."""
        if kind.name not in self.api.classes:
            return False
        return any(each.open for each in self.api.lineage(kind.name))

    def is_extended(self, kind: Kind) -> bool:
        """Whether scripts add to it: it is a class with a global name."""
        return self.api.variables.get(kind.name) == kind.name and bool(
            kind.name in self.api.classes and self.api.methods(kind.name)
        )

    def field_type(self, kind: Kind, name: str) -> str:
        """As the definitions have it; empty for none."""
        if kind.name not in self.api.classes:
            return ""
        found = self.api.fields(kind.name).get(name)
        return found.type if found is not None else ""

    def events(self, kind: Kind) -> dict[str, tuple[str, ...]]:
        """The types of the arguments of each event of a class."""
        return {
            event.name: tuple(each.type for each in event.arguments)
            for each in self.api.lineage(kind.name)
            for event in each.events
        }
