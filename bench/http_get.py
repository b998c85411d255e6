"""HTTP requests on kept connections: small and large, one and many at a time, and https."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Callable

from bench import others
from bench.harness import Result, bare, compare, eplua, identity, server

MIB = 1048576

ROWS = (
    ("HTTP GET, 1 in flight, 13 bytes", "small", 1, 5000, 0, 2.0),
    ("HTTP GET, 50 in flight, 13 bytes", "small", 50, 8000, 0, 2.5),
    ("HTTP GET, 1 in flight, 1 MiB", "large", 1, 1500, 0, 1.5),
    ("HTTP POST, 50 in flight, 1 KiB", "post", 50, 6000, 1024, None),
    ("HTTP POST, 1 in flight, 1 MiB", "post", 1, 1000, MIB, 1.5),
)
"""Name, path, how many in flight, how many in all, bytes of a body, and the ratio wanted."""

SECURE = (
    ("HTTPS GET, 50 in flight, 13 bytes", "small", 50, 6000, 0, None),
    ("HTTPS GET, 1 in flight, 1 MiB", "large", 1, 400, 0, None),
)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def rate(command: list[str], total: int, used: list[float]) -> Callable[[], float]:
    """
    Requests a second, between the client's two lines.

    @param used: gets the seconds of CPU that the whole process took for each request,
        its start included
    """

    def measure() -> float:
        before = _cpu()
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        started = time.perf_counter()
        assert process.stdout.readline() == b"done\n"
        elapsed = time.perf_counter() - started
        process.wait()
        used.append((_cpu() - before) / total)
        return total / elapsed

    return measure


def rows(
    url: str,
    table: tuple[tuple[object, ...], ...],
    beside: list[tuple[str, list[str]]],
    *more: str,
) -> list[Result]:
    results = []
    for name, path, flying, total, size, bound in table:
        assert isinstance(total, int) and isinstance(name, str)
        assert bound is None or isinstance(bound, float)
        arguments = [f"{url}/{path}", str(flying), str(total // 4), str(total)]
        arguments += [str(size), *more]
        ours: list[float] = []
        theirs: list[float] = []
        result = compare(
            name,
            "requests/s",
            rate(eplua("http_get.lua", *arguments), total, ours),
            rate(bare("http_get.py", *arguments), total, theirs),
            bound=bound,
        )
        results.append(result)
        cpu, bare_cpu = (min(used) * 1e6 for used in (ours, theirs))
        print(
            f"{'  CPU of a request':44} {cpu:12,.1f} {bare_cpu:12,.1f} us", flush=True
        )
        for other, command in beside:
            measure = rate([*command, *arguments], total, [])
            results.append(others.beside(result, other, measure))
    return results


def run() -> list[Result]:
    beside = others.http_clients()
    with server(bare("http_server.py")) as (port, _):
        results = rows(f"http://127.0.0.1:{port}", ROWS, beside)
    with identity() as directory:
        certificate, authority = (
            os.path.join(directory, name) for name in ("server.pem", "ca.pem")
        )
        with server(bare("http_server.py", certificate)) as (port, _):
            results += rows(f"https://localhost:{port}", SECURE, beside, authority)
    return results


if __name__ == "__main__":
    run()
