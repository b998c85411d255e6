"""The benchmarks that `make bench` runs are all that there are."""

from __future__ import annotations

from importlib import import_module

from twisted.trial.unittest import SynchronousTestCase

from bench.run import NAMES
from tests.support import ROOT


class BenchTests(SynchronousTestCase):
    def test_every_benchmark_is_run(self) -> None:
        """A module of bench that has a C{run} is in the list."""
        there = {
            path.stem
            for path in (ROOT / "bench").glob("*.py")
            if "def run() -> list[Result]:" in path.read_text()
        }
        self.assertEqual(there, set(NAMES))

    def test_every_benchmark_can_be_imported(self) -> None:
        for name in NAMES:
            self.assertTrue(callable(import_module(f"bench.{name}").run), name)
