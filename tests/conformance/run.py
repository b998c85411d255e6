"""
The Autobahn test suite on a script's WebSocket server and client, side by side.

The suite itself needs Python 2; C{kosoku} drives its cases, and is installed by
C{make conformance}.  The cases with large messages (9, 12 and 13) take minutes; they run
with C{--all}.  Without C{kosoku} test_conformance.py in tests/websocket has the same
groups, in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import socket
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack
from pathlib import Path

from tests.conformance.verdict import CASES, LONG_CASES, complaints

HERE = Path(__file__).parent
KOSOKU = Path(sys.executable).parent / "kosoku"
EPLUA = (sys.executable, "-m", "eplua_twisted.cli")
LONG = ("9.*", "12.*", "13.*")

TIME_LIMIT = 40 * 60
"""Seconds that all of it may take."""

END_LIMIT = 60
"""Seconds in which one end has to be done when the other is: reports are written."""

parser = argparse.ArgumentParser(prog="python -m tests.conformance.run")
parser.add_argument("--all", action="store_true", help="the long cases too")
parser.add_argument("--reports", default="reports", help="where they are written")
chosen = parser.parse_args()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
    return port


def kosoku(role: str, port: int) -> tuple[str, ...]:
    """The suite plays the other role than the one it is named after."""
    left_out = () if chosen.all else LONG
    return (
        *(str(KOSOKU), "-m", role, "-o", str(Path(chosen.reports) / role)),
        *(part for case in left_out for part in ("-x", case)),
        f"127.0.0.1:{port}",
    )


async def start(stack: AsyncExitStack, *command: str, **pipes: int) -> Process:
    """Start a program that has ended when the stack has."""
    process = await asyncio.create_subprocess_exec(*command, **pipes)  # type: ignore[arg-type]

    async def end() -> None:
        if process.returncode is None:
            process.kill()
        await process.wait()

    stack.push_async_callback(end)
    return process


async def check_server(role: str) -> bool:
    port = free_port()
    async with AsyncExitStack() as stack:
        script = str(HERE / "echo_server.lua")
        server = await start(stack, *EPLUA, script, str(port), stdout=PIPE)
        assert server.stdout is not None
        await server.stdout.readline()
        suite = await start(stack, *kosoku(role, port))
        return await suite.wait() == 0


async def check_client(role: str) -> bool:
    port = free_port()
    async with AsyncExitStack() as stack:
        suite = await start(stack, *kosoku(role, port), stderr=PIPE)
        assert suite.stderr is not None
        await suite.stderr.readline()
        script = str(HERE / "echo_client.lua")
        client = await start(stack, *EPLUA, script, f"ws://127.0.0.1:{port}")
        # What it says of cases that failed must not fill the pipe.
        said = asyncio.create_task(suite.stderr.read())
        ends = [asyncio.create_task(end.wait()) for end in (suite, client)]
        # One that ends early leaves the other waiting.
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        _, pending = await asyncio.wait(ends, timeout=END_LIMIT)
        if suite.returncode is not None:
            sys.stderr.write((await said).decode())
        return not pending and suite.returncode == client.returncode == 0


async def check_both() -> bool:
    """@return: all cases have passed in both roles"""
    roles = {"fuzzingclient": check_server, "fuzzingserver": check_client}
    for role in roles:
        # The report of another run says nothing of this one.
        shutil.rmtree(Path(chosen.reports) / role, ignore_errors=True)
    try:
        async with asyncio.timeout(TIME_LIMIT):
            ended_well = await asyncio.gather(
                *(check(role) for role, check in roles.items())
            )
    except TimeoutError:
        print(f"not done after {TIME_LIMIT} s")
        ended_well = [False, False]
    passed = True
    expected = CASES if chosen.all else CASES - LONG_CASES
    for role, well in zip(roles, ended_well, strict=True):
        found = list(complaints(Path(chosen.reports) / role / "index.json", expected))
        if not well:
            found.append("a program failed or did not end")
        for complaint in found:
            print(f"{role}: {complaint}")
        if not found:
            print(f"{role}: {expected} of {expected} cases passed, strictly")
        passed = passed and not found
    return passed


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(check_both()) else 1)
