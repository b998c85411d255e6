"""
The Autobahn test suite on a script's WebSocket server and client, both at once.

The suite itself needs Python 2; C{kosoku} drives its cases, and is installed by
C{make conformance}.  The cases with large messages, and those that compress many (9, 12
and 13), take minutes; they run with C{--all}.  Without C{kosoku} test_conformance.py in
tests/websocket has the same groups, in memory.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
KOSOKU = Path(sys.executable).parent / "kosoku"
EPLUA = (sys.executable, "-m", "eplua_twisted.cli")
LONG = ("9.*", "12.*", "13.*")
CASES, SHORT = 517, 247
"""How many cases the suite has, and how many without the long ones."""

parser = argparse.ArgumentParser()
parser.add_argument("--all", action="store_true", help="the long cases too")
parser.add_argument("--reports", default="reports", help="where they are written")
chosen = parser.parse_args()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
    return port


def reports_of(role: str) -> Path:
    return Path(chosen.reports) / role


def kosoku(role: str, port: int) -> tuple[str, ...]:
    """The suite plays the other role than the one it is named after."""
    left_out = () if chosen.all else LONG
    # What an earlier run has found is not to be taken for what this one does.
    (reports_of(role) / "index.json").unlink(missing_ok=True)
    return (
        *(str(KOSOKU), "-m", role, "-o", str(reports_of(role))),
        *(part for case in left_out for part in ("-x", case)),
        f"127.0.0.1:{port}",
    )


def check_server() -> bool:
    port = free_port()
    command = (*EPLUA, str(HERE / "echo_server.lua"), str(port))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        try:
            suite = subprocess.run(kosoku("fuzzingclient", port))
        finally:
            server.terminate()
    return suite.returncode == 0 and has_all("fuzzingclient")


def check_client() -> bool:
    port = free_port()
    with subprocess.Popen(
        kosoku("fuzzingserver", port), stderr=subprocess.PIPE
    ) as suite:
        assert suite.stderr is not None
        suite.stderr.readline()
        url = f"ws://127.0.0.1:{port}"
        client = subprocess.run((*EPLUA, str(HERE / "echo_client.lua"), url))
        if client.returncode:
            suite.terminate()
        ended = suite.wait()
    return not (client.returncode or ended) and has_all("fuzzingserver")


def has_all(role: str) -> bool:
    """Whether each case has run, however the suite itself has ended."""
    (results,) = json.loads((reports_of(role) / "index.json").read_text()).values()
    wanted = CASES if chosen.all else SHORT
    if len(results) != wanted:
        sys.stderr.write(f"{role}: {len(results)} of {wanted} cases have run\n")
    return len(results) == wanted


with ThreadPoolExecutor() as both:
    server, client = both.submit(check_server), both.submit(check_client)
sys.exit(0 if server.result() and client.result() else 1)
