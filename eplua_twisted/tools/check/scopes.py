"""Which variable each name of a script stands for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from eplua_twisted.tools.check.syntax import Node, inside, spine, written


@dataclass(eq=False)
class Variable:
    """
    A local variable.

    @ivar values: what it is given anywhere; C{None} for what is not known
    @ivar owner: of C{self}: the name of the table whose method it is in
    """

    name: str
    values: list[Node | None] = field(default_factory=list)
    owner: Node | None = None


@dataclass(frozen=True)
class Use:
    """
    A global variable where it is named.

    @ivar visible: the local variables there
    """

    name: str
    node: Node
    visible: frozenset[str]


class Scopes:
    """
    The names of one script.

    @ivar variables: by the C{id} of each node that names a local variable
    @ivar reads: of global variables
    @ivar writes: likewise, by assignments, declarations and functions
    @ivar values: what each global variable is given, C{None} for what is not known
    """

    def __init__(self, root: Node) -> None:
        """@raise RecursionError: the script is nested too deep"""
        self.variables: dict[int, Variable] = {}
        self.reads: list[Use] = []
        self.writes: list[Use] = []
        self.values: dict[str, list[Node | None]] = defaultdict(list)
        # C{None}: declared as a global variable, as Lua 5.5 has it.
        self._scopes: list[dict[str, Variable | None]] = [{}]
        self._visits: dict[str, Callable[[Node], None]] = {
            "identifier": self._name,
            "variable_declaration": self._declaration,
            "assignment_statement": self._assignment,
            "function_declaration": self._function,
            "function_definition": self._function,
            "for_statement": self._loop,
            "repeat_statement": self._repeat,
            "dot_index_expression": self._index,
            "method_index_expression": self._index,
            "field": self._field,
            **dict.fromkeys(
                ["block", "elseif_statement", "else_statement", "do_statement"],
                self._scope,
            ),
            **dict.fromkeys(
                ["goto_statement", "label_statement", "attribute"], self._nothing
            ),
        }
        self._children(root)

    def _nothing(self, node: Node) -> None:
        """What it names is no variable."""

    def _visit(self, node: Node | None) -> None:
        if node is None:
            return
        if node.type == "binary_expression":
            # The sum of a thousand terms is a thousand levels deep.
            for operand in spine(node):
                self._visit(operand)
            return
        self._visits.get(node.type, self._children)(node)

    def _children(self, node: Node) -> None:
        for each in node.named_children:
            self._visit(each)

    @contextmanager
    def _opened(self) -> Iterator[None]:
        self._scopes.append({})
        yield
        self._scopes.pop()

    def _scope(self, node: Node) -> None:
        with self._opened():
            self._children(node)

    def _found(self, name: str) -> Variable | None:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return None

    def _use(self, node: Node) -> Use:
        visible = frozenset(
            name for scope in self._scopes for name, each in scope.items() if each
        )
        return Use(written(node), node, visible)

    def _name(self, node: Node) -> None:
        variable = self._found(written(node))
        if variable is None:
            self.reads.append(self._use(node))
        else:
            self.variables[node.id] = variable

    def _declare(self, node: Node, *values: Node | None) -> Variable:
        made = Variable(written(node), list(values))
        self._scopes[-1][made.name] = made
        self.variables[node.id] = made
        return made

    def _write(self, node: Node, value: Node | None) -> None:
        """The value goes to what a node names."""
        if node.type != "identifier":
            self._visit(node)
            return
        variable = self._found(written(node))
        if variable is None:
            self.writes.append(self._use(node))
            self.values[written(node)].append(value)
        else:
            variable.values.append(value)
            self.variables[node.id] = variable

    def _assignment(self, node: Node) -> None:
        names, values = pairs(node)
        for each in values:
            self._visit(each)
        for name, value in given(names, values):
            self._write(name, value)

    def _declaration(self, node: Node) -> None:
        names, values = pairs(node)
        is_global = node.children[0].type == "global"
        for each in values:
            self._visit(each)
        for name, value in given(names, values):
            if is_global:
                self._scopes[-1][written(name)] = None
                self._write(name, value)
            elif values:
                self._declare(name, value)
            else:
                self._declare(name)

    def _function(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        first = node.children[0].type
        if name is not None and first == "local":
            self._declare(name, node)
        elif name is not None:
            if first == "global":
                self._scopes[-1][written(name)] = None
            self._write(name, node)
        with self._opened():
            if name is not None and name.type == "method_index_expression":
                owner = name.child_by_field_name("table")
                self._scopes[-1]["self"] = Variable("self", [None], owner)
            parameters = node.child_by_field_name("parameters")
            for each in inside(parameters, "name"):
                self._declare(each, None)
            self._visit(node.child_by_field_name("body"))

    def _loop(self, node: Node) -> None:
        clause = node.child_by_field_name("clause")
        assert clause is not None
        if clause.type == "for_numeric_clause":
            names = inside(clause, "name")
            for role in ("start", "end", "step"):
                self._visit(clause.child_by_field_name(role))
        else:
            lists = [each for each in clause.named_children if each.type != "comment"]
            names = inside(lists[0], "name")
            self._visit(lists[-1])
        with self._opened():
            for each in names:
                self._declare(each, None)
            self._visit(node.child_by_field_name("body"))

    def _repeat(self, node: Node) -> None:
        """The condition sees what the body declares."""
        with self._opened():
            body = node.child_by_field_name("body")
            if body is not None:
                self._children(body)
            self._visit(node.child_by_field_name("condition"))

    def _index(self, node: Node) -> None:
        self._visit(node.child_by_field_name("table"))

    def _field(self, node: Node) -> None:
        if node.children[0].type == "[":
            self._visit(node.child_by_field_name("name"))
        self._visit(node.child_by_field_name("value"))


def pairs(node: Node) -> tuple[list[Node], list[Node]]:
    """The names and the values of an assignment or a declaration."""
    names: list[Node] = []
    values: list[Node] = []
    for each in node.named_children:
        if each.type == "assignment_statement":
            return pairs(each)
        if each.type == "variable_list":
            names = inside(each, "name")
        elif each.type == "expression_list":
            values = inside(each, "value")
    return names, values


def given(names: list[Node], values: list[Node]) -> Iterator[tuple[Node, Node | None]]:
    """
    Each name with its value: C{None} for one that the last call, or C{...}, may give, and
    for one that nothing is left for.
    """
    for index, name in enumerate(names):
        yield name, values[index] if index < len(values) else None
