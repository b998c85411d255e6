"""What C{eplua watch} says when it cannot begin."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import console
from eplua_twisted.tools.watch import command


class RefusalTests(SynchronousTestCase):
    def test_what_cannot_be_watched(self) -> None:
        said: list[str] = []
        self.patch(command, "complain", said.append)
        self.patch(console, "complain", said.append)
        for arguments, code, text in (
            (["/none/such.lua"], 1, "eplua watch: cannot read /none/such.lua: No such"),
            (
                ["-e", "print(1)"],
                2,
                "eplua: --execute has no file that could be watched",
            ),
            (["-"], 2, "eplua: standard input is no file that could be watched"),
            ([], 2, "eplua: no script given"),
        ):
            self.assertEqual(command.main(arguments), code)
            self.assertTrue(said.pop().startswith(text), text)
