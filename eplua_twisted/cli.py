"""The command C{eplua}: runs a script, or one of the commands beside that."""

from __future__ import annotations

import sys

from eplua_twisted.commands import Command, Commands, Overview, misspelt, run
from eplua_twisted.console import complain

COMMANDS: Commands = {
    "check": Command(
        "eplua_twisted.tools.check.command", "finds mistakes in scripts, runs none"
    ),
    "completion": Overview(
        "eplua_twisted.tools.completion", "writes what completes commands in a shell"
    ),
    "hc3": Command("eplua_twisted.tools.hc3", "packs, unpacks and shows QuickApps"),
    "watch": Command(
        "eplua_twisted.tools.watch.command", "runs a script anew when it is saved"
    ),
    "init": Command("eplua_twisted.tools.init.command", "makes a folder to begin with"),
    "man": Overview("eplua_twisted.tools.man", "writes the man page"),
    "test": Command("eplua_twisted.tools.test.command", "runs the tests of scripts"),
}
"""What comes first, in the place of a script."""


def main(arguments: list[str] | None = None) -> None:
    """The command; ends the process."""
    given = sys.argv[1:] if arguments is None else arguments
    first = given[0] if given else ""
    if first in COMMANDS:
        raise SystemExit(run(first, given[1:], COMMANDS))
    meant = misspelt(first, COMMANDS)
    if meant is not None:
        complain(
            f"eplua: no command and no file is named {first!r}; did you mean"
            f" 'eplua {meant}'?\nTry 'eplua --help'."
        )
        raise SystemExit(2)
    # A command need not wait for it.
    from eplua_twisted import foreground

    raise SystemExit(foreground.main(given, COMMANDS))


if __name__ == "__main__":
    main()
