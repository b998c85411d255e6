"""The versions of Lua that scripts may run on."""

from __future__ import annotations

LUA_VERSIONS = {
    "5.3": "lupa.lua53",
    "5.4": "lupa.lua54",
    "5.5": "lupa.lua55",
    "luajit": "lupa.luajit21",
}

DEFAULT_LUA, HC3_LUA = "5.4", "5.3"
"""The versions where none is asked for."""


def version_of(lua: str | None, hc3: bool) -> str:
    """
    The Lua version to use.

    @param lua: what was asked for
    @raise ValueError: there is no such one
    """
    if lua is None:
        return HC3_LUA if hc3 else DEFAULT_LUA
    if lua not in LUA_VERSIONS:
        known = ", ".join(LUA_VERSIONS)
        raise ValueError(f"unknown Lua version {lua!r}; known: {known}")
    return lua
