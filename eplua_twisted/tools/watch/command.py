"""C{eplua watch}: starts a script anew when it, or a file that it loads, is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import deferLater
from twisted.python import usage

from eplua_twisted.border.clock import steady
from eplua_twisted.console import (
    NOBODY_READS,
    StandardError,
    begin_logging,
    complain,
    parse,
    put_line,
)
from eplua_twisted.errors import OperationError
from eplua_twisted.foreground import Signals, TerminalOptions
from eplua_twisted.lua_files import chunk_of
from eplua_twisted.lua_versions import syntax_error, version_of
from eplua_twisted.main_loop import run_until_over
from eplua_twisted.runtime import Runtime
from eplua_twisted.signals import end_by
from eplua_twisted.sites import Sites
from eplua_twisted.tools.watch.files import Changes, code_of, files_of
from eplua_twisted.tools.watch.program import Program

PERIOD = 0.05
"""Seconds between two looks: a change is acted on after two of them at the latest, and to
look at five files costs 0.2 seconds of a processor in a minute."""

__all__ = ["Options", "main"]


class Options(TerminalOptions):
    """Those of a script."""

    synopsis = "[options] FILE [ARG...]"
    longdesc = (
        "FILE runs as with 'eplua FILE'. When it, or a file that it requires, is saved, it"
        " is stopped and starts anew. What does not compile leaves the old one running."
    )
    examples = (
        ("eplua watch script.lua", "run a script while it is edited"),
        ("eplua watch --hc3 lamp.lua", "the same with a QuickApp"),
    )

    def postOptions(self) -> None:
        if self["execute"] is not None:
            raise usage.UsageError("--execute has no file that could be watched")
        if self.arguments[:1] == ("-",):
            raise usage.UsageError("standard input is no file that could be watched")
        super().postOptions()

    @property
    def scripts(self) -> Sequence[str]:
        """What runs."""
        return self.arguments if self.hc3 else self.arguments[:1]

    def files(self) -> list[Path]:
        """All that is watched."""
        return [path for each in self.scripts for path in files_of(each, self.hc3)]


class WatchCommand:
    """
    Runs a program again and again.  There is one at a time: the next begins when nothing
    is left of the one before.
    """

    def __init__(
        self, reactor: ReactorBase, options: Options, errors: StandardError
    ) -> None:
        self._reactor = reactor
        self._options = options
        self._errors = errors
        self._lua = version_of(options["lua"], options.hc3)
        self._changes = Changes(options.files())
        self._program: Program | None = None
        self._over: Deferred[None] | None = None
        self._sites = Sites(steady(reactor), options, self._named, self)
        self._signals = Signals(reactor, self._stop, options.grace)
        self._code = 0
        self._again = False

    def main(self) -> int:
        """
        Run the reactor until a signal comes, which ends the process.

        @return: the exit code, when it did not come so far
        """
        self._signals.install()
        run_until_over(self._reactor, self._watch, handlers=False)
        if self._signals.stopped_by is not None:
            end_by(self._signals.stopped_by)
        return self._code

    def _print(self, line: bytes) -> None:
        self._sites.printed(line)
        if not put_line(line):
            self._code = NOBODY_READS
            self._stop()

    def _named(self) -> Mapping[str, Runtime]:
        return {} if self._program is None else self._program.named()

    def reload(self, name: str) -> Deferred[None]:
        """The inspector's button: it starts anew, as after a change."""
        if not self._compiles(self._options.files()):
            message = "it does not compile: the terminal says where"
            return fail(OperationError("state", message))
        self._again = True
        return succeed(None)

    def stop_script(self, name: str) -> Deferred[None]:
        """The inspector's button: a change starts it anew."""
        self._stop()
        return succeed(None)

    def _stop(self) -> None:
        if self._program is not None:
            self._program.stop()

    @property
    def _ending(self) -> bool:
        return self._code != 0 or self._signals.stopped_by is not None

    async def _watch(self) -> None:
        try:
            await self._sites.start()
        except OperationError as problem:
            complain(f"eplua watch: {problem}")
            self._code = 1
            return
        clock = steady(self._reactor)
        if self._compiles(self._options.files()):
            self._begin()
        while not self._ending:
            await deferLater(clock, PERIOD, lambda: None)
            changed = self._changes.look()
            if (changed or self._again) and not self._ending:
                self._again = False
                self._changes.follow(self._options.files())
                await self._renew(changed)
        await self._gone()
        await self._sites.stop()

    async def _renew(self, changed: Sequence[Path]) -> None:
        if not self._compiles(self._options.files()):
            return
        await self._gone()
        if not self._ending:
            why = ", ".join(map(str, changed)) + " has changed: " if changed else ""
            complain(f"eplua watch: {why}it starts anew")
            self._begin()

    async def _gone(self) -> None:
        """Stop what runs, and wait until nothing is left of it."""
        self._stop()
        over, self._over = self._over, None
        if over is not None:
            await over

    def _begin(self) -> None:
        self._program = Program(
            self._reactor, self._options, self._errors, self._print, self._ended
        )
        self._over = self._program.start()

    def _ended(self, how: str) -> None:
        complain(f"eplua watch: it {how}; a change starts it anew")

    def _compiles(self, paths: Sequence[Path]) -> bool:
        """Whether all files do; what is wrong is said."""
        for path in paths:
            code = code_of(path) if path.suffix == ".lua" else None
            if code is None:
                continue
            problem = syntax_error(self._lua, chunk_of(code), str(path))
            if problem is not None:
                runs = self._program is not None and self._program.state == "running"
                then = "the old one runs on" if runs else "a change starts it"
                self._errors.report(problem, "eplua watch: ")
                complain(f"eplua watch: it does not compile; {then}")
                return False
        return True


def main(arguments: list[str]) -> int:
    """
    C{eplua watch}.

    @return: the exit code: 1 when a script cannot be read, 2 when the options are wrong;
        else a signal ends the process
    """
    options = Options()
    if not parse(options, arguments, "eplua watch"):
        return 2
    for script in options.scripts:
        try:
            Path(script).read_bytes()
        except OSError as problem:
            complain(f"eplua watch: cannot read {script}: {problem.strerror}")
            return 1
    errors = begin_logging(options.scripts[0], None)
    from twisted.internet import reactor

    # For mypy the reactor is a module.
    return WatchCommand(cast(ReactorBase, reactor), options, errors).main()
