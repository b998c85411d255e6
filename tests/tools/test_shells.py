"""Completion and the man page: the programs that read them are asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.cli import COMMANDS
from eplua_twisted.commands import whole
from eplua_twisted.foreground import CommandOptions
from eplua_twisted.manual import Option, Page
from eplua_twisted.tools.shells import bash, roff, zsh
from tests.support.programs import need_program

LUA = Option("lua", "l", "LUA", "of [scripts]: 'all'", ("5.3", "5.4"))
STATE = Option("state", "", "FILE", "that is kept")
SPEED = Option("speed", "", "FACTOR", "of time; repeatable")
PAGE = Page(
    "eplua",
    "runs scripts",
    "SCRIPT",
    options=(LUA, STATE, SPEED),
    commands=(
        Page("eplua check", "finds mistakes", "FILE", options=(LUA,)),
        Page(
            "eplua hc3",
            "has files",
            commands=(Page("eplua hc3 pack", "packs", "FILE"),),
        ),
        Page("eplua shell", "says which", "NAME", choices=("bash", "zsh")),
    ),
    examples=(("eplua -l 5.3 a.lua", ".runs it"),),
)

ASK = """
compopt() { :; }
. ./completion
cd files
while IFS= read -r line; do
  COMP_WORDS=($line)
  [[ $line != *" " ]] || COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _eplua
  echo "${COMPREPLY[*]}"
done
"""


class BashTests(SynchronousTestCase):
    def complete(self, *lines: str) -> list[str]:
        """@return: the words that bash finds at the ends of the lines; C{_} is a space"""
        directory = Path(self.mktemp())
        (directory / "files").mkdir(parents=True)
        (directory / "files" / "ch.lua").touch()
        (directory / "completion").write_text(bash.script(PAGE))
        said = subprocess.run(
            [need_program("bash"), "-c", ASK],
            input="".join(line.replace("_", " ") + "\n" for line in lines),
            cwd=directory,
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(said.stderr, "")
        return said.stdout.splitlines()

    def test_words(self) -> None:
        """Commands and files, options and their values, of the command that is meant."""
        expected = {
            "eplua_": "check hc3 shell ch.lua",
            "eplua_c": "check ch.lua",
            "eplua_-": "-l --lua --state --speed",
            "eplua_--s": "--state --speed",
            "eplua_--lua_": "5.3 5.4",
            "eplua_-l_5.4": "5.4",
            "eplua_--lua_=_": "5.3 5.4",
            "eplua_--lua_=": "5.3 5.4",
            "eplua_--state_": "ch.lua",
            "eplua_--speed_": "",
            "eplua_check_": "ch.lua",
            "eplua_check_--": "--lua",
            "eplua_hc3_": "pack",
            "eplua_hc3_pack_": "ch.lua",
            "eplua_shell_": "bash zsh",
            "eplua_ch.lua_": "ch.lua",
        }
        self.assertEqual(
            dict(zip(expected, self.complete(*expected), strict=True)), expected
        )


class SyntaxTests(SynchronousTestCase):
    """What is made of all commands that there are."""

    def setUp(self) -> None:
        self.page = whole(CommandOptions(COMMANDS), COMMANDS)

    def accepted(self, text: str, program: str, *arguments: str) -> str:
        said = subprocess.run(
            [need_program(program), *arguments],
            input=text.encode(),
            capture_output=True,
            check=False,
        )
        self.assertEqual((said.returncode, said.stderr), (0, b""), said.stdout)
        return said.stdout.decode()

    def test_bash(self) -> None:
        self.assertEqual(self.accepted(bash.script(self.page), "bash", "-n"), "")

    def test_zsh(self) -> None:
        self.assertEqual(self.accepted(zsh.script(self.page), "zsh", "-n"), "")

    def test_mandoc(self) -> None:
        self.accepted(roff.man_page(self.page), "mandoc", "-T", "lint", "-W", "error")

    def test_man(self) -> None:
        """No warning; it has all commands and options."""
        text = self.accepted(
            roff.man_page(self.page), "man", "--warnings", "-P", "cat", "-l", "-"
        )
        for page in self.page.below():
            self.assertIn(page.name, text)
            for option in page.options:
                self.assertIn(f"--{option.name}", text)


class TextTests(SynchronousTestCase):
    def test_zsh(self) -> None:
        """Brackets and quotes of the texts are not those of the script."""
        text = zsh.script(PAGE)
        self.assertIn(
            r"""'(-l --lua)'{-l,--lua=}'[of \[scripts\]\: '\''all'\'']:LUA:(5.3 5.4)'""",
            text,
        )
        self.assertIn("'--state=[that is kept]:FILE:_files'", text)
        self.assertIn("'*--speed=[of time; repeatable]:FACTOR: '", text)
        self.assertIn("'*:argument:(bash zsh)'", text)

    def test_roff(self) -> None:
        """A line that begins with a point is text."""
        text = roff.man_page(PAGE)
        self.assertIn("\n.TP\n\\fBeplua \\-l 5.3 a.lua\\fR\n\\&.runs it\n", text)
        self.assertIn("\n.SS eplua hc3 pack\n", text)
