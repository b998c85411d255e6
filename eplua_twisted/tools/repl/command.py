"""C{eplua repl}: Lua on a terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from twisted.internet.base import ReactorBase
from twisted.logger import globalLogBeginner

from eplua_twisted.border.clock import steady
from eplua_twisted.border.limits import CALLBACK_TIME
from eplua_twisted.border.values import to_readable
from eplua_twisted.console import StandardError, complain, parse
from eplua_twisted.entering import Entering
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.foreground import TerminalOptions, report_failure
from eplua_twisted.lua_versions import version_of
from eplua_twisted.main_loop import run_until_over
from eplua_twisted.runtime import Runtime
from eplua_twisted.signals import end_by
from eplua_twisted.sites import Sites
from eplua_twisted.tools.repl.loop import run_entries

if TYPE_CHECKING:
    from eplua_twisted.tools.repl.prompt import Prompt

MISSING = "needs the package prompt_toolkit: pip install 'eplua-twisted[tools]'"


class Options(TerminalOptions):
    """Those of a script."""

    synopsis = "[options] [SCRIPT [ARG...]]"
    longdesc = (
        "Runs SCRIPT, if one is given, and then what is typed, each entry as a task: it"
        " may wait for an answer, and its values are shown. What is global is there for the"
        " next entry, what is local not. Ctrl-C cancels what waits, Ctrl-D ends."
    )
    examples = (
        ("eplua repl", "Lua with a network; so does 'eplua' alone"),
        ("eplua repl --hc3", "as scripts of Home Center 3 have it"),
        ("eplua repl script.lua", "with what a script has defined"),
    )

    def postOptions(self) -> None:
        if self["execute"] is None and not self.arguments:
            self["execute"] = ""
        super().postOptions()
        if self.limits.max_callback_time is None:
            # On LuaJIT too: without a limit Ctrl-C does not reach a loop.
            self.limits = replace(self.limits, max_callback_time=CALLBACK_TIME)


def say(text: str) -> None:
    """Write it above the line that is typed."""
    # By the name: what stands there while the prompt runs draws the line anew.
    sys.stdout.write(text + "\n")


class Repl:
    """A runtime, and what is typed for it."""

    def __init__(
        self, reactor: ReactorBase, options: Options, errors: StandardError
    ) -> None:
        # Late: it is imported when its package is known to be there.
        from eplua_twisted.tools.repl.prompt import Prompt

        self._reactor = reactor
        self._options = options
        self._errors = errors
        self._job = options.job(
            reactor, self._failed, output=self._print, on_exit=self._exit
        )
        self._sites = Sites(steady(reactor), options, self._job.named, self._job)
        self._entering = Entering(self._runtime)
        self._prompt: Prompt = Prompt(self._entering.complete, os.environ)
        self._code = 0
        self._ended_by: int | None = None

    def main(self) -> int:
        """@return: the exit code: that of C{os.exit}, or 1 when the script failed"""
        from prompt_toolkit.patch_stdout import patch_stdout

        with patch_stdout(raw=True):
            self._catch()
            run_until_over(self._reactor, self._run, handlers=False)
        if self._ended_by is not None:
            end_by(self._ended_by)
        return self._code

    def _runtime(self) -> Runtime:
        """The one in which entries run: that of the first script."""
        for runtime in self._job.named().values():
            return runtime
        raise RuntimeStopped

    def _catch(self) -> None:
        loop = asyncio.get_event_loop()

        def interrupted(number: int, frame: object) -> None:
            # While Lua runs the reactor does not; but its hook calls Python.
            if not self._entering.leave():
                loop.call_soon_threadsafe(self._entering.cancel)

        def ended(number: int, frame: object) -> None:
            self._ended_by = number
            self._entering.leave()
            loop.call_soon_threadsafe(self._end)

        signal.signal(signal.SIGINT, interrupted)
        signal.signal(signal.SIGTERM, ended)
        signal.signal(signal.SIGHUP, ended)

    def _end(self) -> None:
        self._entering.cancel()
        self._prompt.end()

    async def _run(self) -> None:
        lua = version_of(self._options["lua"], self._options.hc3)
        say(f"Lua {lua.removeprefix('lua')}; Ctrl-D ends")
        if self._prompt.problem is not None:
            say(self._prompt.problem)
        try:
            await self._sites.start()
            await self._job.begin()
            await run_entries(self._prompt, self._entering, say)
        except (ScriptError, OperationError, OSError) as problem:
            self._failed(problem)
        except RuntimeStopped:
            # os.exit: the code is known.
            pass
        await self._job.stop()
        await self._sites.stop()

    def _failed(self, problem: Exception) -> None:
        report_failure(self._errors, problem)
        self._code = 1

    def _print(self, line: bytes) -> None:
        self._sites.printed(line)
        say(to_readable(line))

    def _exit(self, code: int) -> None:
        self._code = code & 0xFF
        self._prompt.end()


def install(why: Callable[[str], None]) -> ReactorBase | None:
    """
    The reactor that the prompt runs on.

    @param why: told what is missing
    @return: C{None}: there is no terminal, or a package is missing
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        why("a terminal is needed ('eplua -' runs a script from standard input)")
        return None
    try:
        import prompt_toolkit  # noqa: F401
    except ImportError:
        why(MISSING)
        return None
    from twisted.internet import asyncioreactor

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor

    # For mypy the reactor is a module.
    return cast(ReactorBase, reactor)


def main(arguments: list[str]) -> int:
    """
    C{eplua repl}.

    @return: the exit code
    """
    options = Options()
    if not parse(options, arguments, "eplua repl"):
        return 2
    reactor = install(lambda text: complain(f"eplua repl: {text}"))
    if reactor is None:
        return 1
    errors = StandardError(None, say)
    globalLogBeginner.beginLoggingTo([errors], redirectStandardIO=False)
    try:
        return Repl(reactor, options, errors).main()
    except OperationError as problem:
        complain(f"eplua repl: {problem}")
        return 1
