"""One call that the reactor makes later, or never."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.deadline import Deadline


class DeadlineTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.calls: list[tuple[object, ...]] = []
        self.deadline = Deadline(
            self.clock, lambda *arguments: self.calls.append(arguments), "a", 2
        )

    def test_calls_once(self) -> None:
        self.deadline.start(5)
        self.clock.advance(4.9)
        self.assertEqual((self.calls, self.deadline.active), ([], True))
        self.clock.advance(0.1)
        self.assertEqual((self.calls, self.deadline.active), ([("a", 2)], False))
        self.clock.advance(100)
        self.assertEqual(len(self.calls), 1)

    def test_second_start_changes_nothing(self) -> None:
        self.deadline.start(5)
        self.clock.advance(3)
        self.deadline.start(5)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(2)
        self.assertEqual(len(self.calls), 1)

    def test_restart_begins_anew(self) -> None:
        self.deadline.start(5)
        self.clock.advance(3)
        self.deadline.restart(4)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(3.9)
        self.assertEqual(self.calls, [])
        self.clock.advance(0.1)
        self.assertEqual(len(self.calls), 1)

    def test_restart_starts(self) -> None:
        """Also when it was never started, was cancelled, or is over."""
        for prepare in (lambda: None, self.deadline.cancel, lambda: None):
            self.calls.clear()
            prepare()
            self.deadline.restart(1)
            self.clock.advance(1)
            self.assertEqual(len(self.calls), 1)

    def test_cancel(self) -> None:
        self.deadline.start(5)
        self.deadline.cancel()
        self.assertFalse(self.deadline.active)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancel_is_harmless(self) -> None:
        """Before the start, twice, and when it is over."""
        self.deadline.cancel()
        self.deadline.start(1)
        self.deadline.cancel()
        self.deadline.cancel()
        self.deadline.start(1)
        self.clock.advance(1)
        self.deadline.cancel()
        self.assertEqual(len(self.calls), 1)

    def test_started_by_what_it_calls(self) -> None:
        """The function may start it again, as a ping does."""
        deadline = Deadline(self.clock, lambda: again())

        def again() -> None:
            self.calls.append(())
            deadline.start(1)

        deadline.start(1)
        self.clock.pump([1, 1, 1])
        self.assertEqual(len(self.calls), 3)
        deadline.cancel()

    def test_cancelled_by_what_it_calls(self) -> None:
        deadline = Deadline(self.clock, lambda: deadline.cancel())
        deadline.start(1)
        self.clock.advance(1)
        self.assertFalse(deadline.active)
