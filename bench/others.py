"""Programs that are measured beside ours and the bare library, where they are installed."""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable

from bench.harness import HERE, Result

FOREIGN = HERE / "foreign"
ROUNDS = 3


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _has_package(name: str) -> bool:
    """Whether Node is here, and finds a package from where its programs are."""
    node = shutil.which("node")
    if node is None:
        return False
    asked = [node, "-e", f"require({name!r})"]
    return subprocess.run(asked, cwd=FOREIGN, capture_output=True).returncode == 0


def _python(script: str) -> list[str]:
    return [sys.executable, str(FOREIGN / script)]


def _node(script: str) -> list[str]:
    return ["node", str(FOREIGN / script)]


def _known(
    table: list[tuple[str, bool, list[str]]],
) -> list[tuple[str, list[str]]]:
    """Those that are installed; the names of the others are told."""
    missing = [name for name, there, _ in table if not there]
    if missing:
        print(f"  not installed, not measured: {', '.join(missing)}", flush=True)
    return [(name, command) for name, there, command in table if there]


def http_servers() -> list[tuple[str, list[str]]]:
    """Name and command of each HTTP server there is."""
    return _known(
        [
            ("aiohttp", _has_module("aiohttp"), _python("aiohttp_server.py")),
            ("Node's http", _has_package("http"), _node("node_server.js")),
        ]
    )


def http_clients() -> list[tuple[str, list[str]]]:
    """Name and command of each HTTP client there is."""
    return _known(
        [
            ("aiohttp", _has_module("aiohttp"), _python("aiohttp_get.py")),
            ("undici", _has_package("undici"), _node("undici_get.js")),
        ]
    )


def beside(result: Result, name: str, theirs: Callable[[], float]) -> Result:
    """Measure one of them after a row, against what we had there."""
    theirs()
    rate = statistics.median(theirs() for _ in range(ROUNDS))
    found = Result(
        f"  {result.name} / {name}", result.unit, result.ours, rate, result.ours / rate
    )
    print(found.row(), flush=True)
    return found
