"""What the commands write, and how they read their options."""

from __future__ import annotations

import getopt
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    formatEvent,
    globalLogBeginner,
)
from twisted.python import usage
from zope.interface import implementer

from eplua_twisted.terminal import Terminal, terminal_of


def complain(text: str) -> None:
    """Write to standard error, whatever bytes the text came from."""
    sys.stderr.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")
    sys.stderr.flush()


NOBODY_READS = 128 + signal.SIGPIPE
"""The exit code when whoever read standard output has gone, as with C{eplua ... | head}."""


def drop_output() -> None:
    """Nobody reads standard output any more: what is buffered must not fail at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def put_line(line: bytes) -> bool:
    """
    Write a line of a script to standard output.

    @return: somebody reads it; else there is no point in going on, and the exit code is
        L{NOBODY_READS}
    """
    try:
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        drop_output()
        return False
    return True


def put(text: str) -> None:
    """Write to standard output, whatever bytes the text came from."""
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape") + b"\n")
    sys.stdout.flush()


@implementer(ILogObserver)
class StandardError:
    """
    Shows warnings, errors and notices only.

    @ivar write: takes what is shown
    """

    def __init__(
        self, terminal: Terminal | None, write: Callable[[str], None] = complain
    ) -> None:
        """@param terminal: how errors of the script are shown, where there is one"""
        self._terminal = terminal
        self.write = write

    def __call__(self, event: LogEvent) -> None:
        if event["log_level"] < LogLevel.warn and "notice" not in event:
            return
        text = formatEvent(event)
        if "log_failure" in event:
            self.write(text)
            self.write(event["log_failure"].getTraceback())
        elif event["log_level"] > LogLevel.warn and "text" in event:
            self.report(text)
        else:
            self.write(text)

    def report(self, text: str, before: str = "") -> None:
        """An error of the script, with its traceback."""
        self.write(before + (self._terminal.render(text) if self._terminal else text))


def begin_logging(script: str | None, code: str | None) -> StandardError:
    """
    From now on the log goes to standard error.

    @param script: the file whose source lines are shown beside errors
    @param code: what is run in place of a file
    """
    errors = StandardError(terminal_of(sys.stderr, os.environ, script, code))
    globalLogBeginner.beginLoggingTo([errors], redirectStandardIO=False)
    return errors


def with_nearest(problem: str, known: list[str]) -> str:
    """
    What is wrong with the options, and which one was probably meant.

    @param known: as C{usage.Options.longOpt}
    """
    found = re.fullmatch(r"option --(\S+) not recognized", problem)
    if found is None:
        return problem
    # Late: those who write what they mean need not wait for it.
    from difflib import get_close_matches

    names = [each.rstrip("=") for each in known]
    near = get_close_matches(found[1].partition("=")[0], names, 1)
    return f"{problem}; did you mean --{near[0]}?" if near else problem


def options_first(options: usage.Options, arguments: Sequence[str]) -> list[str]:
    """The arguments of a command whose options may come after its paths too."""
    try:
        found, paths = getopt.gnu_getopt(arguments, options.shortOpt, options.longOpt)
    except getopt.GetoptError:
        # Twisted finds that too, and says it.
        return list(arguments)
    valued = {"--" + name[:-1] for name in options.longOpt if name.endswith("=")}
    given = [name + "=" * (name in valued) + value for name, value in found]
    return [*given, "--", *paths]


def parse(options: usage.Options, arguments: list[str], command: str) -> bool:
    """
    Read the options of a command; after its paths too, if they have C{anywhere}.

    @param command: as it is written, with C{eplua}
    @return: whether that went; else it was said what is wrong, and the exit code is 2
    """
    if getattr(options, "anywhere", False):
        arguments = options_first(options, arguments)
    try:
        usage.Options.parseOptions(options, arguments)
    except usage.UsageError as problem:
        said = with_nearest(str(problem), options.longOpt)
        complain(f"eplua: {said}\nTry '{command} --help'.")
        return False
    return True
