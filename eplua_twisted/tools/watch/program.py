"""One run of what is watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from eplua_twisted.console import StandardError
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.foreground import report_failure
from eplua_twisted.job import Job
from eplua_twisted.runtime import Runtime
from eplua_twisted.tap import Options


class Program:
    """
    A script, or several of one controller.

    C{running} from L{start} on; C{ended} by itself, or C{stopped}.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        options: Options,
        errors: StandardError,
        output: Callable[[bytes], None],
        ended: Callable[[str], None],
    ) -> None:
        """
        @param output: takes each line of C{print}
        @param ended: told how, in words, when it ends by itself
        """
        self.state: Literal["running", "ended", "stopped"] = "running"
        self._reactor = reactor
        self._options = options
        self._errors = errors
        self._output = output
        self._ended = ended
        self._job: Job | None = None
        self._how = "has ended"

    def named(self) -> Mapping[str, Runtime]:
        """As L{Job.named}."""
        return {} if self._job is None else self._job.named()

    def start(self) -> Deferred[None]:
        """@return: fires when it has ended, or was stopped; nothing of it is left then"""
        return Deferred.fromCoroutine(self._run())

    async def _run(self) -> None:
        try:
            job = self._job = self._options.job(
                self._reactor, self._failed, output=self._output, on_exit=self._exited
            )
            try:
                await job.begin()
                await job.idle()
            finally:
                await job.stop()
        except (ScriptError, OperationError, OSError) as problem:
            self._failed(problem)
            self._how = "has failed"
        except RuntimeStopped:
            # os.exit, or a change: it is known which.
            pass
        if self.state == "running":
            self.state = "ended"
            self._ended(self._how)

    def _failed(self, problem: Exception) -> None:
        report_failure(self._errors, problem)

    def _exited(self, code: int) -> None:
        self._how = f"has ended with os.exit({code})"

    def stop(self) -> None:
        """Close what it has open; what L{start} has returned tells when that is done."""
        if self.state == "running":
            self.state = "stopped"
            if self._job is not None:
                self._job.stop()
