"""docs/hc3.md and docs/reference/hc3.md: what they show runs."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from tests.support import ROOT
from tests.support.hc3_scripts import HostTestCase

PAGE = (ROOT / "docs" / "hc3.md").read_text()
REFERENCE = (ROOT / "docs" / "reference" / "hc3.md").read_text()


class SnippetTests(HostTestCase):
    def said_by(self, snippet: str) -> list[str]:
        done = self.runtime.run_string(snippet, "@test.lua")
        for _ in range(62):
            self.reactor.advance(60)
            self.turn(4)
        self.successResultOf(done)
        self.assertEqual((self.errors, self.warnings), ([], []))
        return self.texts

    def test_quickapp(self) -> None:
        quickapp, _ = re.findall(r"```lua hc3\n(.*?)```", PAGE, re.DOTALL)
        texts = self.said_by(quickapp)
        self.assertRegex(texts[0], r"^Good evening from Lamp \d+$")
        self.assertEqual(texts[1:], ["value is true"])

    def test_scene(self) -> None:
        _, scene = re.findall(r"```lua hc3\n(.*?)```", PAGE, re.DOTALL)
        texts = self.said_by(scene)
        self.assertEqual(len(texts), 1)
        self.assertIn('"property":"cron"', texts[0])

    def test_reference(self) -> None:
        children, waiting = re.findall(r"```lua hc3\n(.*?)```", REFERENCE, re.DOTALL)
        self.assertEqual(
            self.said_by(children), ["valve Hall", "Hall 200", "value is true"]
        )
        self.runtime = self.make_runtime()
        # Nobody answers there.
        self.assertEqual(self.said_by(waiting), ["no device: Operation canceled"])


class ExamplePageTests(SynchronousTestCase):
    def test_examples_are_on_their_page(self) -> None:
        """Each QuickApp of examples/hc3, which all have a test."""
        page = (ROOT / "docs" / "hc3-examples.md").read_text()
        tests = (ROOT / "tests" / "loopback" / "hc3" / "test_examples.py").read_text()
        names = [path.name for path in (ROOT / "examples" / "hc3").glob("*.lua")]
        self.assertEqual(len(names), 5)
        for name in names:
            self.assertIn(f"`examples/hc3/{name}`", page)
            self.assertIn(f'"{name}"', tests)
