"""C{eplua check}: its options, and what it writes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from twisted.python import usage

from eplua_twisted.console import complain, parse, put
from eplua_twisted.lua_versions import LUA_VERSIONS, version_of
from eplua_twisted.tools.check.problem import Problem


class Options(usage.Options):
    """
    What to check.

    @ivar files: their names
    @ivar names: of global variables that the application defines
    """

    synopsis = "[options] FILE..."
    longdesc = (
        "Compiles each file on the Lua that would run it, and looks for names that are"
        " not there: global variables, methods, fields, options, events and callbacks."
        " Nothing of the script is run. What is not known for certain is no problem. The"
        " exit code is 0 when there is none, 1 when there are problems, 2 when the"
        " command line is wrong."
    )
    optFlags = [
        ["hc3", None, "all are of Home Center 3, even those that do not look so"],
        ["json", None, "write one JSON object"],
    ]
    optParameters = [
        ["lua", None, None, "Lua version that compiles them; 5.4, of Home Center 3 5.3"]
    ]
    examples = (
        ("eplua check *.lua", "all scripts of a folder"),
        ("eplua check lamp.fqa --json", "a QuickApp, for a program"),
        ("eplua check rules.lua --global house", "a script of an application"),
    )
    choices = {"lua": tuple(LUA_VERSIONS)}
    anywhere = True

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self.files: tuple[str, ...] = ()
        self.names: list[str] = []

    def opt_global(self, name: str) -> None:
        """NAME of a global variable that the application defines; repeatable."""
        self.names.append(name)

    def parseArgs(self, *files: str) -> None:
        if not files:
            raise usage.UsageError("check: no file given")
        self.files = files

    def postOptions(self) -> None:
        try:
            version_of(self["lua"], bool(self["hc3"]))
        except ValueError as problem:
            raise usage.UsageError(str(problem)) from None


def text(files: int, problems: Sequence[Problem]) -> str:
    """For people: a line for each problem, and what it comes to."""
    found = len({each.file for each in problems})
    counted = f"{files} file{'s' * (files != 1)}"
    if not problems:
        return f"{counted}: no problems"
    several = f"{len(problems)} problem{'s' * (len(problems) != 1)}"
    lines = "\n".join(map(str, problems))
    return f"{lines}\n{counted}: {several} in {found}"


def as_json(files: int, problems: Sequence[Problem]) -> str:
    """For programs."""
    found = {"files": files, "problems": [each.plain() for each in problems]}
    return json.dumps(found, indent=2)


def main(arguments: list[str]) -> int:
    """@return: the exit code"""
    options = Options()
    if not parse(options, arguments, "eplua check"):
        return 2
    try:
        from eplua_twisted.tools.check.checking import Check
    except ImportError as problem:
        if problem.name not in ("tree_sitter", "tree_sitter_lua"):
            raise
        complain(
            f"eplua: check needs {problem.name}: pip install 'eplua-twisted[tools]'"
        )
        return 2
    from twisted.internet import reactor

    from eplua_twisted.tools.check.states import States

    states = States(reactor)
    check = Check(states, options["lua"], bool(options["hc3"]), options.names)
    check.files(options.files)
    states.stop()
    for note in check.notes:
        complain(f"eplua: {note}")
    show = as_json if options["json"] else text
    put(show(len(options.files), check.problems))
    return 1 if check.problems else 0
