"""C{eplua attach}: a prompt in a running service."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorUNIX
from twisted.python import usage

from eplua_twisted.attach.messages import Message
from eplua_twisted.console import complain, parse
from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.main_loop import run_until_over
from eplua_twisted.signals import end_by
from eplua_twisted.tools.attach.client import Attached, reach
from eplua_twisted.tools.repl.command import install, say
from eplua_twisted.tools.repl.loop import run_entries

if TYPE_CHECKING:
    from eplua_twisted.tools.repl.prompt import Prompt


class Options(usage.Options):
    """
    Which service.

    @ivar path: its socket
    @ivar script: which of its scripts; C{None}: the first one
    """

    synopsis = "SOCKET [SCRIPT]"
    longdesc = (
        "SOCKET is the path that a service was given with --attach. What is typed runs in"
        " SCRIPT, or in its first one; Ctrl-C cancels what waits, Ctrl-D leaves; the"
        " service goes on."
    )
    examples = (("eplua attach /run/lamp/prompt", "look into a service"),)
    path = ""
    script: str | None = None

    def parseArgs(self, *words: str) -> None:
        if not 1 <= len(words) <= 2:
            raise usage.UsageError(
                f"attach: SOCKET [SCRIPT] expected, got {len(words)} words"
            )
        self.path = words[0]
        self.script = words[1] if len(words) > 1 else None


def first_line(greeting: Message, chosen: str | None) -> str:
    """What one is told who has reached a service."""
    scripts = greeting.get("scripts")
    names = [str(each) for each in scripts] if isinstance(scripts, list) else []
    script = chosen or next(iter(names), "no script")
    lua = str(greeting.get("lua") or "").removeprefix("lua")
    others = [each for each in names if each != script]
    beside = f" (there are also: {', '.join(others)})" if others else ""
    return f"Lua {lua}, {script}{beside}; Ctrl-D leaves, the service goes on"


class AttachCommand:
    """One run, until nothing more is typed, or the service has gone."""

    def __init__(self, reactor: ReactorBase, options: Options) -> None:
        # Late: it is imported when its package is known to be there.
        from eplua_twisted.tools.repl.prompt import Prompt

        self._reactor = reactor
        self._options = options
        self._attached = Attached()
        self._prompt: Prompt = Prompt(self._attached.complete, os.environ)
        self._problem: str | None = None
        self._leaving = False
        self._ended_by: int | None = None

    def main(self) -> int:
        """@return: the exit code: 1 when the service could not be reached, or has gone"""
        from prompt_toolkit.patch_stdout import patch_stdout

        with patch_stdout(raw=True):
            self._catch()
            run_until_over(self._reactor, self._run, handlers=False)
        if self._ended_by is not None:
            end_by(self._ended_by)
        if self._problem is not None:
            complain(f"eplua attach: {self._problem}")
            return 1
        return 0

    def _catch(self) -> None:
        loop = asyncio.get_event_loop()
        loop.add_signal_handler(signal.SIGINT, self._attached.cancel)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end, number)

    def _end(self, number: int) -> None:
        self._ended_by = number
        self._leave()

    def _leave(self) -> None:
        self._leaving = True
        self._attached.cancel()
        self._attached.close()
        self._prompt.end()

    async def _run(self) -> None:
        path, script = self._options.path, self._options.script
        unix = cast(IReactorUNIX, self._reactor)
        try:
            greeting = await reach(unix, self._reactor, self._attached, path, script)
        except ConnectionError as problem:
            self._problem = f"{path}: {problem}"
            return
        self._attached.gone.addCallback(self._gone)
        say(first_line(greeting, script))
        if self._prompt.problem is not None:
            say(self._prompt.problem)
        # When the service has gone that was said.
        with suppress(RuntimeStopped):
            await run_entries(self._prompt, self._attached, say)
        self._leave()

    def _gone(self, why: str) -> None:
        if not self._leaving:
            self._problem = why
            self._prompt.end()


def main(arguments: list[str]) -> int:
    """
    C{eplua attach}.

    @return: the exit code
    """
    options = Options()  # type: ignore[no-untyped-call]
    if not parse(options, arguments, "eplua attach"):
        return 2
    reactor = install(lambda text: complain(f"eplua attach: {text}"))
    if reactor is None:
        return 1
    return AttachCommand(reactor, options).main()
