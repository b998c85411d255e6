"""What there is to begin with, and the files of each kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from eplua_twisted.files import types_directory

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Kind:
    """
    A folder to begin with.

    @ivar text: what it is
    @ivar run: how its script is run, and its tests
    @ivar lua: the Lua version
    @ivar hc3: it is of Home Center 3
    """

    text: str
    run: tuple[str, str]
    lua: str = "5.4"
    hc3: bool = False


KINDS = {
    "script": Kind(
        "a script that asks for a page",
        ("eplua main.lua http://HOST/PAGE", "eplua test"),
    ),
    "server": Kind("an HTTP server", ("eplua main.lua", "eplua test")),
    "mqtt": Kind(
        "a client of a broker", ("eplua main.lua mqtt://BROKER", "eplua test")
    ),
    "quickapp": Kind(
        "a QuickApp of Home Center 3",
        ("eplua --hc3 lamp.lua", "eplua test --hc3"),
        lua="5.3",
        hc3=True,
    ),
}

GLOBALS = (
    *("net", "mqtt", "json", "task", "eplua"),
    *("setTimeout", "setInterval", "clearTimeout", "clearInterval"),
)

HC3_GLOBALS = (
    *("fibaro", "hub", "api", "plugin", "class", "property", "quickApp"),
    *("QuickAppChild", "RefreshStateSubscriber", "urlencode", "__TAG"),
)


def _luarc(kind: Kind) -> str:
    """For LuaLS: which Lua it is, and where the definitions are."""
    settings = {
        "runtime.version": f"Lua {kind.lua}",
        "workspace.library": [str(types_directory().resolve())],
    }
    return json.dumps(settings, indent=2) + "\n"


def _luacheckrc(kind: Kind) -> str:
    """For luacheck: which globals there are."""
    names = (*GLOBALS, *HC3_GLOBALS) if kind.hc3 else GLOBALS
    lines = [f'std = "lua{kind.lua.replace(".", "")}"', "read_globals = {"]
    lines += [f'  "{name}",' for name in names]
    lines.append("}")
    if kind.hc3:
        lines += ['globals = { "QuickApp" }', 'ignore = { "212/self" }']
    return "\n".join(lines) + "\n"


def files_of(name: str) -> dict[str, str]:
    """What is in a folder of a kind, by the names of the files."""
    folder = TEMPLATES / name
    files = {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir())}
    return {
        **files,
        ".luarc.json": _luarc(KINDS[name]),
        ".luacheckrc": _luacheckrc(KINDS[name]),
    }
