"""The process that runs the tests of one file."""

from __future__ import annotations

import os
import sys
from typing import cast

from twisted.internet.base import ReactorBase
from twisted.logger import globalLogBeginner

from eplua_twisted.main_loop import run_until_over
from eplua_twisted.testing import Declared
from eplua_twisted.tools.test.attempt import Attempt, Finding
from eplua_twisted.tools.test.messages import (
    REPORTS,
    Begun,
    Broken,
    Message,
    Order,
    Over,
    Result,
    Verdict,
    decode_order,
    encode,
)
from eplua_twisted.transports.faults import Fault


def tell(message: Message) -> None:
    """To the process that has started this one."""
    data = encode(message)
    while data:
        data = data[os.write(REPORTS, data) :]


def result_of(
    number: int, test: Declared, fault: Fault | None, finding: Finding
) -> Result:
    """What a test has come to."""
    outcome, problem = finding.outcome, finding.problem
    verdict: Verdict = "failed"
    message, traceback, left = "", "", list[str]()
    if problem is not None:
        message, traceback = problem.message, problem.traceback
    elif outcome is not None:
        verdict, message, traceback = outcome.state, outcome.message, outcome.traceback
        left = outcome.left
    if verdict == "failed" and fault == "reset":
        verdict = "fragile"
    return Result(
        number,
        test.name,
        test.place,
        fault,
        verdict,
        finding.seconds,
        message,
        traceback,
        left,
        finding.output,
    )


class Child:
    """Runs the tests of one file, one after the other, each in a runtime of its own."""

    def __init__(self, reactor: ReactorBase, order: Order) -> None:
        self._reactor = reactor
        self._order = order

    async def run(self) -> None:
        order = self._order
        finding = await Attempt(self._reactor, order, None).run()
        if finding.problem is not None:
            problem = finding.problem
            tell(Broken(problem.message, problem.traceback, finding.output))
            return
        for number, test in enumerate(finding.declared):
            if number >= order.first and order.match in test.name:
                await self._test(number, test)
        tell(Over())

    async def _test(self, number: int, test: Declared) -> None:
        if test.skip is not None:
            tell(Result(number, test.name, test.place, None, "skipped", 0.0, test.skip))
            return
        traffic: list[int] = []
        for fault in (None, *self._order.faults):
            tell(Begun(number, test.name, test.place, fault))
            if fault == "reset" and not sum(traffic):
                tell(Result(number, test.name, test.place, fault, "not run"))
                continue
            attempt = Attempt(self._reactor, self._order, number, fault, traffic)
            finding = await attempt.run()
            result = result_of(number, test, fault, finding)
            tell(result)
            if fault is None:
                traffic = finding.traffic
                if result.verdict != "ok":
                    # With faults it would not get better.
                    return


def main() -> None:
    """The process; the only argument is the order."""
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)
    from twisted.internet import reactor

    # For mypy the reactor is a module.
    running = cast(ReactorBase, reactor)
    child = Child(running, decode_order(sys.argv[1]))
    run_until_over(running, child.run)


if __name__ == "__main__":
    main()
