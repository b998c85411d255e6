"""HTTP server with a Lua handler: small, large and streamed bodies, and https; load by wrk."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench import others
from bench.harness import (
    HERE,
    Result,
    bare,
    compare,
    compare_memory,
    cpu_of,
    eplua,
    identity,
    memory,
    server,
)

SECONDS = 3
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass(frozen=True)
class Row:
    """
    @ivar sent: bytes of a request's body; with 0 it is a GET
    @ivar bound: the ratio wanted
    """

    name: str
    path: str = ""
    connections: int = 50
    sent: int = 0
    bound: float | None = None
    secure: bool = False


ROWS = (
    Row("HTTP server, 50 connections, 64 bytes", bound=3.5),
    Row("HTTP server, 1 connection, 64 bytes", connections=1),
    Row("HTTP server, 10 connections, 1 MiB", "large", 10, bound=1.5),
    Row("HTTP server, 10 connections, 64 x 16 KiB", "stream", 10),
    Row("HTTP server, 50 connections, POST 1 KiB", sent=1024),
    Row("HTTP server, 10 connections, POST 1 MiB", "", 10, 1048576, bound=1.5),
    Row("HTTPS server, 50 connections, 64 bytes", secure=True),
    Row("HTTPS server, 10 connections, 1 MiB", "large", 10, secure=True),
)


def _wrk(row: Row, port: int, seconds: int) -> tuple[int, float]:
    """@return: how many requests wrk counts, and how many a second"""
    scheme = "https" if row.secure else "http"
    url = f"{scheme}://127.0.0.1:{port}/{row.path}"
    command = ["wrk", "-t1", f"-c{row.connections}", f"-d{seconds}s"]
    if row.sent:
        command += ["-s", str(HERE / "wrk" / "post.lua"), url, "--", str(row.sent)]
    else:
        command.append(url)
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in output and "Socket errors" not in output, output
    count = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert count is not None and rate is not None, output
    return int(count[1]), float(rate[1])


def rate(
    row: Row, command: list[str], loads: list[float], used: list[float]
) -> Callable[[], float]:
    """
    Requests a second.

    @param loads: gets the share of a core that wrk took
    @param used: gets the seconds of CPU that the server took for each request
    """

    def measure() -> float:
        with server(command) as (port, pid):
            _wrk(row, port, 1)
            started, before = time.perf_counter(), cpu_of(pid)
            load = resource.getrusage(resource.RUSAGE_CHILDREN)
            count, found = _wrk(row, port, SECONDS)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken = after.ru_utime + after.ru_stime - load.ru_utime - load.ru_stime
            loads.append(taken / (time.perf_counter() - started))
            used.append((cpu_of(pid) - before) / count)
            return found

    return measure


def _measure(
    row: Row, certificate: list[str], beside: list[tuple[str, list[str]]]
) -> list[Result]:
    loads: list[float] = []
    ours: list[float] = []
    theirs: list[float] = []
    result = compare(
        row.name,
        "requests/s",
        rate(row, eplua("http_server.lua", *certificate), loads, ours),
        rate(row, bare("http_resource.py", *certificate), loads, theirs),
        bound=row.bound,
        loads=loads,
    )
    cpu, bare_cpu = (min(used) * 1e6 for used in (ours, theirs))
    print(f"{'  CPU of a request':44} {cpu:12,.1f} {bare_cpu:12,.1f} us", flush=True)
    results = [result]
    for name, command in beside:
        measure = rate(row, [*command, *certificate], [], [])
        results.append(others.beside(result, name, measure))
    return results


def run() -> list[Result]:
    results = []
    beside = others.http_servers()
    with identity() as directory:
        certificate = os.path.join(directory, "server.pem")
        for row in ROWS:
            results += _measure(row, [certificate] if row.secure else [], beside)
    results.append(
        compare_memory(
            "memory of a kept idle HTTP connection",
            memory(eplua("http_server.lua"), REQUEST),
            memory(bare("http_resource.py"), REQUEST),
            1.0,
        )
    )
    return results


if __name__ == "__main__":
    run()
