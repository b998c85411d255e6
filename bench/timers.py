"""Timers: 10 000 that are due at once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from bench.harness import Result, bare, compare, eplua


def printed(command: list[str]) -> Callable[[], float]:
    """The number that a command prints."""
    return lambda: float(
        subprocess.run(command, capture_output=True, check=True).stdout
    )


def run() -> list[Result]:
    return [
        compare(
            "10 000 setTimeout(f, 0) / callLater(0, f)",
            "us",
            printed(eplua("timers.lua")),
            printed(bare("timers.py")),
            bound=1.0,
            smaller_is_better=True,
        )
    ]


if __name__ == "__main__":
    run()
