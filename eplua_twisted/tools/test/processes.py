"""One file at a time in a process of its own, which may crash and may hang."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessTerminated
from twisted.internet.interfaces import IDelayedCall, IReactorProcess
from twisted.internet.process import Process
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from eplua_twisted.tools.test.messages import (
    REPORTS,
    Begun,
    Broken,
    Message,
    Order,
    Over,
    Result,
    decode,
    encode_order,
)

GRACE = 10.0
"""Seconds beyond a test's own time: a runtime may take 7 to stop."""

KEPT = 20_000
"""Bytes that are kept of what a process writes itself."""


@dataclass
class FileReport:
    """
    What came of a file.

    @ivar broken: why it could not be run
    @ivar complete: it is over
    """

    path: str
    results: list[Result] = field(default_factory=list)
    broken: Broken | None = None
    complete: bool = False


class _FileProcess(ProcessProtocol):
    """
    C{running}; then C{ended} by itself, or C{killed} when it was silent for too long.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        silence: float,
        told: Callable[[Message], None],
        ended: Deferred[str],
    ) -> None:
        """
        @param silence: seconds without a message after which it hangs
        @param ended: fires with how it ended, in words, when it is gone
        """
        self._reactor = reactor
        self._silence = silence
        self._told = told
        self._ended = ended
        self._rest = b""
        self._written = b""
        self._killed = False
        self._alarm: IDelayedCall = reactor.callLater(silence, self._kill)

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD != REPORTS:
            self._written = (self._written + data)[-KEPT:]
            return
        self._alarm.reset(self._silence)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._told(decode(line))

    def _kill(self) -> None:
        self._killed = True
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        if isinstance(self.transport, Process) and self.transport.pid is not None:
            self.transport.signalProcess("KILL")

    def processEnded(self, reason: Failure) -> None:
        if self._alarm.active():
            self._alarm.cancel()
        self._ended.callback(self._words(reason.value))

    def _words(self, why: BaseException | None) -> str:
        if self._killed:
            how = f"it did nothing for {self._silence:g} seconds, and was killed"
        elif isinstance(why, ProcessTerminated) and why.signal:
            how = f"its process ended by signal {why.signal}"
        else:
            how = f"its process ended with {getattr(why, 'exitCode', None) or 0}"
        written = self._written.decode("utf-8", "backslashreplace").strip()
        return how + (f"\n{written}" if written else "")


class FileRun:
    """Runs one file: when a test ends the process, another one goes on after it."""

    def __init__(
        self, reactor: ReactorBase, order: Order, news: Callable[[], None]
    ) -> None:
        """
        @param news: called when there is more in the report

        @ivar report: what came of it so far
        """
        self._reactor = reactor
        self._order = order
        self._news = news
        self.report = FileReport(order.path)
        self._running: Begun | None = None
        self._over = False
        self._process: _FileProcess | None = None

    async def run(self) -> None:
        """@return: when it is over"""
        order = self._order
        while not self._over:
            how = await self._spawn(order)
            if self._over:
                break
            if self._running is None:
                self._broken(Broken(how.split("\n")[0], how))
                break
            begun = self._running
            self._running = None
            self._result(_crashed(begun, how))
            order = replace(order, first=begun.number + 1)
        self.report.complete = True
        self._news()

    def _result(self, result: Result) -> None:
        self.report.results.append(result)
        self._news()

    def stop(self) -> None:
        """End it: what runs is not waited for."""
        self._over = True
        if self._process is not None:
            self._process.kill()

    def _spawn(self, order: Order) -> Deferred[str]:
        ended: Deferred[str] = Deferred()
        self._process = _FileProcess(
            self._reactor, order.timeout + GRACE, self._hear, ended
        )
        arguments = ["-m", "eplua_twisted.tools.test.child", encode_order(order)]
        with Path(os.devnull).open("rb") as nothing:
            cast(IReactorProcess, self._reactor).spawnProcess(
                self._process,
                sys.executable,
                [sys.executable, *arguments],
                os.environ,
                childFDs={0: nothing.fileno(), 1: "r", 2: "r", REPORTS: "r"},
            )
        return ended

    def _hear(self, message: Message) -> None:
        if isinstance(message, Begun):
            self._running = message
        elif isinstance(message, Result):
            self._running = None
            self._result(message)
        elif isinstance(message, Broken):
            self._broken(message)
        elif isinstance(message, Over):
            self._over = True

    def _broken(self, broken: Broken) -> None:
        self.report.broken, self._over = broken, True


def _crashed(test: Begun, how: str) -> Result:
    """
    Whatever the fault: also with a connection that breaks a process must not crash.
    """
    first = f"{test.place}: {how}".split("\n")[0]
    return Result(
        test.number,
        test.name,
        test.place,
        test.fault,
        "failed",
        message=first,
        traceback=f"{test.place}: {how}",
    )
