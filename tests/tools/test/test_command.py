"""What C{eplua test} says when it has nothing to run."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import console
from eplua_twisted.tools.test import command


class NothingTests(SynchronousTestCase):
    """One line, and 2."""

    def refused(self, *arguments: str) -> str:
        said: list[str] = []
        self.patch(command, "complain", said.append)
        self.patch(console, "complain", said.append)
        self.assertEqual(command.main(list(arguments)), 2)
        return "\n".join(said)

    def test_no_tests(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.assertEqual(
            self.refused(str(folder)),
            f"eplua test: no files *_test.lua below {folder}",
        )

    def test_what_is_not_there(self) -> None:
        self.assertEqual(
            self.refused("/none/such_test.lua", "--seed=1"),
            "eplua test: cannot read /none/such_test.lua: No such file or directory",
        )

    def test_wrong_options(self) -> None:
        self.assertEqual(
            self.refused("--fault=none"),
            "eplua: unknown --fault=none; known: split, delay, reset\n"
            "Try 'eplua test --help'.",
        )
