"""Tasks: a thousand that wait, beside a thousand callbacks that do the same."""

from __future__ import annotations

from bench.harness import Result, compare, eplua
from bench.timers import printed


def row(name: str, what: str, bound: float) -> Result:
    """CPU time of one wait, as a task and with callbacks."""
    return compare(
        f"1 000 tasks / callbacks: {name}",
        "us CPU",
        printed(eplua("tasks.lua", what, "tasks")),
        printed(eplua("tasks.lua", what, "callbacks")),
        bound=bound,
        smaller_is_better=True,
    )


def run() -> list[Result]:
    return [
        row("net.resolve", "resolve", 1.1),
        # A bare timer is the cheapest thing to wait for: the switch between coroutines
        # is a third of it.
        row("sleep / setTimeout", "timers", 1.5),
    ]


if __name__ == "__main__":
    run()
