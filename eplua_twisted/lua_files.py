"""The files of the Lua library."""

from __future__ import annotations

from twisted.python.failure import Failure

from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.errors import describe
from eplua_twisted.files import lua_directory


def why(problem: OSError | ImportError) -> bytes:
    """Why something cannot be loaded, without our paths."""
    described = describe(Failure(problem))
    return to_bytes(described[1] if described is not None else str(problem))


def library_source(name: bytes) -> bytes | tuple[None, bytes]:
    """A file of the Lua library; or C{nil} and why it cannot be loaded."""
    try:
        return (lua_directory() / (to_text(name) + ".lua")).read_bytes()
    except OSError as problem:
        return None, why(problem)


def chunk_of(code: bytes) -> bytes:
    """What Lua compiles of a script: no mark of UTF-8, and no line for a shell."""
    code = code.removeprefix(b"\xef\xbb\xbf")
    return b"--" + code if code.startswith(b"#") else code
