"""A L{Runtime} with one script as a Twisted service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.values import to_readable
from eplua_twisted.errors import RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime, RuntimeOptions


class RuntimeService(Service):
    """
    Runs a script while the service runs.

    @ivar runtime: the runtime, while the service runs
    @ivar failure: why there is nothing to serve: C{begin} failed
    """

    log = Logger()

    def __init__(
        self,
        begin: Callable[[Runtime], Deferred[None]],
        *,
        on_failure: Callable[[Failure], None] | None = None,
        **options: Unpack[RuntimeOptions],
    ) -> None:
        """
        @param begin: starts the script on a new runtime, e.g.
            C{lambda runtime: runtime.run_file("script.lua")}
        @param on_failure: told when that fails after the service has started; by then
            it was logged, and the runtime has stopped
        @param options: for L{Runtime}; C{print} writes to the log by default
        """
        self._begin = begin
        self._on_failure = on_failure
        self._options: RuntimeOptions = {"output": self._log_line, **options}
        self.runtime: Runtime | None = None
        self.failure: Failure | None = None

    def startService(self) -> None:
        """
        Run the script's main chunk.

        @raise ScriptError: it failed, so there is nothing to serve
        """
        self.failure = None
        self.runtime = Runtime(**self._options)
        began = maybeDeferred(self._begin, self.runtime)
        began.addErrback(self._failed, self.runtime)
        began.addErrback(lambda problem: self.log.failure("on_failure failed", problem))
        if self.failure is not None:
            self.failure.raiseException()
        Service.startService(self)

    def stopService(self) -> Deferred[None]:
        """@return: fires with C{None} when all the script had open is closed"""
        Service.stopService(self)
        runtime, self.runtime = self.runtime, None
        return succeed(None) if runtime is None else runtime.stop()

    def _failed(self, failure: Failure, runtime: Runtime) -> Deferred[None] | None:
        if failure.check(RuntimeStopped):
            # os.exit, or the service has stopped.
            return None
        self.failure = failure
        if isinstance(failure.value, ScriptError):
            self.log.error("{text}", text=failure.value.traceback)
        else:
            self.log.failure("the script could not be started", failure)
        if self.runtime is runtime:
            self.runtime = None
        stopped = runtime.stop()
        if self.running and self._on_failure is not None:
            on_failure = self._on_failure
            stopped.addCallback(lambda _: on_failure(failure))
        return stopped

    def _log_line(self, line: bytes) -> None:
        self.log.info("{text}", text=to_readable(line))
