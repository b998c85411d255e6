"""No word of what users and readers see is misspelled in a way that is known."""

from __future__ import annotations

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.support import ROOT

FOLDERS = ("docs", "eplua_twisted", "lua", "examples", "newsfragments", "bench", ".ci")
"""Texts, docstrings, comments and messages; tests misspell on purpose."""


class SpellingTests(SynchronousTestCase):
    def test_spelling(self) -> None:
        pages = [path.name for path in ROOT.glob("*.md")]
        checked = subprocess.run(
            [sys.executable, "-m", "codespell_lib", *FOLDERS, *pages, "Makefile"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(checked.stdout + checked.stderr, "")
