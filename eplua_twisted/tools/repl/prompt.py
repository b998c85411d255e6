"""Lines that are typed on a terminal, with history and completion."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from twisted.internet.defer import Deferred

from eplua_twisted.errors import RuntimeStopped

FIRST, NEXT = "> ", ">> "
"""What stands before the first line of an entry, and before those that follow."""

Complete = Callable[[str], Deferred[list[str]]]
"""Gives what the last name of a text may become."""


def history_file(environment: Mapping[str, str]) -> Path:
    """
    The file for what was typed, which nobody else can read; it is made if need be.

    @param environment: as C{os.environ}
    @raise OSError: it cannot be
    """
    home = environment.get("HOME", "/")
    state = environment.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state")
    file = Path(state, "eplua", "history")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    # One that was there may be anybody's to read.
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)
    return file


class _Names(Completer):
    """Asks the runtime."""

    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    def get_completions(
        self, document: Document, event: CompleteEvent
    ) -> list[Completion]:
        return []

    async def get_completions_async(
        self, document: Document, event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        before = document.text_before_cursor
        last = len(before) - len(before.rstrip("".join(_LETTERS)))
        loop = asyncio.get_running_loop()
        try:
            names = await self._complete(before).asFuture(loop)
        except RuntimeStopped:
            return
        for name in names:
            yield Completion(name, -last)


_LETTERS = [chr(each) for each in range(128) if chr(each).isalnum()] + ["_"]


class Prompt:
    """
    The line that is being typed.

    C{open}; C{ended} from L{end} on, also when no line is asked for just then.

    @ivar problem: why there is no history, if there is none
    """

    def __init__(self, complete: Complete, environment: Mapping[str, str]) -> None:
        self.problem: str | None = None
        self._ended = False
        history = None
        try:
            history = FileHistory(history_file(environment))
        except OSError as problem:
            self.problem = f"no history: {problem.filename}: {problem.strerror}"
        self._session: PromptSession[str] = PromptSession(
            history=history,
            completer=_Names(complete),
            complete_while_typing=False,
            enable_open_in_editor=False,
        )

    def line(self, goes_on: bool) -> Deferred[str | None]:
        """
        @param goes_on: it is not the first one of the entry
        @return: fires with it, with C{None} after C{Ctrl-C}; fails with C{EOFError} at the
            end, which C{Ctrl-D} and L{end} are
        """
        return Deferred.fromFuture(asyncio.ensure_future(self._ask(goes_on)))

    async def _ask(self, goes_on: bool) -> str | None:
        before = NEXT if goes_on else FIRST
        if self._ended:
            raise EOFError
        try:
            return await self._session.prompt_async(before, handle_sigint=False)
        except KeyboardInterrupt:
            # It would end the event loop.
            return None

    def end(self) -> None:
        """No more is typed; harmless when that is so already."""
        self._ended = True
        app = self._session.app
        # One that has its line does not take another outcome.
        if app.is_running and not app.is_done:
            app.exit(exception=EOFError)
