"""HTTP server: GET with an answer of 64 bytes, 50 kept connections, load by wrk."""

from __future__ import annotations

import re
import resource
import subprocess
import time
from collections.abc import Callable

from bench.harness import Result, bare, compare, eplua, server

CONNECTIONS = 50
SECONDS = 3


def rate(command: list[str], loads: list[float]) -> Callable[[], float]:
    """Requests a second, as wrk counts them."""

    def wrk(port: int, seconds: int) -> float:
        output = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{CONNECTIONS}",
                f"-d{seconds}s",
                f"http://127.0.0.1:{port}/",
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert "Non-2xx" not in output and "Socket errors" not in output, output
        found = re.search(r"Requests/sec:\s+([\d.]+)", output)
        assert found is not None, output
        return float(found[1])

    def measure() -> float:
        with server(command) as (port, _):
            wrk(port, 1)
            started, before = (
                time.perf_counter(),
                resource.getrusage(resource.RUSAGE_CHILDREN),
            )
            found = wrk(port, SECONDS)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            loads.append(used / (time.perf_counter() - started))
            return found

    return measure


def run() -> list[Result]:
    loads: list[float] = []
    return [
        compare(
            "HTTP server, 50 connections, 64 bytes",
            "requests/s",
            rate(eplua("http_server.lua"), loads),
            rate(bare("http_resource.py"), loads),
            bound=0.85,
            loads=loads,
        )
    ]


if __name__ == "__main__":
    run()
