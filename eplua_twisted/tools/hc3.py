"""C{eplua hc3}: QuickApps as files and their views."""

from __future__ import annotations

import os
from typing import cast

from twisted.internet.base import ReactorBase

from eplua_twisted.console import begin_logging, complain, put
from eplua_twisted.hc3 import command
from eplua_twisted.hc3.command import Options
from eplua_twisted.hc3.ui_options import UIOptions

__all__ = ["Options", "main"]


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


def main(arguments: list[str]) -> int:
    """@return: the exit code"""
    return command.main(arguments, show)
