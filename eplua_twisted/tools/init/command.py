"""C{eplua init}: writes a script, a test and the settings of editors into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from twisted.python import usage

from eplua_twisted.console import complain, parse, put
from eplua_twisted.tools.init.kinds import KINDS, files_of

__all__ = ["Options", "main"]


class Options(usage.Options):
    """
    @ivar kind: what to begin with
    @ivar folder: where
    """

    synopsis = "[KIND] [FOLDER]"
    longdesc = (
        "Writes a script with a test, and the settings of editors and of luacheck, into a"
        " folder: this one by default. No file is overwritten. Kinds: "
        + "; ".join(f"{name}, {kind.text}" for name, kind in KINDS.items())
        + "."
    )
    examples = (
        ("eplua init", "a script, in this folder"),
        ("eplua init quickapp lamp", "a QuickApp, in the folder lamp"),
    )
    choices: ClassVar = {"": tuple(KINDS)}

    def __init__(self) -> None:
        usage.Options.__init__(self)
        self.kind, self.folder = "script", "."

    def parseArgs(self, kind: str = "script", folder: str = ".") -> None:
        if kind not in KINDS:
            raise usage.UsageError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
        if not folder:
            raise usage.UsageError("a folder expected, got ''")
        self.kind, self.folder = kind, folder


def write(folder: Path, files: dict[str, str]) -> list[str]:
    """
    Write files that are not there yet, into a folder that is made.

    @return: the names of those that are there already: then nothing is written
    @raise OSError: one cannot be written
    """
    there = [
        name
        for name in files
        if (folder / name).is_symlink() or (folder / name).exists()
    ]
    if not there:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    return there


def main(arguments: list[str]) -> int:
    """
    C{eplua init}.

    @return: the exit code: 1 when nothing was written, 2 when the options are wrong
    """
    options = Options()
    if not parse(options, arguments, "eplua init"):
        return 2
    folder = Path(options.folder)
    files = files_of(options.kind)
    try:
        there = write(folder, files)
    except OSError as problem:
        complain(f"eplua init: cannot write {problem.filename}: {problem.strerror}")
        return 1
    if there:
        names = ", ".join(str(folder / name) for name in there)
        complain(f"eplua init: nothing was written; there already: {names}")
        return 1
    kind = KINDS[options.kind]
    put(f"{kind.text}:")
    for name in files:
        put(f"  {folder / name}")
    put("Try:")
    if options.folder != ".":
        put(f"  cd {options.folder}")
    for command in kind.run:
        put(f"  {command}")
    return 0
