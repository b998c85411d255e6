"""What the Lua library itself needs of its host: reports, output, exit, counts."""

from __future__ import annotations

from typing import Any, Protocol

from zope.interface import implementer

from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import query
from eplua_twisted.border.resources import Resources


class Hosting(Protocol):
    """The part of a runtime that the Lua library speaks to."""

    @property
    def version(self) -> str: ...

    def output(self, line: bytes) -> None: ...

    def report(self, traceback: bytes) -> None: ...

    def warn(self, message: bytes) -> None: ...

    def exit(self, code: int) -> None: ...

    def counts(self) -> dict[str, int]: ...

    def answer(self, ticket: int) -> None: ...


@implementer(IModule)
class Host:
    """The primitives behind C{print}, C{os.exit}, C{eplua.stats} and error reports."""

    resource_types = ()
    active = 0

    def __init__(self, runtime: Hosting, resources: Resources) -> None:
        self._runtime = runtime
        self._resources = resources

    @query("version")
    def version(self) -> str:
        return self._runtime.version

    @query("print")
    def print(self, line: bytes) -> None:
        self._runtime.output(line)

    @query("report")
    def report(self, traceback: bytes) -> None:
        """An error of the script that nobody caught."""
        self._runtime.report(traceback)

    @query("warn")
    def warn(self, message: bytes) -> None:
        self._runtime.warn(message)

    @query("exit")
    def exit(self, code: int) -> None:
        self._runtime.exit(code)

    @query("stats")
    def stats(self) -> tuple[Any, ...]:
        """How many are open of each kind: name, count, name, count, ..."""
        counts = self._runtime.counts()
        return tuple(item for pair in sorted(counts.items()) for item in pair)

    @query("soon")
    def soon(self, ticket: int) -> None:
        """Answer a ticket when Lua has returned."""
        self._runtime.answer(ticket)

    @query("keep_alive")
    def keep_alive(self, number: int, referenced: bool) -> None:
        """The script's C{ref} and C{unref} of a resource."""
        self._resources.keep_alive(number, referenced)

    def counts(self) -> dict[str, int]:
        """It has nothing of its own."""
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""
