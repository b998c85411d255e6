"""C{eplua man}: the man page."""

from __future__ import annotations

from twisted.python import usage

from eplua_twisted.commands import Commands, whole
from eplua_twisted.console import parse, put
from eplua_twisted.foreground import CommandOptions
from eplua_twisted.tools.shells.roff import man_page


class Options(usage.Options):
    """There are none."""

    synopsis = ""
    longdesc = "Writes the man page eplua(1) to standard output."
    examples = (
        ("eplua man | man -l -", "read it"),
        ("eplua man > ~/.local/share/man/man1/eplua.1", "'man eplua' finds it there"),
    )

    def __init__(self) -> None:
        usage.Options.__init__(self)


def main(arguments: list[str], commands: Commands) -> int:
    """@return: the exit code"""
    options = Options()
    if not parse(options, arguments, "eplua man"):
        return 2
    put(man_page(whole(CommandOptions(commands), commands)).rstrip("\n"))
    return 0
