"""C{eplua completion}: what completes commands and options in a shell."""

from __future__ import annotations

from twisted.python import usage

from eplua_twisted.commands import Commands, whole
from eplua_twisted.console import parse, put
from eplua_twisted.foreground import CommandOptions
from eplua_twisted.tools.shells import bash, zsh

SHELLS = {"bash": bash.script, "zsh": zsh.script}


class Options(usage.Options):
    """
    Which shell.

    @ivar shell: its name
    """

    synopsis = "bash|zsh"
    longdesc = (
        "Writes what completes the commands, their options and the values of these to"
        " standard output, for the shell to read."
    )
    examples = (
        ('eval "$(eplua completion bash)"', "in ~/.bashrc"),
        ("eplua completion zsh > FOLDER/_eplua", "FOLDER is one of $fpath"),
    )
    choices = {"": tuple(SHELLS)}

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self.shell = ""

    def parseArgs(self, *given: str) -> None:
        if len(given) != 1 or given[0] not in SHELLS:
            raise usage.UsageError(f"completion: expected: {' or '.join(SHELLS)}")
        self.shell = given[0]


def main(arguments: list[str], commands: Commands) -> int:
    """@return: the exit code"""
    options = Options()
    if not parse(options, arguments, "eplua completion"):
        return 2
    put(SHELLS[options.shell](whole(CommandOptions(commands), commands)).rstrip("\n"))
    return 0
