"""C{eplua hc3}: C{pack}, C{unpack} and C{ui}."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from twisted.python import usage

from eplua_twisted.hc3.forms import read_form
from eplua_twisted.hc3.fqa import BadFile, Form, without_secrets
from eplua_twisted.hc3.package import HEADER, pack, unpack
from eplua_twisted.hc3.ui_options import UIOptions


class _FileOptions(usage.Options):
    """What both have: a QuickApp, and where it goes."""

    synopsis = ""

    optFlags = [
        ["without-secrets", None, "replace the values of variables such as passwords"]
    ]

    def parseArgs(self, *files: str) -> None:
        if not 1 <= len(files) <= 2:
            raise usage.UsageError(f"expected: {self.synopsis}")
        self.source = files[0]
        self.target = files[1] if len(files) == 2 else None

    def read(self) -> Form:
        """
        @raise BadFile: it cannot be
        @raise OSError: it cannot be read
        """
        form = read_form(self.source)
        if not isinstance(form, Form):
            raise BadFile("a QuickApp expected, this is a scene", self.source)
        for warning in form.warnings:
            sys.stderr.write(f"eplua: {warning}\n")
        if self["without-secrets"]:
            form, replaced = without_secrets(form)
            for name in replaced:
                sys.stderr.write(f"eplua: the value of {name} is replaced\n")
        return form


class PackOptions(_FileOptions):
    """C{pack SCRIPT [FILE.fqa]}"""

    synopsis = "[--without-secrets] SCRIPT.lua [FILE.fqa]"

    def run(self) -> str:
        """@return: what was written"""
        form = self.read()
        for file in form.files:
            file.content = file.content.removeprefix(HEADER)
        target = self.target or str(Path(self.source).with_suffix(".fqa"))
        pack(form, target)
        return target


class UnpackOptions(_FileOptions):
    """C{unpack FILE.fqa [FOLDER]}"""

    synopsis = "[--without-secrets] FILE.fqa [FOLDER]"

    def run(self) -> str:
        """@return: what was written"""
        target = self.target or str(Path(self.source).with_suffix(""))
        unpack(self.read(), target)
        return target


class Options(usage.Options):
    """C{eplua hc3 ...}"""

    synopsis = "Usage: eplua hc3"
    subCommands = [
        ["pack", None, PackOptions, "write a script with headers as a .fqa file"],
        ["unpack", None, UnpackOptions, "write a .fqa file as a folder of scripts"],
        ["ui", None, UIOptions, "show the views of QuickApps as text"],
    ]

    def postOptions(self) -> None:
        if self.subCommand is None:
            raise usage.UsageError("hc3: a command is expected: pack, unpack, ui")


def main(arguments: list[str], show: Callable[[UIOptions], int]) -> int:
    """
    @param arguments: what comes after C{eplua hc3}
    @param show: shows views, and gives the exit code
    @return: the exit code
    """
    options: usage.Options = Options()  # type: ignore[no-untyped-call]
    try:
        usage.Options.parseOptions(options, arguments)
        if isinstance(options.subOptions, UIOptions):
            return show(options.subOptions)
        chosen = cast(PackOptions | UnpackOptions, options.subOptions)
        print_line(f"wrote {chosen.run()}")
    except usage.UsageError as problem:
        sys.stderr.write(f"eplua: {problem}\nTry 'eplua hc3 --help'.\n")
        return 2
    except BadFile as problem:
        sys.stderr.write(f"eplua: {problem}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"eplua: {problem.filename}: {problem.strerror}\n")
        return 1
    return 0


def print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
