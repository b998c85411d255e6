"""What somebody types in a runtime, piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred, fail, maybeDeferred
from twisted.python.failure import Failure

from eplua_twisted.border.values import to_bytes, to_readable
from eplua_twisted.errors import RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime

LONGEST = 1024 * 1024
"""Bytes of an entry."""


class Unfinished(Exception):
    """An entry that more lines can make right."""


class Entering:
    """
    Runs entries in a runtime, each as a task, and one at a time: expressions, whose values
    are shown, or statements.  Globals that one makes are there for the next, locals not.
    """

    def __init__(self, runtime: Callable[[], Runtime]) -> None:
        """@param runtime: gives it; raises C{RuntimeStopped} where there is none"""
        self._runtime = runtime
        self._entry: Deferred[tuple[object, ...]] | None = None

    def enter(self, code: str) -> Deferred[str | None]:
        """
        @return: fires with the values as text, C{None} for none; fails with
            L{Unfinished}, L{ScriptError}, C{RuntimeStopped}
        """
        data = to_bytes(code)
        if len(data) > LONGEST:
            text = f"an entry has at most {LONGEST} bytes"
            return fail(ScriptError(text, text))
        entry = maybeDeferred(lambda: self._runtime().calls().command(b"enter", data))
        self._entry = entry
        return entry.addCallbacks(self._shown, self._failed)

    def _shown(self, results: tuple[object, ...]) -> str | None:
        self._entry = None
        text, *unfinished = (*results, None)
        if unfinished[0] is True:
            raise Unfinished
        return to_readable(text) if isinstance(text, bytes) else None

    def _failed(self, failure: Failure) -> Failure:
        self._entry = None
        if failure.check(CancelledError):
            return Failure(ScriptError("interrupted", "interrupted"))
        return failure

    def complete(self, before: str) -> Deferred[list[str]]:
        """
        @param before: the text up to where something is typed
        @return: fires with what its last name may become
        """
        data = to_bytes(before)
        names = maybeDeferred(
            lambda: self._runtime().calls().command(b"complete", data)
        )
        return names.addCallback(_words)

    def cancel(self) -> None:
        """Cancel the entry that waits, if one does."""
        if self._entry is not None:
            self._entry.cancel()

    def leave(self) -> bool:
        """
        Have what runs just now left.  The handler of a signal may ask for it: while Lua
        runs nothing else of Python does.

        @return: something runs
        """
        try:
            return self._runtime().calls().interrupt()
        except RuntimeStopped:
            return False


def _words(results: tuple[object, ...]) -> list[str]:
    (text,) = results
    assert isinstance(text, bytes)
    return to_readable(text).split()
