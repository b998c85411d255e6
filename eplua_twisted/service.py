"""A L{Runtime} with one script as a Twisted service."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Unpack

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.values import to_readable
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime
from eplua_twisted.runtime_options import RuntimeOptions


@dataclass(frozen=True)
class Restart:
    """
    When a script that has failed is started again: after a delay that grows with each
    failure, and not when it fails too often.

    @ivar attempts: how many failures within C{within} are followed by a new start
    @ivar within: seconds
    @ivar delay: seconds before the first new start
    @ivar factor: what the delay grows by with each further failure within C{within}
    @ivar max_delay: the longest delay, in seconds
    """

    attempts: int = 5
    within: float = 60.0
    delay: float = 1.0
    factor: float = 2.0
    max_delay: float = 30.0


class Failures:
    """The failures that still count for a L{Restart}."""

    def __init__(self, restart: Restart) -> None:
        self._restart = restart
        self._times: deque[float] = deque()

    def add(self, now: float) -> float | None:
        """@return: seconds until the next start; C{None}: it has failed too often"""
        restart, times = self._restart, self._times
        while times and times[0] <= now - restart.within:
            times.popleft()
        times.append(now)
        if len(times) > restart.attempts:
            return None
        delay = restart.delay * restart.factor ** (len(times) - 1)
        return min(delay, restart.max_delay)


class RuntimeService(Service):
    """
    Runs a script while the service runs.

    States: C{stopped}; C{running} from L{startService} on; C{waiting} for the next
    start, when the script has failed and is to be restarted, and in L{reload};
    C{failed}, when it has failed and is not (after L{startService} has returned; before,
    it is C{stopped}).  From all of them L{stopService} leads to C{stopped}.

    @ivar runtime: the runtime, while one runs
    @ivar failure: why there is nothing to serve: the script has failed
    @ivar state: where it is
    """

    log = Logger()

    def __init__(
        self,
        begin: Callable[[Runtime], Deferred[None]],
        *,
        on_failure: Callable[[Failure], None] | None = None,
        fail_on_error: bool = False,
        restart: Restart | None = None,
        **options: Unpack[RuntimeOptions],
    ) -> None:
        """
        @param begin: starts the script on a new runtime, e.g.
            C{lambda runtime: runtime.run_file("script.lua")}
        @param on_failure: told when the script fails after the service has started; by
            then it was logged, and the runtime has stopped.  With C{restart}: when it
            fails too often
        @param fail_on_error: an error that nobody handles, in a callback or a task,
            fails the script, as one of its main chunk does.  Otherwise the script goes
            on after it; C{on_error} is told in both cases
        @param restart: a script that fails after the service has started is started
            again on a new runtime; this has C{fail_on_error} in it
        @param options: for L{Runtime}; C{print} writes to the log by default
        @raise ValueError: C{exit_on_error} with one of the two above: an error would
            end the script in good order, and it would have failed
        """
        if options.get("exit_on_error") and (fail_on_error or restart is not None):
            other = "fail_on_error" if restart is None else "restart"
            raise ValueError(f"exit_on_error and {other}: give one of them")
        self._begin = begin
        self._on_failure = on_failure
        self._fail_on_error = fail_on_error or restart is not None
        self._failures = Failures(restart) if restart is not None else None
        self._on_error = options.get("on_error")
        # Takes str too, for the option text.
        output: Callable[[bytes], None] = self._log_line
        self._options: RuntimeOptions = {"output": output, **options}
        self._next: IDelayedCall | None = None
        self._stopping: Runtime | None = None
        self.state: Literal["stopped", "running", "waiting", "failed"] = "stopped"
        self.runtime: Runtime | None = None
        self.failure: Failure | None = None

    def startService(self) -> None:
        """
        Run the script's main chunk.

        @raise ScriptError: it failed, so there is nothing to serve
        """
        self._start()
        if self.failure is not None:
            self.state = "stopped"
            self.failure.raiseException()
        Service.startService(self)

    def stopService(self) -> Deferred[None]:
        """@return: fires with C{None} when all the script had open is closed"""
        Service.stopService(self)
        self.state = "stopped"
        if self._next is not None:
            self._next.cancel()
            self._next = None
        runtime, self.runtime = self.runtime or self._stopping, None
        return succeed(None) if runtime is None else runtime.stop()

    def reload(self) -> Deferred[None]:
        """
        Run the script anew, on a new runtime, when all that the old one had open is closed.

        @return: fires with C{None}; fails with what the script failed with
        """
        runtime, self.runtime = self.runtime, None
        if runtime is None or self.state != "running":
            return fail(OperationError("state", f"the service is {self.state}"))
        self.state, self._stopping = "waiting", runtime
        return runtime.stop().addCallback(lambda _: self._start_anew(runtime))

    def _start_anew(self, stopped: Runtime) -> None:
        # The service may have been stopped meanwhile.
        if self.state == "waiting" and self._stopping is stopped:
            self._start()
            if self.failure is not None:
                self.failure.raiseException()

    def _start(self) -> None:
        self._next = self.failure = None
        self.state = "running"

        def erred(text: str) -> None:
            self._erred(text, runtime)

        options: RuntimeOptions = {**self._options, "on_error": erred}
        runtime = Runtime(**options)
        self.runtime = runtime
        maybeDeferred(self._begin, runtime).addErrback(self._not_begun, runtime)

    def _not_begun(self, failure: Failure, runtime: Runtime) -> None:
        if failure.check(RuntimeStopped):
            # os.exit, or the service has stopped.
            return
        if isinstance(failure.value, ScriptError):
            self.log.error("{text}", text=failure.value.traceback)
        elif isinstance(failure.value, OSError) and failure.value.filename:
            text = f"cannot read {failure.value.filename}: {failure.value.strerror}"
            self.log.error("{text}", text=text)
        else:
            self.log.failure("the script could not be started", failure)
        self._end(failure, runtime)

    def _erred(self, text: str, runtime: Runtime) -> None:
        """The script has an error that nobody handled; it was logged."""
        try:
            if self._on_error is not None:
                self._on_error(text)
        finally:
            if self._fail_on_error:
                message = text.partition("\n")[0]
                self._end(Failure(ScriptError(message, text)), runtime)

    def _end(self, failure: Failure, runtime: Runtime) -> None:
        """The script has failed, and that was logged."""
        if self.runtime is not runtime:
            # That is known, or nobody wants to know it any more.
            return
        self.runtime, self._stopping = None, runtime
        self.failure = failure
        delay = None
        if self.running and self._failures is not None:
            delay = self._failures.add(runtime.reactor.seconds())
        stopped = runtime.stop()
        if delay is not None:
            self.state = "waiting"
            self.log.info("the script is started again in {delay} s", delay=delay)
            stopped.addCallback(lambda _: self._wait(delay, failure, runtime))
        elif self.running:
            self.state = "failed"
            stopped.addCallback(lambda _: self._tell(failure))
        stopped.addErrback(
            lambda problem: self.log.failure("on_failure failed", problem)
        )

    def _wait(self, delay: float, failure: Failure, runtime: Runtime) -> None:
        # The service may have been stopped, and started, meanwhile.
        if self.state == "waiting" and self.failure is failure:
            self._next = runtime.reactor.callLater(delay, self._start)

    def _tell(self, failure: Failure) -> None:
        if self._on_failure is not None:
            self._on_failure(failure)

    def _log_line(self, line: bytes | str) -> None:
        text = line if isinstance(line, str) else to_readable(line)
        self.log.info("{text}", text=text)
