"""A L{Runtime} with one script as a Twisted service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.errors import RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime


class RuntimeService(Service):
    """
    Runs a script while the service runs.

    @param begin: starts the script on a new runtime, e.g.
        C{lambda runtime: runtime.run_file("script.lua")}
    @param options: for L{Runtime}
    @ivar runtime: the runtime, while the service runs
    """

    log = Logger()

    def __init__(
        self, begin: Callable[[Runtime], Deferred[None]], **options: Any
    ) -> None:
        self._begin = begin
        self._options = options
        self.runtime: Runtime | None = None

    def startService(self) -> None:
        """
        Run the script's main chunk.

        @raise ScriptError: it failed, so there is nothing to serve
        """
        self.runtime = Runtime(**self._options)
        failures: list[Failure] = []
        self._begin(self.runtime).addErrback(failures.append)
        if failures and not isinstance(failures[0].value, RuntimeStopped):
            runtime, self.runtime = self.runtime, None
            runtime.stop()
            if isinstance(failures[0].value, ScriptError):
                self.log.error("{text}", text=failures[0].value.traceback)
            failures[0].raiseException()
        Service.startService(self)

    def stopService(self) -> Deferred[None]:
        """@return: fires with C{None} when all the script had open is closed"""
        Service.stopService(self)
        runtime, self.runtime = self.runtime, None
        return succeed(None) if runtime is None else runtime.stop()
