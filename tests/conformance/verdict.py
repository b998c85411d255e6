"""What the suite's report says, strictly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

CASES = 517
"""How many cases the suite has; each of them counts in each role."""

LONG_CASES = 270
"""How many of them are long: sections 9, 12 and 13."""

PASSED = {"OK", "INFORMATIONAL"}
"""Not C{NON-STRICT}, which the suite accepts."""


def complaints(index: Path, expected: int) -> Iterator[str]:
    """
    @param index: the C{index.json} of a run
    @param expected: how many cases have to be in it
    @return: a line for each case that did not pass, and for a wrong number of cases
    """
    agents = json.loads(index.read_text()) if index.exists() else {}
    cases = [case for of_agent in agents.values() for case in of_agent.items()]
    for name, case in cases:
        behavior, close = case["behavior"], case["behaviorClose"]
        if not {behavior, close} <= PASSED:
            yield f"case {name}: {behavior}, its closing handshake: {close}"
    if len(cases) != expected:
        yield f"{len(cases)} cases ran, not {expected}"
