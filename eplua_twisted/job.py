"""What a command runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from twisted.internet.defer import Deferred

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


class Single:
    """One runtime."""

    def __init__(
        self, name: str, runtime: Runtime, start: Callable[[Runtime], Deferred[None]]
    ) -> None:
        """@param name: of the script"""
        self._name = name
        self._runtime = runtime
        self._start = start

    def named(self) -> Mapping[str, Runtime]:
        """As L{Job.named}."""
        return {self._name: self._runtime}

    def begin(self) -> Deferred[None]:
        """As L{Job.begin}."""
        return self._start(self._runtime)

    def idle(self) -> Deferred[None]:
        """As L{Job.idle}."""
        return self._runtime.idle()

    def stop(self) -> Deferred[None]:
        """As L{Job.stop}."""
        return self._runtime.stop()
