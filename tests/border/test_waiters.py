"""Deferreds that wait for their turn."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.waiters import Waiters
from eplua_twisted.errors import OperationError


class WaitersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.fired: list[object] = []
        self.withdrawn: list[int] = []
        self.waiters: Waiters[str] = Waiters(
            3, "3 wait already", lambda: self.withdrawn.append(len(self.waiters))
        )

    def wait(self, name: str) -> Deferred[str]:
        waiter = self.waiters.wait()
        waiter.addBoth(lambda result: self.fired.append((name, result)))
        return waiter

    def test_in_order(self) -> None:
        self.wait("a")
        self.wait("b")
        self.assertEqual(len(self.waiters), 2)
        self.waiters.fire_next("x")
        self.assertEqual((self.fired, len(self.waiters)), ([("a", "x")], 1))
        self.waiters.fire_next("y")
        self.assertEqual(self.fired, [("a", "x"), ("b", "y")])
        self.assertFalse(self.waiters)

    def test_bounded(self) -> None:
        for name in "abc":
            self.wait(name)
        problem = self.assertRaises(OperationError, self.waiters.wait)
        self.assertEqual((problem.code, problem.message), ("limit", "3 wait already"))
        self.waiters.fire_next("x")
        self.wait("d")
        self.assertEqual(len(self.waiters), 3)

    def test_withdrawn(self) -> None:
        """One that is cancelled leaves the queue, and who keeps the queue is told."""
        first = self.waiters.wait()
        self.wait("b")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual(self.withdrawn, [1])
        self.waiters.fire_next("x")
        self.assertEqual(self.fired, [("b", "x")])

    def test_cancelled_when_it_has_fired(self) -> None:
        """Nothing is withdrawn then."""
        waiter = self.waiters.wait()
        self.waiters.fire_next("x")
        waiter.cancel()
        self.assertEqual(self.successResultOf(waiter), "x")
        self.assertEqual(self.withdrawn, [])

    def test_whoever_fires_sees_what_the_next_one_waits_for(self) -> None:
        """Whoever fires them sees what the next one waits for."""
        waiters: Waiters[None] = Waiters()
        for level in (7, 3):
            waiters.wait(level)
        self.assertEqual(waiters.level, 7)
        waiters.fire_next(None)
        self.assertEqual(waiters.level, 3)

    def test_fail_all(self) -> None:
        """In order, each with an exception of its own."""
        one, two = self.waiters.wait(), self.waiters.wait()
        self.waiters.fail_all(lambda: OperationError("state", "closed"))
        first = self.failureResultOf(one, OperationError).value
        second = self.failureResultOf(two, OperationError).value
        self.assertIsNot(first, second)
        self.assertFalse(self.waiters)
        self.assertEqual(self.withdrawn, [])

    def test_wait_while_they_fail(self) -> None:
        """Who begins to wait meanwhile is not among those that fail."""
        waiter = self.waiters.wait()
        waiter.addErrback(lambda _: str(self.wait("again")))
        self.waiters.fail_all(CancelledError)
        self.assertEqual((self.fired, len(self.waiters)), ([], 1))

    def test_cancelled_while_they_fail(self) -> None:
        """One of them may give the others up: each fails once."""
        first, second = self.waiters.wait(), self.waiters.wait()
        first.addErrback(lambda _: second.cancel())
        self.waiters.fail_all(lambda: OperationError("state", "closed"))
        self.failureResultOf(second, CancelledError)

    def test_wait_while_one_fires(self) -> None:
        """It goes to the end of the queue."""
        waiter = self.waiters.wait()
        waiter.addCallback(lambda _: str(self.wait("again")))
        self.wait("b")
        self.waiters.fire_next("x")
        self.waiters.fire_next("y")
        self.assertEqual(self.fired, [("b", "y")])
