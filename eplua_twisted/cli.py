"""The command C{eplua}: runs a script, or one of the commands beside that."""

from __future__ import annotations

import signal
import sys

from eplua_twisted.commands import Command, Commands, Overview, misspelt, run
from eplua_twisted.console import NOBODY_READS, complain, drop_output
from eplua_twisted.signals import end_by

COMMANDS: Commands = {
    "attach": Command(
        "eplua_twisted.tools.attach.command", "runs what is typed in a service"
    ),
    "check": Command(
        "eplua_twisted.tools.check.command", "finds mistakes in scripts, runs none"
    ),
    "completion": Overview(
        "eplua_twisted.tools.completion", "writes what completes commands in a shell"
    ),
    "doctor": Command(
        "eplua_twisted.tools.doctor.command", "looks if all is there that scripts need"
    ),
    "hc3": Command("eplua_twisted.tools.hc3", "packs, unpacks and shows QuickApps"),
    "init": Command("eplua_twisted.tools.init.command", "makes a folder to begin with"),
    "man": Overview("eplua_twisted.tools.man", "writes the man page"),
    "repl": Command("eplua_twisted.tools.repl.command", "runs what is typed"),
    "test": Command("eplua_twisted.tools.test.command", "runs the tests of scripts"),
    "watch": Command(
        "eplua_twisted.tools.watch.command", "runs a script anew when it is saved"
    ),
}
"""What comes first, in the place of a script."""


def _code(given: list[str]) -> int:
    """Run a command or a script. @return: the exit code"""
    if not given and sys.stdin.isatty() and sys.stdout.isatty():
        given = ["repl"]
    first = given[0] if given else ""
    if first in COMMANDS:
        return run(first, given[1:], COMMANDS)
    meant = misspelt(first, COMMANDS)
    if meant is not None:
        complain(
            f"eplua: no command and no file is named {first!r}; did you mean"
            f" 'eplua {meant}'?\nTry 'eplua --help'."
        )
        return 2
    # A command need not wait for it.
    from eplua_twisted import foreground

    return foreground.main(given, COMMANDS)


def main(arguments: list[str] | None = None) -> None:
    """The command; ends the process."""
    try:
        code = _code(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        # Before anybody has handled it.
        end_by(signal.SIGINT)
        raise
    except BrokenPipeError:
        drop_output()
        code = NOBODY_READS
    raise SystemExit(code)


if __name__ == "__main__":
    main()
