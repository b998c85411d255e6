"""What a running library offers to scripts, to be compared with its definitions."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lupa.lua54

import eplua_twisted
from eplua_twisted.border.options import Options
from eplua_twisted.files import lua_directory

SCRIPT = Path(__file__).with_suffix(".lua")

INTERNAL = {"CookieJar", "guard"}
"""Classes of which a script is never given an object."""


INTERNAL_CODES = {"proxy", "url"}
"""Those that lua/net/http_client.lua makes an error at the script's line of."""


@dataclass
class Live:
    """
    @ivar functions: how many parameters each has, by its path; C{+} behind it for more
    @ivar methods: the same, by class and name; C{self} is one of them
    @ivar constants: tables of numbers
    @ivar tables: the other tables: C{net}, C{json.util}
    """

    functions: dict[str, str] = field(default_factory=dict)
    methods: dict[str, dict[str, str]] = field(default_factory=dict)
    constants: dict[str, dict[str, int]] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)


def standard_globals() -> str:
    """The names that Lua itself has."""
    names = lupa.lua54.LuaRuntime(register_eval=False).globals().keys()
    return " ".join(sorted({*map(str, names), "python"}))


def live(lines: list[bytes]) -> Live:
    """@param lines: what C{live_api.lua} has printed"""
    found = Live()
    for line in lines:
        kind, name, *rest = line.decode().split("\t")
        if kind == "function":
            found.functions[name] = rest[0]
        elif kind == "class":
            found.methods.setdefault(name, {})
        elif kind == "method":
            # Some classes have several kinds of objects, with the same methods.
            before = found.methods[name].get(rest[0], "")
            found.methods[name][rest[0]] = max(before, rest[1])
        elif kind == "constant":
            found.constants.setdefault(name, {})[rest[0]] = int(rest[1])
        else:
            found.tables.add(name)
    found.tables -= set(found.constants)
    for name in INTERNAL:
        found.methods.pop(name, None)
    return found


def option_classes() -> set[type[Options]]:
    """Every subclass of L{Options} that the package has."""
    for each in pkgutil.walk_packages(eplua_twisted.__path__, "eplua_twisted."):
        if each.name.endswith("options"):
            importlib.import_module(each.name)
    found: set[type[Options]] = set()
    new = set(Options.__subclasses__())
    while new:
        found |= new
        new = {kind for each in new for kind in each.__subclasses__()}
    return {each for each in found if each.__module__.startswith("eplua_twisted.")}


def codes() -> dict[str, str]:
    """The error codes that the package's own text gives, with a file that does."""
    found: dict[str, str] = {}
    package = Path(eplua_twisted.__file__).parent
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if path.name == "errors.py" and isinstance(node, ast.Tuple):
                parts: list[Any] = node.elts
            elif isinstance(node, ast.Call) and _name(node) == "OperationError":
                parts = [*node.args, None]
            else:
                continue
            if len(parts) == 2 or not isinstance(node, ast.Tuple):
                first = parts[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.setdefault(first.value, path.name)
    for path in lua_directory().rglob("*.lua"):
        if path.parent.name == "types":
            continue
        text = path.read_text()
        for code in re.findall(r'return nil, [^\n]*, "(\w+)"', text):
            found.setdefault(code, path.name)
        for code in re.findall(r'settle[,(][^\n]*false, "(\w+)", ', text):
            found.setdefault(code, path.name)
    return {code: name for code, name in found.items() if code not in INTERNAL_CODES}


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))
