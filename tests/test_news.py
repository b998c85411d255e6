"""The news fragments become the next changelog, each of them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

from twisted.trial.unittest import SynchronousTestCase

from tests.support import ROOT

NEWS = ROOT / "newsfragments"
NAME = re.compile(r"(\+[a-z0-9-]+|\d+)\.(feature|bugfix|doc|removal|misc)\.md")


class NewsTests(SynchronousTestCase):
    def test_names(self) -> None:
        """C{+NAME.TYPE.md}: others would be left out of the changelog in silence."""
        for path in NEWS.iterdir():
            if path.name != "README.md":
                self.assertTrue(NAME.fullmatch(path.name), path.name)

    def test_sentences(self) -> None:
        """Each is one paragraph that ends as a sentence does."""
        for path in NEWS.glob("*.*.md"):
            self.assertRegex(path.read_text(), r"\A[^\n].*[^\s]\.\n\Z", path.name)
            self.assertNotIn("\n\n", path.read_text(), path.name)

    def test_all_are_in_the_draft(self) -> None:
        """towncrier takes its settings, and every fragment but those of misc."""
        draft = subprocess.run(
            [sys.executable, "-m", "towncrier", "build", "--draft"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        self.assertIn(f"## {version['version']} (", draft)
        for path in NEWS.glob("*.*.md"):
            if ".misc." not in path.name:
                words = path.read_text().split()
                self.assertIn(" ".join(words), " ".join(draft.split()), path.name)

    def test_place_in_the_changelog(self) -> None:
        """towncrier writes a release below this mark."""
        text = (ROOT / "CHANGELOG.md").read_text()
        self.assertEqual(text.count("<!-- towncrier release notes start -->\n"), 1)
