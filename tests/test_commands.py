"""The table of commands, what is said about each, and a command that is misspelt."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import cli
from eplua_twisted.cli import COMMANDS
from eplua_twisted.commands import misspelt
from eplua_twisted.manual import Option, Page, asked, page_of, render
from tests.support import ROOT


class InnerOptions(usage.Options):
    synopsis = "FILE"


class ToolOptions(usage.Options):
    synopsis = "[options] FILE..."
    longdesc = "Mends what is broken."
    optFlags = [["quick", "q", "in no time"]]
    optParameters = [["colour", None, "red", "of the paint"]]
    examples = (("eplua mend a.lua", "mend one"),)
    choices = {"colour": ("red", "blue"), "": ("all", "none")}

    def opt_folder(self, folder: str) -> None:
        """DIR, or FILE,
        that is mended."""


class OuterOptions(usage.Options):
    subCommands = [["inner", None, InnerOptions, "what is within"]]


PAGE = page_of("eplua mend", "mends", ToolOptions())
OUTER = page_of("eplua outer", "goes out", OuterOptions())
ANYWHERE = replace(PAGE, anywhere=True)


class PageTests(SynchronousTestCase):
    def test_options(self) -> None:
        """Their names, what comes with each, and what it may be."""
        self.assertEqual(
            [each for each in PAGE.options if each.name != "help"],
            [
                Option(
                    "colour",
                    "",
                    "COLOUR",
                    "of the paint [default: red]",
                    ("red", "blue"),
                ),
                Option("folder", "", "DIR", "DIR, or FILE, that is mended."),
                Option("quick", "q", "", "in no time"),
            ],
        )
        self.assertEqual(PAGE.choices, ("all", "none"))

    def test_commands_below(self) -> None:
        self.assertEqual(
            [(each.name, each.text, each.synopsis) for each in OUTER.commands],
            [("eplua outer inner", "what is within", "FILE")],
        )

    def test_help(self) -> None:
        """The first line says what it is; usage, examples and options follow."""
        lines = render(PAGE, 60).splitlines()
        self.assertEqual(lines[0], "eplua mend: mends")
        self.assertIn("Usage: eplua mend [options] FILE...", lines)
        self.assertIn("  eplua mend a.lua", lines)
        self.assertIn("  -q, --quick             in no time", lines)
        self.assertIn("  -h, --help              Display this help and exit.", lines)
        self.assertTrue(all(len(line) <= 60 for line in lines))

    def test_help_names_commands(self) -> None:
        lines = render(OUTER, 80).splitlines()
        self.assertIn("Usage: eplua outer COMMAND [options] ...", lines)
        self.assertIn("  inner                   what is within", lines)

    def test_asked(self) -> None:
        """Where options may come, for the command that is named last."""
        for page, words, expected in (
            (PAGE, "-h", PAGE),
            (PAGE, "--help", PAGE),
            (PAGE, "--quick --colour red -h", PAGE),
            (PAGE, "a.lua -h", None),
            (PAGE, "-- -h", None),
            (PAGE, "--folder -h", None),
            (ANYWHERE, "a.lua -h", ANYWHERE),
            (ANYWHERE, "a.lua --folder -h", None),
            (ANYWHERE, "a.lua -- -h", None),
            (OUTER, "-h", OUTER),
            (OUTER, "inner --help", OUTER.commands[0]),
            (OUTER, "inner x --help", None),
        ):
            self.assertIs(asked(page, words.split()), expected, words)


class TableTests(SynchronousTestCase):
    def pages(self) -> list[Page]:
        return [
            below
            for name, each in COMMANDS.items()
            for below in each.page(name).below()
        ]

    def test_each_is_described(self) -> None:
        """What it does stands in one line of help; its options have words."""
        for page in self.pages():
            self.assertRegex(page.text, r"^[a-z].{5,50}[^.]$", page.name)
            for option in page.options:
                self.assertTrue(option.text, f"{page.name} --{option.name}")

    def test_each_has_its_page_in_the_documentation(self) -> None:
        folder = ROOT / "docs" / "commands"
        index = (folder / "index.md").read_text()
        for name in COMMANDS:
            found = re.search(rf"\| \[`eplua {name}\b[^`]*`\]\(([\w./]+)\) \|", index)
            assert found is not None, name
            self.assertIn(f"eplua {name}", (folder / found[1]).read_text())

    def test_loaded_when_asked_for(self) -> None:
        """Neither another command nor the help of all imports one."""
        code = (
            "import sys; from eplua_twisted.cli import COMMANDS, main\n"
            "try: main(['--help'])\n"
            "except SystemExit: print({each.module for each in COMMANDS.values()}"
            " & set(sys.modules))"
        )
        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        lines = said.stdout.splitlines()
        self.assertRegex(lines[0], "^eplua: .*Lua scripts")
        self.assertIn("  eplua script.lua", lines)
        for name, each in COMMANDS.items():
            self.assertIn(f"  {name.ljust(24)}{each.text}", lines)
        self.assertEqual(lines[-1], "set()")


class EndTests(SynchronousTestCase):
    def ended(self, code: str, output: int) -> tuple[int, bytes]:
        """@return: how a process ends whose command does this, and its complaints"""
        said = subprocess.run(
            [
                sys.executable,
                "-c",
                "from eplua_twisted import cli\n"
                f"def run(*given):\n    {code}\n"
                "cli.run = run\ncli.main(['hc3'])",
            ],
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
        )
        return said.returncode, said.stderr

    def test_interrupted(self) -> None:
        """It dies by the signal, with no traceback of Python's."""
        found = self.ended("raise KeyboardInterrupt", subprocess.DEVNULL)
        self.assertEqual(found, (-signal.SIGINT, b""))

    def test_nobody_reads(self) -> None:
        """What it writes to a pipe whose reader has gone is no bug of ours."""
        reading, writing = os.pipe()
        os.close(reading)
        found = [
            self.ended("print('a', flush=True)", writing),
            self.ended("cli.main(['--help'])", writing),
        ]
        os.close(writing)
        self.assertEqual(found, [(128 + signal.SIGPIPE, b"")] * 2)


class MisspeltTests(SynchronousTestCase):
    def test_nearest(self) -> None:
        self.assertEqual(misspelt("h3c", COMMANDS), "hc3")
        for word in ("chek", "cehck", "Check"):
            self.assertEqual(
                misspelt(word, dict.fromkeys(["check"], COMMANDS["hc3"])), "check"
            )

    def test_said(self) -> None:
        """The exit code is that of a wrong command line."""
        said: list[str] = []
        self.patch(cli, "complain", said.append)
        with self.assertRaises(SystemExit) as raised:
            cli.main(["chek", "x.lua"])
        self.assertEqual(raised.exception.code, 2)
        self.assertEqual(
            said,
            [
                "eplua: no command and no file is named 'chek'; did you mean"
                " 'eplua check'?\nTry 'eplua --help'."
            ],
        )

    def test_may_be_a_script(self) -> None:
        """A path, what is nothing like a command, and what is there."""
        table = dict.fromkeys(["check"], COMMANDS["hc3"])
        for word in ("./chek", "chek.lua", "lamp", "", "-e"):
            self.assertIs(misspelt(word, table), None, word)
        self.patch(os.path, "lexists", lambda word: word == "chek")
        self.assertIs(misspelt("chek", table), None)
