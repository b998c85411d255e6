"""What a command runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from twisted.internet.defer import Deferred, maybeDeferred

from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime


class Job(Protocol):
    """One runtime, or several on one controller."""

    def named(self) -> Mapping[str, Runtime]:
        """The runtimes that there are, by the names of their scripts."""

    def begin(self) -> Deferred[None]:
        """@return: fires and fails as L{Runtime.run_file}"""

    def idle(self) -> Deferred[None]:
        """@return: fires as L{Runtime.idle}"""

    def stop(self) -> Deferred[None]:
        """@return: fires as L{Runtime.stop}"""

    def reload(self, name: str) -> Deferred[None]:
        """
        Run a script anew, when the old one has stopped.

        @return: fires with C{None} when its main chunk has run, or has been stopped;
            fails as L{begin} otherwise.  A file that cannot be read or compiled leaves
            the old one running
        """

    def stop_script(self, name: str) -> Deferred[None]:
        """@return: fires as L{Runtime.stop} of that script"""


class Single:
    """
    One runtime at a time.

    It is C{loading} while L{reload} is under way; that is not the end.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Runtime],
        start: Callable[[Runtime], Deferred[None]],
        check: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """
        @param name: of the script
        @param make: makes a runtime for it
        @param check: raises what keeps the script from being run
        @param failed: told of a script that could not be run anew
        """
        self._name = name
        self._make = make
        self._start = start
        self._check = check
        self._failed = failed
        self._runtime = make()
        self._loading = self._stopping = False
        self._loaded: list[Deferred[None]] = []

    def named(self) -> Mapping[str, Runtime]:
        """As L{Job.named}."""
        return {self._name: self._runtime}

    def begin(self) -> Deferred[None]:
        """As L{Job.begin}."""
        return self._start(self._runtime)

    def idle(self) -> Deferred[None]:
        """As L{Job.idle}."""
        return Deferred.fromCoroutine(self._idle())

    async def _idle(self) -> None:
        runtime = None
        while runtime is not self._runtime:
            runtime = self._runtime
            await runtime.idle()
            if self._loading:
                waiting: Deferred[None] = Deferred()
                self._loaded.append(waiting)
                await waiting

    def stop(self) -> Deferred[None]:
        """As L{Job.stop}."""
        self._stopping = True
        return self._runtime.stop()

    def reload(self, name: str) -> Deferred[None]:
        """As L{Job.reload}."""
        return maybeDeferred(self._check).addCallback(
            lambda _: Deferred.fromCoroutine(self._reload())
        )

    async def _reload(self) -> None:
        if self._loading or self._stopping:
            return
        self._loading = True
        try:
            await self._runtime.stop()
            if not self._stopping:
                self._runtime = self._make()
                await self._start(self._runtime)
        except RuntimeStopped:
            # os.exit, or a signal: whoever has done that knows it.
            pass
        except (ScriptError, OperationError, OSError) as problem:
            self._failed(problem)
            await self._runtime.stop()
            raise
        finally:
            self._loading = False
            loaded, self._loaded = self._loaded, []
            for waiting in loaded:
                waiting.callback(None)

    def stop_script(self, name: str) -> Deferred[None]:
        """As L{Job.stop_script}."""
        return self.stop()
