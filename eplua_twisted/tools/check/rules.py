"""The mistakes of a script that compiles."""

from __future__ import annotations

from collections.abc import Iterable
from string import digits

from eplua_twisted.api.definitions import arguments, split
from eplua_twisted.tools.check.kinds import Kinds
from eplua_twisted.tools.check.known import Kind, Known
from eplua_twisted.tools.check.problem import Problem, Rule, nearest
from eplua_twisted.tools.check.scopes import Use
from eplua_twisted.tools.check.script import Script, Together
from eplua_twisted.tools.check.syntax import (
    Node,
    argument_nodes,
    descend,
    inside,
    keyed,
    literal,
    place,
    written,
)

_LISTENING = ("addEventListener", "removeEventListener", "wait")


class Rules:
    """Looks at one script among those that it shares its globals with."""

    def __init__(self, known: Known, together: Together, script: Script) -> None:
        self._known = known
        self._together = together
        self._script = script
        self._kinds = Kinds(known, together)
        self.problems: list[Problem] = []

    def look(self) -> list[Problem]:
        """@return: what was found, in the order of the lines"""
        # What the API gives to functions of the script is known before these are read.
        for node in descend(self._script.root):
            if node.type == "function_call":
                self._call(node)
            elif node.type in ("dot_index_expression", "method_index_expression"):
                self._member(node)
        if not self._together.hides:
            for use in self._script.scopes.reads:
                self._read(use)
            for use in self._script.scopes.writes:
                self._write(use)
        return sorted(set(self.problems))

    def _add(
        self, node: Node, rule: Rule, message: str, name: str, names: Iterable[str]
    ) -> None:
        found = nearest(name, names)
        self.problems.append(
            Problem(self._script.chunk, *place(node), rule, message, found)
        )

    def _read(self, use: Use) -> None:
        names = self._known.globals | self._together.names
        if use.name not in names and use.name not in ("_ENV", "_G"):
            message = f"nothing defines the global variable '{use.name}'"
            if use.name in self._known.of_hc3:
                message += ", which scripts of Home Center 3 find: --hc3"
                names = frozenset()
            self._add(use.node, "global", message, use.name, names | use.visible)

    def _write(self, use: Use) -> None:
        """A name that is written and never read, and near to another, is a mistake."""
        parent = use.node.parent
        if parent is None or parent.type != "variable_list":
            return
        declared = parent.parent
        if declared is not None and declared.type == "variable_declaration":
            return
        reads = self._together.read
        if use.name in reads or use.name in self._known.globals:
            return
        names = self._known.globals | use.visible | reads
        # Not `room1` for `room2`.
        found = nearest(use.name, names, 0.8)
        if found and use.name.strip(digits) != found.strip(digits):
            message = f"the global variable '{use.name}' is set and never read"
            self._add(use.node, "global", message, use.name, names)

    def _member(self, node: Node) -> None:
        (base,) = inside(node, "table")
        is_call = node.type == "method_index_expression"
        if node.parent is not None and node.parent.type == "function_declaration":
            return
        (last,) = inside(node, "method" if is_call else "field")
        kind, name = self._kinds.of(self._script, base), written(last)
        if kind is None or kind.form == "function":
            return
        members = self._known.members(kind)
        if not members or name in members or self._together.writes(name):
            return
        asked = self._together.is_asked(f"{written(base)}.{name}")
        if asked or self._is_changed(kind, base):
            return
        if not is_call and self._known.is_open(kind):
            return
        if self._known.is_extended(kind):
            # Fields are the script's own; a method may come from elsewhere.
            members |= self._together.methods()
            if not is_call or not nearest(name, members):
                return
        what = "method" if is_call else "field"
        if kind.form == "table":
            message = f"'{kind.name}' has no '{name}'"
        else:
            message = f"{kind.name} has no {what} '{name}'"
        self._add(last, "name", message, name, members)

    def _is_changed(self, kind: Kind, base: Node) -> bool:
        """Whether the script may have added to a table what cannot be seen."""
        names = {written(base), kind.name}
        if kind.form == "object":
            return self._together.is_opened(written(base))
        return any(
            self._together.is_opened(each) or self._together.is_passed(each)
            for each in names
        )

    def _call(self, node: Node) -> None:
        (called,) = inside(node, "name")
        given = argument_nodes(node)
        if called.type == "dot_index_expression":
            self._colon(called, given)
        found = self._kinds.function(self._script, called)
        if found is None:
            return
        function, itself = found
        path = f"{itself.name}:{function.name}" if itself else function.path
        for value, parameter in zip(given, function.parameters, strict=False):
            self._value(value, parameter.type, path)
        if itself is not None and function.name in _LISTENING and given:
            self._event(itself, given)

    def _colon(self, called: Node, given: list[Node]) -> None:
        (base,) = inside(called, "table")
        name = written(inside(called, "field")[0])
        kind = self._kinds.of(self._script, base)
        if kind is None or kind.form != "object":
            return
        methods = self._known.api.methods(kind.name)
        if name not in methods or self._kinds.is_own(kind, base, name):
            return
        if given and (
            written(given[0]) == written(base)
            or self._kinds.of(self._script, given[0]) == kind
        ):
            return
        said = written(base)
        message = f"'{name}' is a method of {kind.name}, which is called with a colon"
        self.problems.append(
            Problem(
                self._script.chunk, *place(called), "colon", message, f"{said}:{name}"
            )
        )

    def _event(self, kind: Kind, given: list[Node]) -> None:
        events, name = self._known.events(kind), literal(given[0])
        if name is None or not events:
            return
        if name not in events:
            message = f"{kind.name} has no event '{name}'"
            self._add(given[0], "event", message, name, events)
        elif len(given) > 1:
            self._function(given[1], events[name])

    def _value(self, node: Node, type_: str, path: str) -> None:
        """What is given where the API expects a type."""
        if node.type == "function_definition":
            for part in split(type_, "|"):
                if part.startswith("fun("):
                    self._function(node, types(part))
        if node.type != "table_constructor":
            return
        kind = self._known.of_type(type_)
        if kind is None or self._known.api.methods(kind.name):
            return
        fields = self._known.api.fields(kind.name)
        for key, name, value in keyed(node):
            if key in fields:
                self._value(value, fields[key].type, path)
            else:
                self._unknown(key, name, path, kind)

    def _unknown(self, key: str, name: Node, path: str, kind: Kind) -> None:
        fields = self._known.api.fields(kind.name)
        near = fields.get(nearest(key, fields), next(iter(fields.values())))
        rule: Rule = "callback" if near.type.startswith("fun(") else "option"
        self._add(name, rule, f"unknown {rule} '{key}' of {path}", key, fields)

    def _function(self, node: Node, types_: tuple[str, ...]) -> None:
        """The API calls a function of the script: what its parameters are is known."""
        if node.type != "function_definition":
            return
        names = [
            each
            for parameters in inside(node, "parameters")
            for each in inside(parameters, "name")
        ]
        for name, each in zip(names, types_, strict=False):
            variable = self._script.scopes.variables[name.id]
            if len(variable.values) == 1:
                self._kinds.parameters[variable] = each


def types(kind: str) -> tuple[str, ...]:
    """The types of the arguments of a type like C{fun(data: string)}."""
    return tuple(each.type for each in arguments(kind))
