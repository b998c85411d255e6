"""A script in the foreground, until nothing is open or pending."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, cast

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python import usage

from eplua_twisted.border.clock import steady
from eplua_twisted.border.values import to_text
from eplua_twisted.commands import Commands, summary
from eplua_twisted.console import (
    NOBODY_READS,
    StandardError,
    begin_logging,
    complain,
    parse,
    put,
    put_line,
)
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.main_loop import run_until_over
from eplua_twisted.signals import ENDING, Watch, end_by
from eplua_twisted.sites import Sites
from eplua_twisted.tap import Options
from eplua_twisted.terminal import STANDARD_INPUT, has_colours

if TYPE_CHECKING:
    from eplua_twisted.hc3.setup import Setup


def _standard_input() -> str:
    """@raise usage.UsageError: it cannot be read"""
    try:
        return to_text(os.fdopen(0, "rb", closefd=False).read())
    except OSError as problem:
        why = f"cannot read standard input: {problem.strerror}"
        raise usage.UsageError(why) from None


class TerminalOptions(Options):
    """Those of a script that has this process to itself."""

    def setup(self) -> Setup:
        """The log lines of scripts have colours on a terminal."""
        return replace(super().setup(), colour=has_colours(sys.stdout, os.environ))


class CommandOptions(TerminalOptions):
    """The options of the command."""

    longdesc = (
        "SCRIPT runs until nothing is open or pending; - is one from standard input."
    )
    examples = (
        ("eplua script.lua", "run a script"),
        ("eplua -e 'print(_VERSION)'", "run a line of Lua"),
        ("eplua --hc3 lamp.lua", "run a QuickApp of Home Center 3"),
        ("eplua --sandbox --allow-net=10.0.0.0/8 script.lua", "with few permissions"),
    )

    def __init__(self, commands: Commands) -> None:
        """@param commands: those beside a script, which the help names"""
        super().__init__()
        self._commands = commands

    def postOptions(self) -> None:
        if self["execute"] is None and self.arguments[:1] == ("-",):
            self["execute"], self.code_name = _standard_input(), STANDARD_INPUT
            self.arguments = self.arguments[1:]
        super().postOptions()

    def check_workers(self) -> None:
        """It is one process, which ends when its script does."""
        if self.workers is not None:
            raise usage.UsageError("--workers is of twistd eplua")

    def opt_help(self) -> None:
        """Display this help and exit."""
        put(summary(self, self._commands))
        raise SystemExit(0)

    opt_h = opt_help

    def opt_version(self) -> None:
        """Display the version and exit."""
        from importlib.metadata import version

        ours, twisted = version("eplua-twisted"), version("twisted")
        put(f"eplua {ours} (Twisted {twisted})")
        raise SystemExit(0)


def report_failure(errors: StandardError, problem: Exception) -> None:
    """Say that a script could not be run, and why."""
    if isinstance(problem, ScriptError):
        errors.report(problem.traceback, "eplua: ")
    elif isinstance(problem, OSError):
        errors.write(f"eplua: cannot read {problem.filename}: {problem.strerror}")
    else:
        errors.write(f"eplua: {problem}")


class Signals:
    """
    SIGINT and SIGTERM stop the runtime; see L{Watch} for what else ends the process.
    The thread wakes the reactor too: the system may give a signal to any thread, and
    then the reactor sleeps on.

    @ivar stopped_by: the signal that came
    """

    def __init__(
        self, reactor: IReactorFromThreads, stop: Callable[[], object], grace: float
    ) -> None:
        """@param grace: seconds that stopping may take"""
        self._reactor = reactor
        self._stop = stop
        self._watch = Watch(grace, self._came)
        self.stopped_by: int | None = None

    def install(self) -> None:
        self._watch.install()
        for number in ENDING:
            signal.signal(number, self._seen)

    def _seen(self, number: int, frame: object) -> None:
        """The thread has it from the descriptor; without a handler the process ends."""

    def _came(self, number: int) -> None:
        self._reactor.callFromThread(self._first, number)

    def _first(self, number: int) -> None:
        self.stopped_by = number
        self._stop()


class LookupThread(Thread):
    """Looks up names; the end of the process does not wait for it."""

    def start(self) -> None:
        self.daemon = True
        super().start()


class Command:
    """
    One run of a script.

    The exit code is that of C{os.exit}; else 1 when the script failed, or when nobody
    caught an error of it; else 0.
    """

    def __init__(
        self, reactor: ReactorBase, options: Options, errors: StandardError
    ) -> None:
        self._reactor = reactor
        self._options = options
        self._errors = errors
        self._code = 0
        self._several = options.hc3 and len(options.arguments) > 1
        self._job = options.job(
            reactor,
            self._failed,
            output=self._print,
            on_error=self._unhandled,
            on_exit=self._exit,
        )
        self._sites = Sites(steady(reactor), options, self._job.named, self._job)
        self._signals = Signals(reactor, self._job.stop, options.grace)
        # Where names are looked up, and nothing else is done.
        self._threads = reactor.getThreadPool()

    def main(self) -> int:
        """
        Run the reactor until the script, and all that it started, is over.

        A signal that has stopped it ends the process.

        @return: the exit code of the process
        """
        self._signals.install()
        self._threads.threadFactory = LookupThread
        run_until_over(self._reactor, self._run, handlers=False)
        if self._signals.stopped_by is not None:
            end_by(self._signals.stopped_by)
        return self._code

    async def _run(self) -> None:
        try:
            await self._run_script()
        finally:
            # A lookup that nobody waits for may take minutes yet: nor does the process.
            self._threads.threads.clear()

    async def _run_script(self) -> None:
        try:
            await self._sites.start()
            await self._job.begin()
            await self._job.idle()
        except (ScriptError, OperationError, OSError) as problem:
            self._failed(problem)
        except RuntimeStopped:
            # os.exit, or a signal: the code is known.
            pass
        await self._job.stop()
        await self._sites.stop()

    def _failed(self, problem: Exception) -> None:
        report_failure(self._errors, problem)
        self._code = 1

    def _print(self, line: bytes) -> None:
        self._sites.printed(line)
        if not put_line(line):
            self._code = NOBODY_READS
            self._job.stop()

    def _unhandled(self, text: str) -> None:
        """An error that nobody caught; the log has shown it."""
        self._code = self._code or 1

    def _exit(self, code: int) -> None:
        # One of several scripts says nothing of the others.
        if code & 0xFF or not self._several:
            self._code = code & 0xFF


def main(arguments: list[str], commands: Commands) -> int:
    """
    C{eplua SCRIPT}.

    @param arguments: the options, the script and its arguments
    @param commands: those beside a script
    @return: the exit code
    """
    options = CommandOptions(commands)
    if not parse(options, arguments, "eplua"):
        return 2
    script = options.arguments[0] if options.arguments else None
    errors = begin_logging(script, options["execute"])
    from twisted.internet import reactor

    # For mypy the reactor is a module.
    try:
        command = Command(cast(ReactorBase, reactor), options, errors)
    except OperationError as problem:
        complain(f"eplua: {problem}")
        return 1
    return command.main()
