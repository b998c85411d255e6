"""What devices have by their types."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

from eplua_twisted.hc3.plain import Plain, Record
from eplua_twisted.hc3.type_table import TYPES

PREFIX = "com.fibaro."

ALIASES = {"generic.device": "genericDevice", "FGD212": "multilevelSwitch"}


def _short(name: str) -> str:
    bare = name.removeprefix(PREFIX)
    return ALIASES.get(bare, bare)


def is_known(name: str) -> bool:
    """@param name: with C{com.fibaro.}"""
    return name.startswith(PREFIX) and _short(name) in TYPES


def base_of(name: str) -> str:
    """The type that a type is based on; of an unknown one C{com.fibaro.device}."""
    found = TYPES.get(_short(name))
    base = "device" if found is None else found.base
    return PREFIX + base if base else ""


@cache
def lineage(name: str) -> tuple[str, ...]:
    """A type and those it is based on, without C{com.fibaro.}, the most general last."""
    line = [short := _short(name)]
    while short != "device":
        short = TYPES[short].base if short in TYPES else "device"
        line.append(short)
    return tuple(line)


def is_a(name: str, base: str) -> bool:
    """Whether a type is another one, or based on it; that one without C{com.fibaro.}"""
    return base in lineage(name)


def template(name: str) -> tuple[Record, dict[str, Plain], list[str]]:
    """
    What a new device of a type has; an unknown type is a plain device.

    @return: properties, actions with the number of their arguments, interfaces
    """
    properties: Record = {}
    actions: dict[str, Plain] = {}
    interfaces: set[str] = set()
    for short in reversed(lineage(name)):
        if short in TYPES:
            each = TYPES[short]
            properties.update(each.properties)
            actions.update(each.actions)
            interfaces.update(each.interfaces)
    return deepcopy(properties), actions, sorted(interfaces)


def is_quickapp(device: Record) -> bool:
    """It is a QuickApp, or a child of one."""
    given = device.get("interfaces")
    return isinstance(given, list) and ("quickApp" in given or "quickAppChild" in given)


def hierarchy() -> Record:
    """All types as C{devices/hierarchy} tells them: each with those based on it."""
    nodes: dict[str, list[Plain]] = {name: [] for name in TYPES}
    for name, kind in TYPES.items():
        if kind.base:
            nodes[kind.base].append({"type": PREFIX + name, "children": nodes[name]})
    return {"type": PREFIX + "device", "children": nodes["device"]}
