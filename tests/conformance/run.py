"""
The Autobahn test suite on a script's WebSocket server and client.

The suite itself needs Python 2; C{kosoku} drives its cases, and is installed by
C{make conformance}.  The cases with large messages (9, 12 and 13) take an hour; they run
with C{--all}.  Without C{kosoku} test_conformance.py in tests/websocket has the same
groups, in memory.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
KOSOKU = Path(sys.executable).parent / "kosoku"
EPLUA = (sys.executable, "-m", "eplua_twisted.cli")
LONG = ("9.*", "12.*", "13.*")

parser = argparse.ArgumentParser()
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


def check_server() -> int:
    port = free_port()
    command = (*EPLUA, str(HERE / "echo_server.lua"), str(port))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        server.stdout.readline()
        try:
            return subprocess.run(kosoku("fuzzingclient", port)).returncode
        finally:
            server.terminate()


def check_client() -> int:
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
        return suite.wait() or client.returncode


failed = check_server(), check_client()
sys.exit(1 if any(failed) else 0)
