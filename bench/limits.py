"""The price of limits: the same TCP echo server with them and without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.harness import Result, compare, connect, eplua, ping_pong, server

MESSAGE = b"x" * 64
MESSAGES = 60_000

NO_TIME = ("--max-callback-time", "0")


def limited(*options: str) -> list[str]:
    """The server, with options of the command before the script."""
    *command, script = eplua("tcp_echo.lua")
    return [*command, *options, script]


def spent(pid: int) -> int:
    """
    The CPU time that the main thread of a process has taken, in nanoseconds: in clock
    ticks, of 10 ms, a message would be known to 3 % only.
    """
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def cpu(command: list[str]) -> Callable[[], float]:
    """Microseconds of CPU time that a server takes for each message."""
    load = ping_pong(connect, MESSAGE, len(MESSAGE), 50, MESSAGES)

    def measure() -> float:
        with server(command) as (port, pid):
            load(port)
            before = spent(pid)
            load(port)
            return (spent(pid) - before) / MESSAGES / 1000

    return measure


def run() -> list[Result]:
    return [
        compare(
            f"price of {name}, TCP echo",
            "us of CPU",
            cpu(limited(*options)),
            cpu(limited(*NO_TIME)),
            bound=bound,
            smaller_is_better=True,
            rounds=7,
        )
        for name, options, bound in (
            ("a time limit", (), 1.03),
            ("a memory limit", (*NO_TIME, "--max-memory", "64M"), None),
        )
    ]


if __name__ == "__main__":
    run()
