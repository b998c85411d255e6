"""What the expressions of a script are, as far as that is known."""

from __future__ import annotations

from eplua_twisted.api import Function
from eplua_twisted.tools.check.known import Kind, Known
from eplua_twisted.tools.check.scopes import Variable
from eplua_twisted.tools.check.script import Script, Together, Written
from eplua_twisted.tools.check.syntax import (
    Node,
    argument_nodes,
    inside,
    literal,
    written,
)


class Kinds:
    """
    Tells the kinds.  That of a variable or a field is found out once; one that depends on
    itself, as in C{s = s:lower()}, is not known.

    @ivar parameters: the types of parameters of functions that the API calls
    """

    def __init__(self, known: Known, together: Together) -> None:
        self._known = known
        self._together = together
        self._found: dict[object, Kind | None] = {}
        self.parameters: dict[Variable, str] = {}

    def of(self, script: Script, node: Node | None) -> Kind | None:
        """@param script: the one that a node is in"""
        if node is None:
            return None
        if node.type == "identifier":
            variable = script.scopes.variables.get(node.id)
            if variable is not None:
                return self._of_variable(script, variable)
            return self._of_global(written(node))
        if node.type == "dot_index_expression":
            return self._of_field(script, node)
        if node.type == "function_call":
            return self._of_call(script, node)
        if node.type == "parenthesized_expression":
            return self.of(script, node.named_children[0])
        return None

    def _common(
        self, key: object, values: list[tuple[Script, Node | None]]
    ) -> Kind | None:
        """
        What all values are that are not nil.

        @param key: what has these values
        """
        if key not in self._found:
            self._found[key] = None
            kinds = {
                self.of(script, value)
                for script, value in values
                if value is None or value.type != "nil"
            }
            if len(kinds) == 1:
                self._found[key] = kinds.pop()
        return self._found[key]

    def _of_variable(self, script: Script, variable: Variable) -> Kind | None:
        if variable in self.parameters:
            return self._known.of_type(self.parameters[variable])
        if variable.owner is not None and len(variable.values) == 1:
            return self._instance(script, variable.owner)
        return self._common(variable, [(script, each) for each in variable.values])

    def _instance(self, script: Script, owner: Node) -> Kind | None:
        """What C{self} is in a method of a global class."""
        name = written(owner)
        if not script.is_global(owner, name):
            return None
        kind = self._known.of_path(self._together.base_of(name) or name)
        if kind is None or kind.form != "class":
            return None
        return Kind("object", kind.name)

    def _of_global(self, name: str) -> Kind | None:
        values = self._together.values(name)
        if values:
            # A name of the API that a script gives something else is not the API's.
            return None if name in self._known.globals else self._common(name, values)
        return self._known.of_path(name)

    def _of_field(self, script: Script, node: Node) -> Kind | None:
        (base,) = inside(node, "table")
        (last,) = inside(node, "field")
        name, kind = written(last), self.of(script, base)
        writes = self._together.writes(name)
        if writes and (kind is None or self.is_own(kind, base, name)):
            return self._of_written(script, base, name, writes)
        if kind is None:
            return None
        if kind.form == "table":
            return self._known.of_path(f"{kind.name}.{name}")
        return self._known.of_type(self._known.field_type(kind, name), kind)

    def is_own(self, kind: Kind, base: Node, name: str) -> bool:
        """
        Whether a script may have written a field, so that it is not the API's.

        @param kind: of the table
        """
        writes = self._together.writes(name)
        if self._known.is_extended(kind) or name not in self._known.members(kind):
            return bool(writes)
        return any(each.base == written(base) for _, each in writes)

    def _of_written(
        self,
        script: Script,
        base: Node,
        name: str,
        writes: list[tuple[Script, Written]],
    ) -> Kind | None:
        """A field of the script's own: known where each value goes to the same table."""
        text = written(base)
        if any(each.base != text for _, each in writes):
            return None
        if (
            text != "self"
            and base.id in script.scopes.variables
            and any(of is not script for of, _ in writes)
        ):
            # The same name may be another variable.
            return None
        values = [(of, each.value) for of, each in writes]
        return self._common((text, name), values)

    def _of_call(self, script: Script, node: Node) -> Kind | None:
        (called,) = inside(node, "name")
        if script.is_global(called, "require"):
            given = argument_nodes(node)
            name = literal(given[0]) if given else None
            return (
                self._known.of_path(name)
                if name and name in self._known.api.variables
                else None
            )
        function = self.function(script, called)
        if function is None:
            return None
        found, itself = function
        return self._known.of_type(found.returns, itself)

    def function(
        self, script: Script, called: Node
    ) -> tuple[Function, Kind | None] | None:
        """
        The function of the API that is called.

        @return: and the object whose method it is
        """
        if called.type != "method_index_expression":
            kind = self.of(script, called)
            if kind is None or kind.form != "function":
                return None
            return self._known.api.functions[kind.name], None
        (base,) = inside(called, "table")
        name, kind = written(inside(called, "method")[0]), self.of(script, base)
        if kind is None or kind.form != "object" or self.is_own(kind, base, name):
            return None
        method = self._known.api.methods(kind.name).get(name)
        return None if method is None else (method, kind)
