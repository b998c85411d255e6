"""One test, run once, in a runtime of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from twisted.logger import globalLogPublisher as log_publisher
from zope.interface import implementer

from eplua_twisted.border.clock import steady
from eplua_twisted.border.limits import Limits
from eplua_twisted.border.values import to_readable
from eplua_twisted.clocks import InstantClock, ScaledClock, Work
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime
from eplua_twisted.testing import Declared, Outcome, Testing
from eplua_twisted.tools.test.messages import Order
from eplua_twisted.transports.faults import Fault, Faults

PATIENCE = 0.2
"""Real seconds after which an answer that does not come holds a test's time no longer: it
may wait for a timer of the same test."""

OPTION = "(option --max-callback-time)", "(option --timeout)"
"""What bounds a callback elsewhere, and here."""


@dataclass
class Finding:
    """
    @ivar declared: the tests of the file
    @ivar outcome: C{None} where no test was to be run
    @ivar problem: why the file cannot be run
    @ivar traffic: bytes that were read at each end of each connection
    """

    declared: list[Declared]
    outcome: Outcome | None = None
    problem: ScriptError | None = None
    traffic: list[int] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    seconds: float = 0.0


@implementer(ILogObserver)
class Attempt:
    """
    Runs the main chunk of a file, and then one of its tests.

    The test is C{waiting}, C{running} from when the main chunk has run, and C{over}.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        order: Order,
        chosen: int | None,
        fault: Fault | None = None,
        traffic: list[int] | None = None,
    ) -> None:
        """
        @param chosen: which test; C{None} to look which there are
        @param traffic: of a run without faults
        """
        self._reactor = reactor
        self._order = order
        self._chosen = chosen
        self._output: list[str] = []
        self._errors: list[str] = []
        self._over: Deferred[Outcome] = Deferred()
        self._late: IDelayedCall | None = None
        self._runtime: Runtime | None = None
        work = Work()

        def held(change: int) -> None:
            work.under_way += change

        self._faults: Faults | None = None
        if order.faults:
            # Whatever folder it is called from.
            seed = f"{order.seed}/{PurePath(order.path).name}/{chosen}"
            self._faults = Faults(fault, seed, traffic or [], held)
        self._testing = Testing(chosen, self._ended, self._faults)
        real = steady(reactor)
        self._clock: InstantClock | ScaledClock = ScaledClock(real, 1.0, order.start)
        if order.instant:
            self._clock = InstantClock(real, order.start, PATIENCE)
        self._work = work

    def __call__(self, event: LogEvent) -> None:
        """C{ILogObserver}: warnings belong to what a test says."""
        level = event.get("log_level", LogLevel.info)
        if level < LogLevel.warn or (
            level > LogLevel.warn and "log_failure" not in event
        ):
            return
        self._output.append(formatEvent(event))
        if "log_failure" in event:
            self._output.append(event["log_failure"].getTraceback())

    async def run(self) -> Finding:
        """@return: what came of it; nothing is left of it then"""
        log_publisher.addObserver(self)
        self._clock.watch(self._work)
        began = time.perf_counter()
        finding = Finding(self._testing.declared, output=self._output)
        try:
            finding.outcome = await self._run()
        except ScriptError as problem:
            finding.problem = problem
        except OperationError as problem:
            finding.problem = ScriptError(str(problem), str(problem))
        except OSError as problem:
            text = f"cannot read {problem.filename}: {problem.strerror}"
            finding.problem = ScriptError(text, text)
        finally:
            finding.seconds = time.perf_counter() - began
            if self._late is not None and self._late.active():
                self._late.cancel()
            if self._runtime is not None:
                await self._runtime.stop()
            self._clock.unwatch(self._work)
            log_publisher.removeObserver(self)
        if self._faults is not None:
            finding.traffic = self._faults.traffic
        return finding

    async def _run(self) -> Outcome | None:
        order = self._order
        # Where the compiler of LuaJIT would be turned off, a loop without end is ended with
        # the process.
        most = None if order.lua == "luajit" else round(order.timeout * 1000)
        runtime = self._runtime = Runtime(
            self._reactor,
            lua=order.lua,
            output=lambda line: self._output.append(to_readable(line)),
            on_error=self._errors.append,
            on_exit=self._exited,
            limits=Limits(max_callback_time=most),
            clock=self._clock,
            hc3=order.hc3,
            testing=self._testing,
        )
        try:
            await runtime.run_file(order.path)
        except RuntimeStopped:
            text = "os.exit was called before a test began"
            raise ScriptError(text, text) from None
        if self._chosen is None:
            if self._errors:
                raise ScriptError(self._errors[0].split("\n")[0], self._errors[0])
            return None
        if self._chosen >= len(self._testing.declared):
            text = "the file declares other tests each time that it runs"
            return Outcome("failed", text, text)
        self._late = self._reactor.callLater(order.timeout, self._too_late)
        self._testing.begin()
        idle = runtime.idle()
        idle.addCallback(lambda _: self._nothing_left())
        return self._judged(await self._over)

    def _ended(self, outcome: Outcome) -> None:
        if not self._over.called:
            self._over.callback(outcome)

    def _too_late(self) -> None:
        self._give_up(f"the test has not ended after {self._order.timeout:g} seconds")

    def _nothing_left(self) -> None:
        self._give_up(
            "the test waits, and nothing is open or pending that could end it"
        )

    def _give_up(self, why: str) -> None:
        if self._over.called:
            return
        self._testing.give_up(why)
        # What runs in Lua ends first; if that cannot say where it waits, it is said here.
        self._reactor.callLater(0, self._ended, Outcome("failed", why, why))

    def _exited(self, code: int) -> None:
        text = f"os.exit({code}) was called in the test"
        self._ended(Outcome("failed", text, text))

    def _judged(self, outcome: Outcome) -> Outcome:
        """A test with an error that nobody caught has failed."""
        errors = self._errors
        if outcome.state != "failed" and errors:
            first, *errors = errors
            message = first.split("\n")[0]
            outcome = replace(outcome, state="failed", message=message, traceback=first)
        # The others, of which one may be why a test has waited in vain.
        self._output += errors
        return replace(
            outcome,
            message=outcome.message.replace(*OPTION),
            traceback=outcome.traceback.replace(*OPTION),
        )
