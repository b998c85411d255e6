"""Start-up: from process start to the first line of a script."""

from __future__ import annotations

import compileall
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import eplua_twisted
from bench.harness import Result, compare


def until_first_line(command: list[str]) -> Callable[[], float]:
    """Milliseconds until a process prints its first line."""

    def measure() -> float:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        elapsed = time.perf_counter() - started
        process.wait()
        return elapsed * 1e3

    return measure


def run() -> list[Result]:
    # As pip does when it installs a package.
    compileall.compile_dir(Path(eplua_twisted.__file__).parent, quiet=1)
    command = str(sys.executable).rsplit("/", 1)[0] + "/eplua"
    return [
        compare(
            "start of an empty script / import reactor",
            "ms",
            until_first_line([command, "-e", "print()"]),
            until_first_line(
                [sys.executable, "-c", "from twisted.internet import reactor; print()"]
            ),
            bound=1.25,
            smaller_is_better=True,
            rounds=15,
        )
    ]


if __name__ == "__main__":
    run()
