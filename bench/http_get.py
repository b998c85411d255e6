"""HTTP GET on kept connections: one and many at a time, a small and a large body."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from bench.harness import Result, bare, compare, eplua, server


def rate(command: list[str], total: int) -> Callable[[], float]:
    """Requests a second, between the client's two lines."""

    def measure() -> float:
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"go\n"
        started = time.perf_counter()
        assert process.stdout.readline() == b"done\n"
        elapsed = time.perf_counter() - started
        process.wait()
        return total / elapsed

    return measure


def run() -> list[Result]:
    results = []
    with server(bare("http_server.py")) as (port, _):
        for name, path, flying, total, bound in (
            ("HTTP GET, 1 in flight, 13 bytes", "small", 1, 5000, 0.85),
            ("HTTP GET, 50 in flight, 13 bytes", "small", 50, 8000, 0.85),
            ("HTTP GET, 1 in flight, 1 MiB", "large", 1, 1500, 0.9),
        ):
            url = f"http://127.0.0.1:{port}/{path}"
            arguments = url, str(flying), str(total // 4), str(total)
            results.append(
                compare(
                    name,
                    "requests/s",
                    rate(eplua("http_get.lua", *arguments), total),
                    rate(bare("http_get.py", *arguments), total),
                    bound=bound,
                )
            )
    return results


if __name__ == "__main__":
    run()
