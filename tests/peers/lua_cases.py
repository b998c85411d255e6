"""
Runs pieces of Lua one after another in one process, each on a runtime and a reactor in
memory of its own: C{python -m tests.peers.lua_cases VERSION SECONDS ACCESS LIMITS}.
ACCESS is empty, C{sandbox}, or a directory: the only one that scripts may read and write.
LIMITS are those of C{Limits}, as JSON.

The pieces come as JSON, C{[[name, code], ...]}.  For each, C{name} is printed when it
begins, and what came of it as JSON when it is over; so the last name of a process that
has crashed is the piece that crashed it.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.logger import ILogObserver, LogEvent, globalLogBeginner
from zope.interface import implementer

from eplua_twisted import Limits, Permissions, Runtime
from tests.memory import MemoryReactor

PRELUDE = """
local path = ...
local open, write, close = io.open, io.stderr.write, io.stderr.close
-- What a script has done: kept where nothing of the runtime is in the way.
function ran(what)
  local file = open(path, "a")
  write(file, what or "RAN", "\\n")
  close(file)
end
"""

bugs: list[str] = []


@implementer(ILogObserver)
def note_bugs(event: LogEvent) -> None:
    if "log_failure" in event:
        bugs.append(event["log_failure"].getTraceback())


def access_of(given: str) -> dict[str, Any]:
    """The arguments of the runtime for ACCESS."""
    if given in ("", "sandbox"):
        return {"sandbox": bool(given)}
    return {"permissions": Permissions(allow_read=[given], allow_write=[given])}


async def much_later(size: float) -> bytes:
    return b"x" * int(size)


def run(
    version: str, seconds: int, code: str, path: Path, access: str, limits: Limits
) -> dict[str, Any]:
    """
    Run one piece until it is idle, or for so many seconds of the reactor's time.

    @return: C{lines} it printed, C{errors} that nobody caught, the C{failure} of its
        main chunk, C{codes} of os.exit, what it C{ran}, C{bugs} in Python
    """
    bugs.clear()
    path.write_text("")
    reactor = MemoryReactor()
    lines: list[bytes] = []
    errors: list[str] = []
    codes: list[int] = []
    failures: list[str] = []
    runtime = Runtime(
        reactor,
        lua=version,
        output=lines.append,
        on_error=errors.append,
        on_exit=codes.append,
        **access_of(access),
        limits=limits,
    )
    runtime.expose("same", lambda *values: values)
    runtime.expose("much", lambda size: b"x" * int(size))
    runtime.expose("much_later", much_later)
    if access:
        runtime.expose("ran", lambda what=b"RAN": path.write_bytes(what))
    else:
        runtime.run_string(PRELUDE, "=(prelude)", str(path))
    done = runtime.run_string(code, "@test.lua")
    done.addErrback(lambda failure: failures.append(str(failure.value)))
    idle = runtime.idle()
    for _ in range(10 * seconds):
        if idle.called:
            break
        reactor.advance(0.1)
        reactor.advance(0)
    stopped = runtime.stop()
    reactor.pump([0, 0, 6, 2, 0])
    del runtime
    gc.collect()
    if not stopped.called or not done.called:
        bugs.append("it has not ended")
    return {
        "lines": [line.decode("latin-1") for line in lines],
        "errors": errors,
        "failure": failures[0] if failures else None,
        "codes": codes,
        "ran": path.read_text().split(),
        "bugs": bugs[:],
    }


def main() -> None:
    globalLogBeginner.beginLoggingTo([note_bugs], redirectStandardIO=False)
    with tempfile.TemporaryDirectory() as directory:
        for name, code in json.load(sys.stdin):
            print(json.dumps(name), flush=True)
            # What is there already need not be looked at after this piece.
            gc.freeze()
            ran, (access, limits) = Path(directory) / "ran", sys.argv[3:]
            outcome = run(
                *(sys.argv[1], int(sys.argv[2]), code, ran),
                *(access, Limits(**json.loads(limits))),
            )
            print(json.dumps(outcome))


if __name__ == "__main__":
    main()
