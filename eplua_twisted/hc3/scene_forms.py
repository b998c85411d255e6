"""
Scenes by their files: C{.lua} whose conditions stand in a header or in a table at its
beginning, and C{.json} as HC3 exports it.
"""

from __future__ import annotations

import re

from eplua_twisted.hc3.fqa import BadFile, SceneForm, parse_json
from eplua_twisted.hc3.headers import Headers
from eplua_twisted.hc3.lua_values import NotLua, parse_value, read_value
from eplua_twisted.hc3.plain import Plain, record

_TABLE = re.compile(
    r"^[ \t]*(?:local[ \t]+)?(?:COND|CONDITIONS|conditions|declarations)[ \t]*=[ \t]*(?={)",
    re.MULTILINE,
)
"""Where a script has its conditions in a variable."""


_SCENES_OWN = re.compile(r"\b(?:sourceTrigger|sceneId)\b")
"""Globals that only scenes have."""


def is_scene(code: str, headers: Headers) -> bool:
    """
    Whether a script says that it is a scene; or says nothing, has no QuickApp, and uses
    what only scenes have.
    """
    values = headers.values
    if "type" in values or "scene" in values:
        return (
            values.get("type", "").lower() == "scene" or values.get("scene") == "true"
        )
    return "QuickApp" not in code and _SCENES_OWN.search(code) is not None


def scene_of_script(code: str, path: str, name: str, headers: Headers) -> SceneForm:
    """@raise BadFile: its conditions cannot be read"""
    conditions: Plain = {}
    given = headers.values.get("conditions")
    found = _TABLE.search(code)
    try:
        if given is not None:
            conditions = parse_value(given)
        elif found is not None:
            conditions, _ = read_value(code, found.end())
    except NotLua as problem:
        offset = problem.offset if given is None else 0
        line = code[:offset].count("\n") + 1
        raise BadFile(f"conditions: {problem}", f"{path}:{line}") from None
    warnings = [f"{path}:{line}: {text}" for line, text in headers.warnings]
    return SceneForm(name, conditions, code, "@" + path, warnings)


def parse_scene(text: bytes, path: str) -> SceneForm:
    """
    A scene as HC3 has it: C{content} is JSON with C{conditions} and C{actions}.

    @raise BadFile: it cannot be
    """
    whole = record(parse_json(text, path))
    name, content = whole.get("name"), whole.get("content")
    if not isinstance(name, str):
        raise BadFile("a string expected", f"{path}: $.name")
    if not isinstance(content, str):
        raise BadFile("a string expected", f"{path}: $.content")
    inner = record(parse_json(content.encode(), f"{path}: $.content"))
    conditions, actions = inner.get("conditions", "{}"), inner.get("actions", "")
    if not isinstance(actions, str):
        raise BadFile("a string expected", f"{path}: $.content.actions")
    if isinstance(conditions, str):
        try:
            conditions = parse_value(conditions or "{}")
        except NotLua as problem:
            raise BadFile(str(problem), f"{path}: $.content.conditions") from None
    return SceneForm(name, conditions, actions, f"={name}/actions.lua")
