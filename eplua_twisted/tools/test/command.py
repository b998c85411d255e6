"""C{eplua test}: finds the files, runs them, shows what came of them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure

from eplua_twisted.console import begin_logging, complain, parse, put
from eplua_twisted.signals import ENDING, end_by
from eplua_twisted.terminal import has_colours
from eplua_twisted.tools.test.files import SUFFIX, find
from eplua_twisted.tools.test.junit import write
from eplua_twisted.tools.test.options import Options
from eplua_twisted.tools.test.processes import FileReport, FileRun
from eplua_twisted.tools.test.table import Table

__all__ = ["Options", "main"]


class TestCommand:
    """One run of all files; several are run at a time, and shown in their order."""

    def __init__(
        self, reactor: ReactorBase, options: Options, paths: Sequence[str]
    ) -> None:
        self._reactor = reactor
        self._options = options
        self._waiting = list(enumerate(paths))
        self._running: dict[int, FileRun] = {}
        self._reports: dict[int, FileReport] = {}
        # Which file is shown, and how many of its results are.
        self._place = 0
        self._shown: int | None = None
        self._table = Table(put, has_colours(sys.stdout, os.environ))
        self._bug: Failure | None = None
        self._stopped_by: int | None = None

    def main(self) -> list[FileReport]:
        """@return: what came of the files"""
        self._reactor.callWhenRunning(self._start)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        # With Twisted's handlers: one of them hears of the ends of processes.
        self._reactor.run()
        if self._stopped_by is not None:
            end_by(self._stopped_by)
        if self._bug is not None:
            self._bug.raiseException()
        return [self._reports[place] for place in sorted(self._reports)]

    def _came(self, number: int, frame: object) -> None:
        if self._stopped_by is None:
            self._stopped_by = number
            self._reactor.callFromThread(self._reactor.stop)

    def _start(self) -> None:
        for number in ENDING:
            signal.signal(number, self._came)
        several = [
            Deferred.fromCoroutine(self._work()) for _ in range(self._options.jobs)
        ]
        done = gatherResults(several, consumeErrors=True)
        done.addErrback(self._failed)
        done.addCallback(lambda _: self._finish())

    def _finish(self) -> None:
        if self._stopped_by is None:
            self._reactor.stop()

    def _failed(self, failure: Failure) -> None:
        self._bug = failure

    async def _work(self) -> None:
        while self._waiting and self._stopped_by is None:
            place, path = self._waiting.pop(0)
            running = FileRun(self._reactor, self._options.order(path), self._show)
            self._running[place], self._reports[place] = running, running.report
            self._show()
            await running.run()
            del self._running[place]

    def _show(self) -> None:
        """What there is of the first file that is not over, and of those before."""
        while self._stopped_by is None and self._place in self._reports:
            report = self._reports[self._place]
            self._shown = self._table.show(report, self._shown)
            if not report.complete:
                return
            self._place, self._shown = self._place + 1, None

    def _stop(self) -> None:
        for running in self._running.values():
            running.stop()

    def sum_up(self, reports: Sequence[FileReport], seconds: float) -> None:
        """What went wrong, and how many."""
        self._table.explain(reports)
        self._table.sum_up(reports, seconds)
        if self._options.faults:
            put(
                f"faults: {', '.join(self._options.faults)}; --seed {self._options.seed}"
            )


def main(arguments: list[str]) -> int:
    """
    C{eplua test}.

    @return: 0: no test has failed; 1: one has, or a file cannot be run; 2: what was asked
        for cannot be done
    """
    options = Options()
    if not parse(options, arguments, "eplua test"):
        return 2
    try:
        paths = find(options.paths)
    except OSError as problem:
        complain(f"eplua test: cannot read {problem.filename}: {problem.strerror}")
        return 2
    if not paths:
        where = ", ".join(options.paths)
        complain(f"eplua test: no files *{SUFFIX} below {where}")
        return 2
    begin_logging(None, None)
    from twisted.internet import reactor

    # For mypy the reactor is a module.
    command = TestCommand(cast(ReactorBase, reactor), options, paths)
    when, began = datetime.now().astimezone(), time.perf_counter()
    reports = command.main()
    command.sum_up(reports, time.perf_counter() - began)
    if options["junit"] is not None:
        try:
            write(options["junit"], reports, when)
        except OSError as problem:
            complain(f"eplua test: cannot write {problem.filename}: {problem.strerror}")
            return 2
    if not any(report.results or report.broken for report in reports):
        complain("eplua test: there was no test to run")
        return 2
    failed = any(
        report.broken is not None
        or any(result.verdict == "failed" for result in report.results)
        for report in reports
    )
    return int(failed)
