"""Who may look."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.inspector.door import VARIABLE, token_of

TOKEN = "of-16-characters"


class TokenTests(SynchronousTestCase):
    def file(self, text: str) -> str:
        path = Path(self.mktemp())
        path.write_text(text)
        return os.fspath(path)

    def test_new(self) -> None:
        """One that nobody guesses, and another one each time."""
        token, is_new = token_of(None, {})
        self.assertTrue(is_new)
        self.assertTrue(len(token) >= 32, token)
        self.assertNotEqual(token_of(None, {})[0], token)

    def test_chosen(self) -> None:
        """That of a file, whose last line may have an end, comes first."""
        environment = {VARIABLE: "another-one-of-the-environment"}
        self.assertEqual(
            token_of(None, environment), ("another-one-of-the-environment", False)
        )
        file = self.file(f"{TOKEN}\n")
        self.assertEqual(token_of(file, environment), (TOKEN, False))

    def test_refused(self) -> None:
        for text in ("", "short", "two words of a token", "schlüssel-mit-umlaut"):
            file = self.file(text)
            problem = self.assertRaises(OperationError, token_of, file, {})
            self.assertTrue(problem.message.startswith(f"the token of {file} has to"))
            problem = self.assertRaises(
                OperationError, token_of, None, {VARIABLE: text}
            )
            self.assertTrue(problem.message.startswith(f"the token of {VARIABLE} "))

    def test_no_file(self) -> None:
        self.assertRaises(OSError, token_of, "/does/not/exist", {})
