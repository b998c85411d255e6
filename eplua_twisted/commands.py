"""The commands beside a script: how a table names them, and how one is run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from twisted.python import usage

from eplua_twisted.console import put

if TYPE_CHECKING:
    from eplua_twisted.manual import Page

# The manual is imported when somebody asks for it: a script need not wait for it.

WHAT = "runs Lua scripts with a network, and has tools for them"


@dataclass(frozen=True)
class Command:
    """
    A row of the table.

    Its module is imported when the command is asked for: a script need not wait for it.
    It has C{main(arguments)}, which gives the exit code, and C{Options}, a
    C{usage.Options} of which help, completion and the man page are made: see
    L{page_of<eplua_twisted.manual.page_of>} for what it can tell.

    @ivar module: its full name
    @ivar text: what the command does, in a few words
    """

    module: str
    text: str

    def page(self, name: str) -> Page:
        """
        What is said about the command.

        @param name: how the table names it
        """
        from eplua_twisted.manual import page_of

        options: usage.Options = import_module(self.module).Options()
        return page_of(f"eplua {name}", self.text, options)

    def run(self, arguments: list[str], commands: Commands) -> int:
        """@return: the exit code"""
        main: Callable[[list[str]], int] = import_module(self.module).main
        return main(arguments)


class Overview(Command):
    """A command about all commands: its C{main} is given their table too."""

    def run(self, arguments: list[str], commands: Commands) -> int:
        main: Callable[[list[str], Commands], int] = import_module(self.module).main
        return main(arguments, commands)


Commands = Mapping[str, Command]
"""By the names that stand in the place of a script."""


def run(name: str, arguments: list[str], commands: Commands) -> int:
    """
    Run a command, or say what it is when that is asked for.

    @param arguments: what comes after its name
    @return: the exit code
    """
    command = commands[name]
    if "-h" in arguments or "--help" in arguments:
        from eplua_twisted.manual import asked, render

        page = asked(command.page(name), arguments)
        if page is not None:
            put(render(page))
            return 0
    return command.run(arguments, commands)


def misspelt(word: str, commands: Commands) -> str | None:
    """
    The command that was probably meant.

    @param word: what stands in the place of a script
    @return: its name; C{None}: none is near, or the word may well be a script
    """
    if not word.isalnum() or os.path.lexists(word):
        return None
    # Late: those who write what they mean need not wait for it.
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), commands, 1)
    return near[0] if near else None


def whole(options: usage.Options, commands: Commands) -> Page:
    """
    What is said about C{eplua} and all its commands, which are imported for it.

    @param options: those of a script
    """
    from eplua_twisted.manual import page_of

    pages = [each.page(name) for name, each in commands.items()]
    return page_of("eplua", WHAT, options, pages)


def summary(options: usage.Options, commands: Commands) -> str:
    """The help of C{eplua}: of its commands a line each, which imports none of them."""
    from eplua_twisted.manual import Page, page_of, render

    pages = [Page(f"eplua {name}", each.text) for name, each in commands.items()]
    return render(page_of("eplua", WHAT, options, pages))
