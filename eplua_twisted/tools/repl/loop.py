"""Entries, one after the other: what is typed is run, and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred

from eplua_twisted.entering import Unfinished
from eplua_twisted.errors import ScriptError


class Enter(Protocol):
    """Where entries are run."""

    def enter(self, code: str) -> Deferred[str | None]:
        """As L{Entering.enter<eplua_twisted.entering.Entering.enter>}."""


class Lines(Protocol):
    """Where they are typed."""

    def line(self, goes_on: bool) -> Deferred[str | None]:
        """As L{Prompt.line<eplua_twisted.tools.repl.prompt.Prompt.line>}."""


async def run_entries(
    lines: Lines,
    runner: Enter,
    say: Callable[[str], None],
) -> None:
    """
    Go on until no more is typed.

    @param say: is given the values of an entry, or its error
    """
    typed: list[str] = []
    while True:
        try:
            line = await lines.line(bool(typed))
        except EOFError:
            return
        typed.append(line or "")
        code = "\n".join(typed)
        if line is None or not code.strip():
            typed.clear()
            continue
        try:
            said = await runner.enter(code)
        except Unfinished:
            continue
        except ScriptError as problem:
            say(problem.traceback)
        else:
            if said is not None:
                say(said)
        typed.clear()
