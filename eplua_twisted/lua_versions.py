"""The versions of Lua that scripts may run on."""

from __future__ import annotations

from importlib import import_module

LUA_VERSIONS = {
    "5.3": "lupa.lua53",
    "5.4": "lupa.lua54",
    "5.5": "lupa.lua55",
    "luajit": "lupa.luajit21",
}

DEFAULT_LUA, HC3_LUA = "5.4", "5.3"
"""The versions where none is asked for."""


STACK = 192 * 2**20
"""
Bytes of the main thread's stack that the worst of scripts can use on LuaJIT, and some
more: C{string.gsub} that calls itself takes 115 MiB until Lua's own stack is full.
"""


def widen_stack(lua: str | None) -> None:
    """
    For a process that is there for a script: LuaJIT has no bound for functions of C in each
    other, and the usual stack of 8 MiB would be too small for them.  Nothing is taken
    before it is needed.

    @param lua: the Lua version
    """
    if lua != "luajit":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    most = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_STACK, (most, hard))


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


def syntax_error(lua: str, code: bytes, name: str) -> str | None:
    """
    What is wrong with a piece of Lua, with the file and the line.

    @param lua: the version
    @param name: the file
    @return: C{None}: it compiles
    """
    lupa = import_module(LUA_VERSIONS[lua])
    state = lupa.LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    chunk_name = b"@" + name.encode("utf-8", "surrogateescape")
    try:
        state.compile(code, name=chunk_name, mode=b"t")
    except lupa.LuaError as problem:
        said = problem.args[0] if problem.args else b""
        return (
            said.decode("utf-8", "backslashreplace")
            if isinstance(said, bytes)
            else said
        )
    return None
