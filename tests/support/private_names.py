"""
The private names of libraries that a package uses, found in its text and its classes.

A name is private when it, or a module on the way to it, begins with one underscore.
What cannot be found: a private name that this package also gives to something of its
own, used on an object whose class is not known from the text.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

ACCESSORS = {"getattr", "setattr", "hasattr", "delattr"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def stored_on_self(tree: ast.AST) -> set[str]:
    """Names that methods give to C{self}."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


@cache
def tree_of(thing: type | ModuleType) -> ast.Module:
    """The text of a class or module; empty for what is not written in Python."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError):
        return ast.Module([], [])


@cache
def names_of(owner: type) -> frozenset[str]:
    """All names that a class gives to itself and to its instances."""
    return frozenset({*vars(owner), *stored_on_self(tree_of(owner))})


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """A package and all in it."""
    yield package
    for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        yield import_module(each.name)


def classes(module: ModuleType) -> Iterator[type]:
    for each in vars(module).values():
        if inspect.isclass(each) and each.__module__ == module.__name__:
            yield each


def inherited(owner: type, package: str) -> set[str]:
    """The private names that a class has from libraries."""
    return {
        name
        for base in owner.__mro__
        if base.__module__.split(".")[0] not in {package, "builtins", "typing", "abc"}
        for name in names_of(base)
        if is_private(name)
    }


def used_names(tree: ast.AST) -> set[str]:
    """Attributes, of whatever object, also by C{getattr} and its like."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ACCESSORS:
            name = node.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                found.add(name.value)
    return {name for name in found if is_private(name)}


def imported_names(tree: ast.AST, package: str) -> set[str]:
    """Private names of other packages that are imported, or names of private modules."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            paths = [(each.name, each.name) for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            paths = [(f"{node.module}.{each.name}", each.name) for each in node.names]
        else:
            continue
        for path, name in paths:
            if path.split(".")[0] != package and any(map(is_private, path.split("."))):
                found.add(name)
    return found


def own_names(tree: ast.AST) -> set[str]:
    """What a module defines: functions, classes, variables, attributes of C{self}."""
    found = stored_on_self(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def private_uses(package: ModuleType) -> dict[str, set[str]]:
    """@return: private names of libraries, and the modules or classes that use them"""
    root = package.__name__
    found: dict[str, set[str]] = {}

    def use(names: set[str], place: str) -> None:
        for name in names:
            found.setdefault(name, set()).add(place)

    own: set[str] = set()
    for module in modules(package):
        own |= own_names(tree_of(module))
        for each in classes(module):
            theirs = inherited(each, root)
            mine = {*used_names(tree_of(each)), *own_names(tree_of(each))}
            use(mine & theirs, f"{module.__name__}.{each.__name__}")
    for module in modules(package):
        tree = tree_of(module)
        use(imported_names(tree, root), module.__name__)
        use(used_names(tree) - own, module.__name__)
    return found
