"""Delayed calls on a reactor whose clock somebody sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet import reactor as real_reactor
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.clock import (
    Below,
    KernelAlarm,
    ReactorAlarm,
    SteadyReactor,
    make_alarm,
    steady,
)
from tests.support import LoopbackTestCase, start_peer


class Reactor(MemoryReactorClock):
    """
    In memory.

    @ivar turn: what is to be called on the next turn
    """

    def __init__(self) -> None:
        super().__init__()
        self.turn: list[Callable[[], None]] = []

    def callFromThread(self, callable: Any, *args: object, **kw: object) -> None:
        self.turn.append(callable)

    def next_turn(self) -> None:
        turn, self.turn = self.turn, []
        for each in turn:
            each()


class Alarm:
    """
    Rings when the test says so.

    @ivar due: when it is to ring
    """

    def __init__(self, reactor: Any, ring: Callable[[], None]) -> None:
        self.ring = ring
        self.due: float | None = None
        self.open = True

    def set(self, due: float, delay: float) -> None:
        self.due = due

    def close(self) -> None:
        self.open = False


class SteadyReactorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 1000.0
        self.alarms: list[Alarm] = []
        self.reactor = Reactor()
        self.clock = SteadyReactor(self.reactor, lambda: self.now, self.make_alarm)
        self.called: list[object] = []

    def make_alarm(self, reactor: Any, ring: Callable[[], None]) -> Any:
        self.alarms.append(Alarm(reactor, ring))
        return self.alarms[-1]

    def call(self, delay: float, name: object = None) -> Any:
        return self.clock.callLater(delay, self.called.append, name)

    def at(self, seconds: float) -> None:
        """The time is so many seconds after the beginning, and the alarm rings."""
        self.now = 1000.0 + seconds
        self.alarms[-1].ring()

    def test_called_when_due(self) -> None:
        self.call(5, "a")
        self.assertEqual(self.alarms[0].due, 1005)
        self.at(4.9)
        self.assertEqual(self.called, [])
        self.at(5)
        self.assertEqual(self.called, ["a"])

    def test_reactor_time_does_not_matter(self) -> None:
        """The reactor's clock is set forward and back: nothing comes of it."""
        self.call(5, "a")
        self.reactor.advance(3600)
        self.assertEqual(self.called, [])
        self.reactor.rightNow = -3600.0
        self.at(5)
        self.assertEqual(self.called, ["a"])

    def test_order(self) -> None:
        """The order of the times, and for equal times that in which they were set."""
        for delay, name in ((2, "c"), (1, "a"), (1, "b"), (2, "d")):
            self.call(delay, name)
        self.at(2)
        self.assertEqual(self.called, ["a", "b", "c", "d"])

    def test_alarm_is_set_for_the_first(self) -> None:
        for delay, due in ((5, 1005), (7, 1005), (3, 1003)):
            self.call(delay)
            self.assertEqual(self.alarms[0].due, due)
        self.at(3)
        self.assertEqual(self.alarms[0].due, 1005)
        self.assertEqual(len(self.alarms), 1)

    def test_turn(self) -> None:
        """The next turn is one for all who ask before it, and has its time after it."""
        turn = self.clock.turn()
        self.assertIs(self.clock.turn(), turn)
        self.now += 7
        self.assertIsNone(turn.begun)
        self.reactor.advance(0)
        self.assertEqual(turn.begun, 1007)
        self.assertIsNot(self.clock.turn(), turn)

    def test_turn_when_the_clock_is_set_back(self) -> None:
        """An alarm comes in a turn too."""
        self.call(5)
        turn = self.clock.turn()
        self.reactor.rightNow -= 3600
        self.at(5)
        self.assertEqual(turn.begun, 1005)

    def test_at_once_is_the_next_turn(self) -> None:
        """Without an alarm, and never inside of the call."""
        self.call(0, "a")
        self.call(0, "b")
        self.assertEqual((self.called, len(self.reactor.turn)), ([], 1))
        self.reactor.next_turn()
        self.assertEqual((self.called, self.alarms), (["a", "b"], []))

    def test_at_once_from_a_call(self) -> None:
        """What is set by a call for at once lets the reactor turn first."""
        self.clock.callLater(0, self.call, 0, "a")
        self.reactor.next_turn()
        self.assertEqual(self.called, [])
        self.reactor.next_turn()
        self.assertEqual(self.called, ["a"])

    def test_cancel(self) -> None:
        call = self.call(1, "a")
        self.call(1, "b")
        call.cancel()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.at(1)
        self.assertEqual(self.called, ["b"])
        self.assertRaises(AlreadyCancelled, call.cancel)

    def test_cancel_what_was_called(self) -> None:
        call = self.call(1)
        self.at(1)
        self.assertRaises(AlreadyCalled, call.cancel)

    def test_reset_to_later(self) -> None:
        call = self.call(1, "a")
        call.reset(3)
        self.at(2)
        self.assertEqual((self.called, call.getTime()), ([], 1003))
        self.at(3)
        self.assertEqual(self.called, ["a"])

    def test_reset_to_sooner(self) -> None:
        call = self.call(5, "a")
        call.reset(1)
        self.assertEqual(self.alarms[0].due, 1001)
        self.at(1)
        self.assertEqual(self.called, ["a"])
        self.at(5)
        self.assertEqual(self.called, ["a"])

    def test_cancelled_in_thousands(self) -> None:
        """They are forgotten, also by a call while calls are made."""
        kept = self.call(1, "kept")

        def many() -> None:
            for _ in range(1000):
                self.call(50).cancel()

        many()
        self.clock.callLater(0.5, many)
        self.at(0.5)
        self.assertEqual(self.clock.getDelayedCalls(), [kept])
        self.at(1)
        self.assertEqual(self.called, ["kept"])

    def test_error(self) -> None:
        """It is logged, and the other calls are made."""
        self.clock.callLater(1, lambda: 1 // 0)
        self.call(1, "a")
        self.at(1)
        self.assertEqual(self.called, ["a"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_rest(self) -> None:
        """The alarm goes when nothing is pending any more, or at once."""
        self.call(1).cancel()
        self.clock.rest()
        self.assertEqual(self.alarms[0].open, False)
        self.call(1, "a")
        self.clock.rest()
        self.assertEqual(self.alarms[1].open, True)
        self.at(1)
        self.assertEqual((self.called, self.alarms[1].open), (["a"], False))

    def test_everything_else_is_the_reactor_s(self) -> None:
        self.assertEqual(self.clock.listenTCP, self.reactor.listenTCP)

    def test_memory_is_left_alone(self) -> None:
        """A reactor whose time the test moves needs no other clock."""
        self.assertIs(steady(self.reactor), self.reactor)


class ReactorAlarmTests(SynchronousTestCase):
    """Where the system has no timer of its own."""

    def setUp(self) -> None:
        self.now = 1000.0
        self.reactor = Reactor()
        self.clock = SteadyReactor(self.reactor, lambda: self.now, ReactorAlarm)
        self.called: list[str] = []

    def test_early_one_waits_on(self) -> None:
        """The reactor's clock is set forward."""
        self.clock.callLater(5, self.called.append, "a")
        self.reactor.advance(3600)
        self.assertEqual(self.called, [])
        self.now += 5
        self.reactor.advance(5)
        self.assertEqual(self.called, ["a"])

    def test_one_call_of_the_reactor(self) -> None:
        """However often the first time changes, and none is left at the end."""
        for delay in (5, 4, 3):
            self.clock.callLater(delay, self.called.append, "a").cancel()
            self.assertEqual(len(self.reactor.getDelayedCalls()), 1)
        self.clock.rest()
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class KernelAlarmTests(LoopbackTestCase):
    def test_linux_has_it(self) -> None:
        alarm = make_alarm(cast(Below, real_reactor), lambda: None)
        alarm.close()
        self.assertIsInstance(alarm, KernelAlarm)

    async def test_jumps(self) -> None:
        """
        The time of day is set forward and back by an hour while everything waits:
        nothing comes early, and nothing is missing.
        """
        peer = start_peer(self, "jumping_clock.py")
        code = await peer.ended
        self.assertEqual(code, 0, peer.output)
        self.assertEqual(
            sorted(peer.output.decode().splitlines()),
            [
                "http timeout in time",
                "interval in time",
                "interval in time",
                "read timeout in time",
                "task in time",
                "timer in time",
            ],
        )
