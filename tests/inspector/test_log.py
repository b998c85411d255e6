"""The last lines of the log."""

from __future__ import annotations

from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.inspector.log import LONGEST, MAX_ERRORS, MAX_LINES, LastLines


class LastLinesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.lines = LastLines()
        self.lines.start()
        self.addCleanup(self.lines.stop)
        self.log = Logger()

    def texts(self) -> list[tuple[str, str]]:
        return [(each.level, each.text) for each in self.lines.lines]

    def test_levels(self) -> None:
        """All but debugging; of a failure its traceback."""
        self.log.debug("a")
        self.log.info("b {x}", x=1)
        self.log.warn("c")
        self.log.critical("d")
        try:
            raise ZeroDivisionError("e")
        except ZeroDivisionError:
            self.log.failure("f")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        texts = self.texts()
        self.assertEqual(texts[:3], [("INFO", "b 1"), ("WARNING", "c"), ("ERROR", "d")])
        level, text = texts[3]
        self.assertEqual(level, "ERROR")
        self.assertTrue(text.startswith("f\nTraceback"), text)
        self.assertIn("ZeroDivisionError: e", text)

    def test_bounded(self) -> None:
        """Errors are kept when much else has come since; a long line is cut."""
        for number in range(MAX_ERRORS + 5):
            self.log.error("error {number}", number=number)
        for number in range(MAX_LINES + 5):
            self.log.info("{number}", number=number)
        self.log.info("{text}", text="x" * 2 * LONGEST)
        self.assertEqual((len(self.lines.lines), len(self.lines.errors)), (500, 50))
        self.assertEqual(self.lines.errors[0].text, "error 5")
        self.assertEqual(self.texts()[-1], ("INFO", "x" * LONGEST + "…"))

    def test_since(self) -> None:
        self.log.info("a")
        last = self.lines.lines[-1].number
        self.assertEqual(self.lines.since(last), [])
        self.lines.add(0.0, "PRINT", "b")
        self.assertEqual([each.text for each in self.lines.since(last)], ["b"])

    def test_secrets(self) -> None:
        """The URL with the token is in the log, and not in the page."""
        self.log.info("a token", secret=True)
        self.assertEqual(self.texts(), [])

    def test_stopped(self) -> None:
        self.lines.stop()
        self.log.info("a")
        self.assertEqual(self.texts(), [])
