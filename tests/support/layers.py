"""Which module of a tree imports which, and what is wrong with that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

Sources = Mapping[str, str]
"""Texts of modules by their dotted names without the root; C{x.__init__} for packages."""

ROOT = "eplua_twisted"
MODULE = re.compile(rf"({ROOT}|lupa)(?=[.:]|$)")
"""How a string begins that names a module of ours or of lupa."""

MADE = {"__import__", "eval", "exec", "import_module", "namedAny", "namedModule"}
"""Functions that can import by a name which they are given at run time."""


def room(module: str) -> str:
    """The package, or the module beside the packages, that a module belongs to."""
    return module.split(".")[0]


def docstrings(tree: ast.AST) -> Iterator[ast.expr]:
    """Strings that stand for themselves: they may name what they like."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def absolute(node: ast.ImportFrom, module: str) -> str:
    """The full name that C{from ... import} names; relative ones are resolved."""
    if not node.level:
        return node.module or ""
    above = f"{ROOT}.{module}".split(".")[: -node.level]
    return ".".join([*above, *([node.module] if node.module else [])])


@lru_cache(maxsize=1000)
def names(module: str, source: str) -> frozenset[str]:
    """
    All that a module imports, wherever and however it does: in functions, under
    C{TYPE_CHECKING}, relatively, and by strings that name a module of ours or of
    lupa. Each function in L{MADE} counts as an import of its own name.
    """
    tree = ast.parse(source)
    prose = set(docstrings(tree))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, module)
            found |= {f"{base}.{each.name}" for each in node.names}
            found |= MADE & {each.name for each in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node not in prose and MODULE.match(node.value):
                found.add(node.value.replace(":", "."))
        else:
            # The names of functions, wherever they are taken from.
            found |= MADE & {getattr(node, "id", None), getattr(node, "attr", None)}
    return frozenset(found)


def target(name: str, sources: Sources) -> str | None:
    """The module of ours that an imported name is, or is taken from."""
    root, *parts = name.split(".")
    if root != ROOT:
        return None
    for length in range(len(parts), 0, -1):
        found = ".".join(parts[:length])
        if found in sources:
            return found
        if f"{found}.__init__" in sources:
            return f"{found}.__init__"
    return "__init__"


def arrows(sources: Sources) -> dict[str, set[str]]:
    """Which modules of ours each module imports."""
    found: dict[str, set[str]] = {}
    for module, source in sources.items():
        targets = {target(name, sources) for name in names(module, source)}
        found[module] = {each for each in targets if each and each != module}
    return found


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """The names to which a way of at least one arrow leads."""
    found: set[str] = set()
    new = graph[start]
    while new:
        found |= new
        new = set().union(*(graph.get(each, set()) for each in new)) - found
    return found


def circles(graph: Mapping[str, set[str]]) -> Iterator[str]:
    """Each group of names that all lead to each other."""
    ways = {name: reachable(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in way if name in ways.get(other, ())))
        for name, way in ways.items()
        if name in way
    }
    yield from (" <-> ".join(group) for group in sorted(groups))


def wrong_arrows(sources: Sources, may: Mapping[str, set[str]]) -> Iterator[str]:
    """Imports that the table does not allow, and modules that it does not know."""
    for module, targets in arrows(sources).items():
        if room(module) not in may:
            yield f"{module}: {room(module)} is not in the table"
            continue
        for each in sorted(targets):
            if room(each) not in may[room(module)] | {room(module)}:
                yield f"{module} imports {each}"


def module_circles(sources: Sources) -> Iterator[str]:
    """Modules that import each other, directly or by way of others."""
    yield from circles(arrows(sources))


def package_circles(sources: Sources) -> Iterator[str]:
    """Packages that import each other, directly or by way of others."""
    graph: dict[str, set[str]] = {}
    for module, targets in arrows(sources).items():
        others = set(map(room, targets)) - {room(module)}
        graph.setdefault(room(module), set()).update(others)
    yield from circles(graph)


def imports_of(sources: Sources, library: str, allowed: set[str]) -> Iterator[str]:
    """Imports of a library, or of what is in it, outside the rooms that may know it."""
    for module, source in sources.items():
        for name in sorted(names(module, source)):
            if (name + ".").startswith(library + ".") and room(module) not in allowed:
                yield f"{module} imports {name}"
