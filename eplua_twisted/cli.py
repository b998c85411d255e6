"""The command C{eplua}: runs a script, or one of the commands beside that."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, cast

from twisted.internet.base import ReactorBase

from eplua_twisted.console import begin_logging, complain, put

if TYPE_CHECKING:
    from eplua_twisted.hc3.ui_options import UIOptions


def show(options: UIOptions) -> int:
    """
    Show the views of QuickApps.

    @return: the exit code
    """
    from twisted.internet import reactor

    from eplua_twisted.views import Views

    begin_logging(options.script, None)
    # For mypy the reactor is a module.
    running = cast(ReactorBase, reactor)
    return Views(
        running, options, put, lambda why: complain(f"eplua: {why}"), os.environ
    ).main()


# Each is imported when it is asked for: a script need not wait for the others.


def _hc3(arguments: list[str]) -> int:
    from eplua_twisted.hc3.command import main

    return main(arguments, show)


def _script(arguments: list[str]) -> int:
    from eplua_twisted.foreground import main

    return main(arguments)


COMMANDS = {"hc3": _hc3}
"""What comes first, in place of a script, and what runs then and gives the exit code."""


def main(arguments: list[str] | None = None) -> None:
    """The command; ends the process."""
    given = sys.argv[1:] if arguments is None else arguments
    command = COMMANDS.get(given[0]) if given else None
    raise SystemExit(_script(given) if command is None else command(given[1:]))


if __name__ == "__main__":
    main()
