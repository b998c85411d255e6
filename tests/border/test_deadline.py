"""One call that the reactor makes later, or never."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.deadline import Deadline, StallDeadline, limit
from eplua_twisted.errors import OperationError
from tests.support import LuaTestCase, MemoryReactor


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


class TurnTests(SynchronousTestCase):
    """The reactor gets its turn late, because a script works."""

    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.calls: list[str] = []
        self.deadline = Deadline(self.reactor, lambda: self.calls.append("over"))

    def test_begins_with_the_turn(self) -> None:
        self.deadline.start(5)
        self.reactor.work(7)
        self.reactor.advance(0)
        self.reactor.advance(4.9)
        self.assertEqual((self.calls, self.deadline.active), ([], True))
        self.reactor.advance(0.1)
        self.assertEqual((self.calls, self.deadline.active), (["over"], False))

    def test_work_that_ends_before(self) -> None:
        """Also when the time was not over yet at the turn."""
        self.deadline.start(5)
        self.reactor.work(3)
        self.reactor.advance(0)
        self.reactor.advance(4.9)
        self.assertEqual(self.calls, [])
        self.reactor.advance(0.1)
        self.assertEqual(self.calls, ["over"])

    def test_later_work_counts(self) -> None:
        self.deadline.start(5)
        self.reactor.advance(0)
        self.reactor.work(5)
        self.reactor.advance(0)
        self.assertEqual(self.calls, ["over"])

    def test_cancel(self) -> None:
        self.deadline.start(5)
        self.reactor.work(7)
        self.reactor.advance(0)
        self.deadline.cancel()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_restart(self) -> None:
        """Counts from the call."""
        self.deadline.start(5)
        self.deadline.restart(5)
        self.reactor.work(5)
        self.reactor.advance(0)
        self.assertEqual(self.calls, ["over"])


class LimitTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = MemoryReactor()

    def test_in_time(self) -> None:
        """Its result, or its failure; nothing is left."""
        for end in (
            lambda attempt: attempt.callback("result"),
            lambda attempt: attempt.errback(ZeroDivisionError()),
        ):
            attempt: Deferred[str] = Deferred()
            results: list[object] = []
            limit(attempt, self.reactor, 5).addBoth(results.append)
            end(attempt)
            self.assertEqual(len(results), 1)
            self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_late(self) -> None:
        """It is cancelled, and C{timeout}, whatever it says of that."""
        for says in (
            lambda attempt: None,
            lambda attempt: attempt.errback(ZeroDivisionError()),
            lambda attempt: attempt.callback("result"),
        ):
            attempt: Deferred[str] = limit(Deferred(says), self.reactor, 5)
            self.reactor.advance(5)
            problem = self.failureResultOf(attempt, OperationError).value
            self.assertEqual(problem.code, "timeout")

    def test_cancelled_by_others(self) -> None:
        attempt: Deferred[str] = limit(Deferred(), self.reactor, 5)
        attempt.cancel()
        self.failureResultOf(attempt, CancelledError)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_turn(self) -> None:
        attempt: Deferred[str] = limit(Deferred(), self.reactor, 5)
        self.reactor.work(7)
        self.reactor.advance(0)
        self.assertNoResult(attempt)
        self.reactor.advance(5)
        self.failureResultOf(attempt, OperationError)


class ScriptTests(LuaTestCase):
    """A script asks for something, and works for a long time in the same handler."""

    OPERATIONS = {
        "tcp": 'net.TCPSocket({timeout = 1000}):connect("127.0.0.1", 80, {error = print})',
        "http": 'net.HTTPClient():request("http://127.0.0.1/",'
        " {options = {timeout = 1000}, error = print})",
        "ws": "local ws = net.WebSocketClient({timeout = 1000})"
        ' ws:addEventListener("error", print) ws:connect("ws://127.0.0.1/")',
        "mqtt": 'local c = mqtt.Client.connect("127.0.0.1", {timeout = 1000})'
        ' c:addEventListener("error", function(e) print(e.message) end)',
        "udp": "net.UDPSocket({timeout = 1000}):receive({error = print})",
        "wait": 'task.start(function() print(net.WebSocketClient():wait("pong", 1000)) end)',
    }

    def test_time_begins_with_the_turn(self) -> None:
        for name, code in self.OPERATIONS.items():
            self.lines.clear()
            self.run_lua(code)
            self.reactor.work(1.2)
            self.turn()
            self.reactor.advance(0.9)
            self.assertEqual(self.lines, [], name)
            self.reactor.advance(0.2)
            self.turn()
            self.assertEqual(len(self.lines), 1, name)
            self.assertIn(b"Operation canceled", self.lines[0])


class StallDeadlineTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.amount = 0
        self.calls: list[float] = []
        self.deadline = StallDeadline(
            self.clock,
            lambda: self.amount,
            lambda: self.calls.append(self.clock.seconds()),
        )

    def run_for(self, seconds: int, moving: bool = False) -> None:
        for _ in range(seconds):
            self.amount += moving
            self.clock.advance(1)

    def test_nothing_moves(self) -> None:
        self.deadline.start(8)
        self.run_for(20)
        self.assertEqual((self.calls, self.deadline.active), ([8], False))

    def test_runs_only_while_nothing_moves(self) -> None:
        self.deadline.start(8)
        self.run_for(100, moving=True)
        self.assertEqual((self.calls, self.deadline.active), ([], True))
        self.run_for(20)
        self.assertEqual(len(self.calls), 1)
        self.assertTrue(108 <= self.calls[0] <= 110, self.calls)

    def test_start_again_changes_nothing(self) -> None:
        self.deadline.start(8)
        self.run_for(6)
        self.deadline.start(8)
        self.run_for(2)
        self.assertEqual(self.calls, [8])

    def test_cancel(self) -> None:
        self.deadline.cancel()
        self.deadline.start(8)
        self.deadline.cancel()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertFalse(self.deadline.active)
