"""What the page shows of a runtime, as plain data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from eplua_twisted.border.inspection import Inspection
from eplua_twisted.border.traffic import Counted
from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.runtime import Runtime

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
Record = dict[str, Plain]


def state_of(name: str, runtime: Runtime) -> Record:
    """A script, with all that is seen of it; one that has stopped has its name."""
    try:
        stats, seen = runtime.stats(), runtime.inspect()
    except RuntimeStopped:
        return {"name": name, "runs": False}
    record: Record = {"name": name, "runs": True}
    record["stats"] = asdict(stats)
    record["open"] = [asdict(each) for each in seen.open]
    record["tasks"] = _counted((each.started, each.at) for each in seen.tasks)
    record["timers"] = _counted(
        (each.kind, each.place, each.period) for each in seen.timers
    )
    record["slow"] = _slow(seen)
    carriers = sorted(map(_carrier, seen.carriers), key=lambda each: each[1:4])
    record["connections"] = [[*each] for each in carriers]
    return record


def _counted(rows: Iterable[tuple[str | float | None, ...]]) -> list[Plain]:
    """Rows that are the same are one, with their number at its end."""
    counted = Counter(rows)
    return [[*row, number] for row, number in counted.items()]


def _slow(seen: Inspection) -> list[Plain]:
    now, real = time.monotonic(), time.time()
    return [
        [real - (now - each.began), each.milliseconds, each.place]
        for each in reversed(seen.slow)
    ]


def _carrier(each: Counted) -> tuple[int, str, str, str, int, int]:
    local, peer = each.ends()
    # With the number the page finds what it has seen before.
    return id(each), each.kind, local, peer, each.bytes_in, each.bytes_out
