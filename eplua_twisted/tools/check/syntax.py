"""Scripts as trees: the one module that knows tree-sitter."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_lua
from tree_sitter import Language, Parser
from tree_sitter import Node as Node

_LANGUAGE = Language(tree_sitter_lua.language())


def parse(code: bytes) -> Node:
    """
    The root of a script's tree; it keeps the tree.

    @raise SyntaxError: some of it is not understood
    """
    root = Parser(_LANGUAGE).parse(code).root_node
    if root.has_error:
        raise SyntaxError
    return root


def written(node: Node) -> str:
    """As it stands in the script."""
    return (node.text or b"").decode("utf-8", "surrogateescape")


def literal(node: Node | None) -> str | None:
    """The text of a string without escapes; C{None}: it is no such string."""
    if node is None or node.type != "string":
        return None
    content = node.child_by_field_name("content")
    text = written(content) if content is not None else ""
    return None if "\\" in text else text


def place(node: Node) -> tuple[int, int]:
    """Line and column where it begins, counted from 1; columns are bytes."""
    return node.start_point.row + 1, node.start_point.column + 1


def inside(node: Node | None, role: str) -> list[Node]:
    """The children with that role; none without a node."""
    return [] if node is None else node.children_by_field_name(role)


def spine(node: Node) -> list[Node]:
    """The operands of C{a + b + c}, which is nested to the left."""
    operands: list[Node] = []
    while node.type == "binary_expression":
        operands += inside(node, "right")
        (node,) = inside(node, "left")
    return [node, *reversed(operands)]


def argument_nodes(call: Node) -> list[Node]:
    """The arguments of a call."""
    given = call.child_by_field_name("arguments")
    if given is None:
        return []
    return [each for each in given.named_children if each.type != "comment"]


def keyed(table: Node) -> Iterator[tuple[str, Node, Node]]:
    """The fields of a table whose keys are known: key, its node, the value."""
    for field in table.named_children:
        name = field.child_by_field_name("name")
        value = field.child_by_field_name("value")
        if field.type != "field" or name is None or value is None:
            continue
        in_brackets = field.children[0].type == "["
        key = literal(name) if in_brackets else written(name)
        if key is not None:
            yield key, name, value


def descend(node: Node) -> Iterator[Node]:
    """
    The node and all below it, in their order.  Not by recursion: the sum of a thousand
    terms is a thousand levels deep.
    """
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(each.named_children))
