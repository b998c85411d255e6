"""One file of Lua, and what several that belong together define."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from eplua_twisted.tools.check.scopes import Scopes, given, pairs
from eplua_twisted.tools.check.syntax import (
    Node,
    argument_nodes,
    descend,
    inside,
    keyed,
    literal,
    parse,
    written,
)

_INLINE = re.compile(r"--\s*luacheck:\s*(?:read_)?globals\s+(.*)")
_HIDING = ("load", "loadstring", "dofile", "loadfile", "setfenv", "require")
"""Functions of Lua that may define names that nobody sees here."""

_ASKING = ("type", "assert", "rawget")
"""Functions that are given what may not be there."""

_LOOKING = (*_ASKING, "pairs", "ipairs", "next", "print", "tostring")
"""Functions that set no fields of what they are given."""

_SETTING = ("rawset", "setmetatable")
"""Functions whose work on a table is seen here."""

_GLOBALS = ("_G", "_ENV")
"""What the table of the global variables is called."""

_CONDITIONS = (
    "if_statement",
    "elseif_statement",
    "while_statement",
    "repeat_statement",
)


@dataclass(frozen=True)
class Written:
    """
    A field that is written somewhere.

    @ivar base: the table, as it stands there; empty in the constructor of a table
    """

    base: str
    value: Node | None


class Script:
    """
    A file.

    @ivar chunk: what Lua calls it in messages, without the mark before it
    @ivar fields: what is written to fields, by their names
    @ivar modules: the names of the modules that it requires
    @ivar classes: those that it makes with C{class}, each with its base if that has a name
    @ivar defined: global names that it defines by other means than an assignment
    @ivar opened: tables, as they are written, whose fields are set by names that are not
        known
    @ivar passed: what functions are given, which may do that too
    @ivar asked: fields, as they are written, that it asks for whether they are there
    @ivar hides: it may define global names that cannot be seen
    """

    def __init__(self, chunk: str, code: bytes) -> None:
        """
        @raise RecursionError: it is nested too deep
        @raise SyntaxError: the parser does not understand it
        """
        self.chunk = chunk
        self.root = parse(code)
        self.scopes = Scopes(self.root)
        self.fields: dict[str, list[Written]] = defaultdict(list)
        self.modules: list[str] = []
        self.classes: dict[str, str | None] = {}
        self.defined: set[str] = set()
        self.opened: set[str] = set()
        self.passed: set[str] = set()
        self.asked: set[str] = set()
        # A script may have its global variables in a table of its own, and their table
        # under a name of its own.
        self.hides = any(
            each.name == "_ENV" for each in self.scopes.variables.values()
        ) or any(
            use.name in _GLOBALS and not self._is_followed(use.node)
            for use in self.scopes.reads
        )
        visits = {
            "comment": self._comment,
            "dot_index_expression": self._field,
            "table_constructor": self._table,
            "assignment_statement": self._assignment,
            "function_declaration": self._function,
            "function_call": self._call,
        }
        for node in descend(self.root):
            if node.type in visits:
                visits[node.type](node)

    def is_global(self, node: Node, name: str) -> bool:
        """Whether a node names that global variable."""
        return (
            node.type == "identifier"
            and written(node) == name
            and node.id not in self.scopes.variables
        )

    def _is_globals(self, node: Node) -> bool:
        """Whether a node names the table of the global variables."""
        return any(self.is_global(node, each) for each in _GLOBALS)

    def _is_followed(self, node: Node) -> bool:
        """Whether it is seen what a script does with a table where it names it."""
        parent = node.parent
        if parent is not None and parent.type == "arguments":
            (called,) = inside(parent.parent, "name")
            return any(self.is_global(called, each) for each in (*_LOOKING, *_SETTING))
        return parent is not None and parent.type.endswith("_index_expression")

    def _comment(self, node: Node) -> None:
        found = _INLINE.match(written(node))
        if found is not None:
            self.defined |= set(re.findall(r"\w+", found[1]))

    def _field(self, node: Node) -> None:
        if self.is_asked(node):
            self.asked.add(written(node))

    def _table(self, node: Node) -> None:
        for key, _, value in keyed(node):
            self.fields[key].append(Written("", value))

    def _assignment(self, node: Node) -> None:
        for name, value in given(*pairs(node)):
            self._write(name, value)

    def _function(self, node: Node) -> None:
        (name,) = inside(node, "name")
        self._write(name, node)

    def _write(self, node: Node, value: Node | None) -> None:
        base = node.child_by_field_name("table")
        if base is None:
            if self.is_global(node, "_ENV"):
                self.hides = True
            return
        role = "method" if node.type == "method_index_expression" else "field"
        (last,) = inside(node, role)
        in_brackets = node.type == "bracket_index_expression"
        self._set(base, literal(last) if in_brackets else written(last), value)

    def _call(self, node: Node) -> None:
        (called,) = inside(node, "name")
        passed = argument_nodes(node)
        if called.type == "function_call":
            self._class(called, passed)
        name = written(called)
        self.hides |= any(
            self.is_global(each, one) for each in passed for one in _HIDING
        )
        if called.type != "identifier" or called.id in self.scopes.variables:
            self.passed |= {written(each) for each in passed}
            return
        first = literal(passed[0]) if passed else None
        if name == "require":
            self.modules += [first] if first is not None else []
            self.hides |= first is None
        elif name == "class" and first is not None:
            self.classes.setdefault(first, None)
        elif name in _SETTING:
            if passed:
                is_named = name == "rawset" and len(passed) > 1
                self._set(passed[0], literal(passed[1]) if is_named else None, None)
        elif name in _HIDING:
            self.hides = True
        elif name not in _LOOKING:
            self.passed |= {written(each) for each in passed}

    def _set(self, table: Node, key: str | None, value: Node | None) -> None:
        """
        A field of a table is set.

        @param key: C{None}: it is not known which
        @param value: C{None}: it is not known
        """
        if key is None:
            self.opened.add(written(table))
            self.hides |= self._is_globals(table)
        elif self._is_globals(table):
            self.defined.add(key)
        else:
            self.fields[key].append(Written(written(table), value))

    def _class(self, inner: Node, given: list[Node]) -> None:
        """C{class "Name" (Base)}."""
        (called,) = inside(inner, "name")
        names = [literal(each) for each in argument_nodes(inner)]
        if self.is_global(called, "class") and names and names[0] is not None:
            base = (
                written(given[0]) if given and given[0].type == "identifier" else None
            )
            self.classes[names[0]] = base

    def is_asked(self, node: Node) -> bool:
        """
        Whether the script asks if there is such a thing: in a condition, or as one of
        several, C{a or b}.
        """
        parent = node.parent
        while parent is not None:
            if parent.type in _CONDITIONS:
                return any(each.id == node.id for each in inside(parent, "condition"))
            if parent.type == "unary_expression" and parent.children[0].type == "not":
                return True
            if parent.type == "binary_expression":
                operator = parent.children[1].type
                if operator in ("==", "~="):
                    return any(each.type == "nil" for each in parent.named_children)
                if operator not in ("and", "or"):
                    return False
                left = parent.named_children[0]
                if left.id == node.id or (operator == "or" and self._is_name(left)):
                    return True
            elif parent.type == "arguments":
                call = parent.parent
                return call is not None and written(inside(call, "name")[0]) in _ASKING
            elif parent.type != "parenthesized_expression":
                return False
            node, parent = parent, parent.parent
        return False

    def _is_name(self, node: Node) -> bool:
        """Whether it is a global variable, or a field of one: C{table.unpack or unpack}."""
        while node.type == "dot_index_expression":
            (node,) = inside(node, "table")
        return node.type == "identifier" and self.is_global(node, written(node))


@dataclass
class Together:
    """
    Scripts that share their global variables: a program and its modules.

    @ivar names: global names that one of them defines, or asks for whether they are there
    @ivar read: global names that one of them reads
    """

    scripts: list[Script]
    hides: bool = False
    names: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for each in self.scripts:
            self.hides |= each.hides
            self.names |= each.defined | each.classes.keys()
            self.names |= {use.name for use in each.scopes.writes}
            self.read |= {use.name for use in each.scopes.reads}
            self.names |= {
                use.name for use in each.scopes.reads if each.is_asked(use.node)
            }

    def writes(self, name: str) -> list[tuple[Script, Written]]:
        """What is written to fields of that name."""
        return [
            (script, each)
            for script in self.scripts
            for each in script.fields.get(name, ())
        ]

    def values(self, name: str) -> list[tuple[Script, Node | None]]:
        """What a global variable is given."""
        return [
            (script, each)
            for script in self.scripts
            for each in script.scopes.values.get(name, ())
        ]

    def base_of(self, name: str) -> str | None:
        """The class that a class of theirs extends at last; C{None}: it is none."""
        classes: dict[str, str | None] = {}
        for each in self.scripts:
            classes.update(each.classes)
        seen: set[str] = set()
        found: str | None = name
        while found in classes and found not in seen:
            seen.add(found)
            found = classes[found]
        return found if found != name else None

    def is_opened(self, text: str) -> bool:
        """Whether fields are set in a table, as it is written, that cannot be seen."""
        return any(text in each.opened for each in self.scripts)

    def is_asked(self, text: str) -> bool:
        """Whether a script asks if a field, as it is written with a dot, is there."""
        return any(text in each.asked for each in self.scripts)

    def is_passed(self, text: str) -> bool:
        """Whether a function is given a table, as it is written, and may do that."""
        return any(text in each.passed for each in self.scripts)

    def methods(self) -> set[str]:
        """The names of fields that have functions."""
        return {
            name
            for script in self.scripts
            for name, all_writes in script.fields.items()
            if any(each.value and "function" in each.value.type for each in all_writes)
        }
