"""Many pieces of Lua in one process of their own, which may crash or hang."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.programs import ROOT


@dataclass(frozen=True)
class Outcome:
    """
    What came of a piece of Lua; see C{tests/peers/lua_cases.py}.

    @ivar lines: what it printed
    @ivar errors: errors that nobody caught
    @ivar failure: what its main chunk failed with
    @ivar codes: codes of os.exit that the application was told
    @ivar ran: what it has done, by the function C{ran}
    @ivar bugs: tracebacks of Python that were logged
    """

    lines: list[str]
    errors: list[str]
    failure: str | None
    codes: list[int]
    ran: list[str]
    bugs: list[str]


def run_cases(
    version: str,
    cases: Mapping[str, str],
    timeout: float = 120,
    seconds: int = 10,
    limits: str = "",
    **more: int,
) -> dict[str, Outcome]:
    """
    @param cases: pieces of Lua by their names
    @param timeout: seconds that the process has
    @param seconds: of the reactor's time, that each piece has
    @param limits: ACCESS in C{tests/peers/lua_cases.py}
    @param more: for C{Limits}; where nothing else is said a callback may take any time,
        as time is the wall's and other tests run too
    @raise AssertionError: the process has crashed, or not ended in time; with the name
        of the piece
    """
    more = {"max_callback_time": 0, **more}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.peers.lua_cases"),
            *(version, str(seconds), limits, json.dumps(more)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        output, problems = process.communicate(
            json.dumps(list(cases.items())).encode(), timeout
        )
    except subprocess.TimeoutExpired:
        process.kill()
        output, problems = process.communicate()
    lines = output.splitlines()
    if process.returncode:
        raise AssertionError(
            f"Lua {version}: ended with {process.returncode}:"
            f" {lines[-1:]} {problems[-2000:]!r}"
        )
    said = [json.loads(line) for line in lines]
    return {
        name: Outcome(**outcome)
        for name, outcome in zip(said[::2], said[1::2], strict=True)
    }
