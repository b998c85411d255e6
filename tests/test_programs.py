"""Missing programs skip their tests, or fail them in CI, and are named at the end."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from io import StringIO
from typing import Any

from twisted.plugin import getPlugins
from twisted.trial.itrial import IReporter
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestSuite

from tests.support import ROOT, programs
from tests.support.programs import need_node_package, need_program, packages, summary
from tests.support.reporter import PackagesReporter


class NeedTests(SynchronousTestCase):
    def environment(self, **values: str) -> None:
        self.patch(os, "environ", {**os.environ, **values})

    def test_path(self) -> None:
        self.environment(PATH="/usr/bin:/bin", CI="1")
        self.assertTrue(need_program("sh").endswith("/sh"))

    def test_skips(self) -> None:
        self.environment(PATH="", CI="")
        with self.assertRaises(SkipTest) as raised:
            need_program("luacheck")
        self.assertEqual(str(raised.exception), "needs luacheck: install lua-check")

    def test_fails_in_ci(self) -> None:
        self.environment(PATH="", CI="1")
        with self.assertRaises(LookupError):
            need_program("socat")

    def test_node_package(self) -> None:
        """node without the package is not enough; what is missing is named at once."""
        directory = os.path.abspath(self.mktemp())
        os.makedirs(directory)
        node = os.path.join(directory, "node")
        with open(node, "w") as file:
            file.write("#!/bin/sh\n")
        os.chmod(node, 0o755)
        self.environment(PATH=directory, CI="")
        self.patch(
            programs, "packages", lambda: {"node": "nodejs", "no-such": "npm:no-such"}
        )
        with self.assertRaises(SkipTest) as raised:
            need_node_package("no-such")
        self.assertEqual(str(raised.exception), "needs no-such: install npm:no-such")
        os.remove(node)
        with self.assertRaises(SkipTest) as raised:
            need_node_package("no-such")
        self.assertEqual(
            str(raised.exception), "needs node and no-such: install nodejs npm:no-such"
        )

    def test_all_have_a_package(self) -> None:
        """What the tests ask for is in C{tests/programs.txt}, so CI installs it."""
        known = packages()
        found = set()
        for path in (ROOT / "tests").rglob("test_*.py"):
            found |= set(re.findall(r'need_\w+\("([\w-]+)"\)', path.read_text()))
        self.assertIn("socat", found)
        self.assertEqual(found - known.keys(), {"no-such", "sh"})


class SummaryTests(SynchronousTestCase):
    def test_nothing_skipped(self) -> None:
        self.assertEqual(summary([]), "")

    def test_packages(self) -> None:
        """Each package once, in order."""
        self.assertEqual(
            summary(
                [
                    "needs socat: install socat",
                    "needs mosquitto_passwd: install mosquitto",
                    "needs mosquitto: install mosquitto",
                ]
            ),
            "3 skipped: install mosquitto socat to run them",
        )

    def test_other_reasons(self) -> None:
        """They are counted, but installing does not help."""
        self.assertEqual(
            summary(["no IPv6", "needs node and ws: install nodejs npm:ws"]),
            "1 skipped: install nodejs npm:ws to run them; 1 skipped for the reasons above",
        )


class ReporterTests(SynchronousTestCase):
    def report(self, *reasons: str) -> str:
        """@return: what the reporter writes about tests skipped for these reasons"""

        class Case(SynchronousTestCase):
            def runTest(self) -> None:
                """Passes."""

        class Skipped(SynchronousTestCase):
            def __init__(self, reason: str) -> None:
                super().__init__()
                self.reason = reason

            def runTest(self) -> None:
                raise SkipTest(self.reason)

        output = StringIO()
        reporter = PackagesReporter(output)
        TestSuite([Case(), *map(Skipped, reasons)]).run(reporter)
        reporter.done()
        return output.getvalue()

    def test_last_line(self) -> None:
        """It follows trial's own summary."""
        output = self.report("needs curl: install curl")
        self.assertTrue(
            output.endswith(
                "\nPASSED (skips=1, successes=1)\n1 skipped: install curl to run them\n"
            ),
            output,
        )

    def test_nothing_to_say(self) -> None:
        self.assertTrue(self.report().endswith("\nPASSED (successes=1)\n"))

    def test_trial_finds_it(self) -> None:
        """By the name that the Makefile uses."""
        plugins: Iterable[Any] = getPlugins(IReporter)
        (found,) = [each for each in plugins if each.longOpt == "packages"]
        self.assertIn(f"--reporter={found.longOpt}", (ROOT / "Makefile").read_text())
        self.assertEqual(
            (found.module, found.klass),
            (PackagesReporter.__module__, PackagesReporter.__name__),
        )
