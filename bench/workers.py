"""
Two workers on two cores beside one: a TCP server whose answers take work in Lua.  And the
same of two processes that only count: what the machine has to give just now.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from bench.harness import HERE, Result, compare, connect, free_port, ping_pong

MESSAGE = b"x" * 64
MESSAGES = 1_500
CONNECTIONS = 64

TWISTD = (sys.executable, "-c", "from twisted.scripts.twistd import run; run()")
"""The command in the same environment."""


def answers(workers: int) -> Callable[[], float]:
    """Answers a second of so many workers."""
    load = ping_pong(connect, MESSAGE, len(MESSAGE), CONNECTIONS, MESSAGES)
    command = [*TWISTD, "-n", "--pidfile=", "eplua", f"--workers={workers}"]

    def measure() -> float:
        port = free_port()
        words = [*command, str(HERE / "lua" / "work.lua"), str(port)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            while "workers are ready" not in process.stdout.readline():
                pass
            load(port)
            started = time.perf_counter()
            return load(port) / (time.perf_counter() - started)
        finally:
            process.terminate()
            process.wait()

    return measure


COUNT = """
import time
end, count = time.perf_counter() + 1, 0
while time.perf_counter() < end: count += 1
print(count)
"""


def counting(processes: int) -> Callable[[], float]:
    """How far so many processes count in a second, together."""

    def measure() -> float:
        command = [sys.executable, "-c", COUNT]
        started = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        return float(sum(int(each.communicate()[0]) for each in started))

    return measure


def run() -> list[Result]:
    two, one = answers(2), answers(1)
    return [
        compare("two workers, one", "answers/s", two, one, bound=1.7, rounds=5),
        compare("two counting, one", "counts/s", counting(2), counting(1), rounds=3),
    ]


if __name__ == "__main__":
    run()
