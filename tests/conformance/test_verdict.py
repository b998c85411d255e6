"""A run of the suite is judged by its report."""

from __future__ import annotations

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.conformance.verdict import complaints


class VerdictTests(SynchronousTestCase):
    def judge(self, *verdicts: tuple[str, str], expected: int) -> list[str]:
        index = Path(self.mktemp())
        cases = {
            f"1.{number}": {"behavior": behavior, "behaviorClose": close}
            for number, (behavior, close) in enumerate(verdicts, 1)
        }
        index.write_text(json.dumps({"eplua": cases}))
        return list(complaints(index, expected))

    def test_all_passed(self) -> None:
        passed = ("OK", "OK"), ("INFORMATIONAL", "INFORMATIONAL")
        self.assertEqual(self.judge(*passed, expected=2), [])

    def test_cases_that_did_not_pass_are_named(self) -> None:
        self.assertEqual(
            self.judge(("OK", "OK"), ("FAILED", "OK"), ("OK", "UNCLEAN"), expected=3),
            [
                "case 1.2: FAILED, its closing handshake: OK",
                "case 1.3: OK, its closing handshake: UNCLEAN",
            ],
        )

    def test_not_strict_is_not_passed(self) -> None:
        self.assertEqual(
            self.judge(("NON-STRICT", "OK"), expected=1),
            ["case 1.1: NON-STRICT, its closing handshake: OK"],
        )

    def test_a_missing_case_is_a_failure(self) -> None:
        self.assertEqual(self.judge(("OK", "OK"), expected=2), ["1 cases ran, not 2"])

    def test_a_run_without_a_report_is_a_failure(self) -> None:
        nothing = Path(self.mktemp())
        self.assertEqual(list(complaints(nothing, 2)), ["0 cases ran, not 2"])
