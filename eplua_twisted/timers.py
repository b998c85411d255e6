"""
Timers: one heap for all timers that follow a clock and one C{DelayedCall} for the
heap's first, so that ten thousand timers cost less than ten thousand C{callLater},
and so that equal times fire in the order in which they were set.

What a script sets follows the script's clock, which may be another one; what the library
waits for is of the network, and follows the reactor's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from eplua_twisted.border.bridge import TURN, Bridge
from eplua_twisted.border.deadline import Turn, next_turn
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing, query
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import seconds, to_bytes
from eplua_twisted.errors import STOPPED


class Schedule:
    """
    The timers that follow one clock.

    @ivar due: when each is, by its number, in seconds of the clock
    """

    def __init__(
        self,
        clock: IReactorTime,
        ring: Callable[[int], None],
        settled: Callable[[], None],
    ) -> None:
        """
        @param ring: called with the number of each timer that is due
        @param settled: called after those that were due together
        """
        self._clock = clock
        self._ring = ring
        self._settled = settled
        self.seconds = clock.seconds
        self.due: dict[int, float] = {}
        self._order = 0
        self._heap: list[tuple[float, int, int]] = []
        self._next: IDelayedCall | None = None

    def set(self, number: int, due: float) -> None:
        self._order += 1
        self.due[number] = due
        heappush(self._heap, (due, self._order, number))
        if self._heap[0][2] == number:
            self._arm()

    def cancel(self, number: int) -> None:
        del self.due[number]
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self.due):
            self._heap[:] = [
                entry for entry in self._heap if self.due.get(entry[2]) == entry[0]
            ]
            heapify(self._heap)
        self._arm()

    def clear(self) -> None:
        self.due.clear()
        self._arm()

    def _arm(self) -> None:
        """See to it that the clock calls when the first timer is due."""
        heap = self._heap
        while heap and self.due.get(heap[0][2]) != heap[0][0]:
            heappop(heap)
        if not heap:
            if self._next is not None:
                self._next.cancel()
                self._next = None
            return
        delay = max(0.0, heap[0][0] - self.seconds())
        if self._next is None:
            self._next = self._clock.callLater(delay, self._fire)
        else:
            self._next.reset(delay)

    def _fire(self) -> None:
        self._next = None
        now = self.seconds()
        heap, times, ring = self._heap, self.due, self._ring
        last = self._order
        fired = 0
        while heap and heap[0][0] <= now and fired < TURN:
            due, order, number = heap[0]
            if order > last:
                # Set by one of those that fired just now: the reactor comes first.
                break
            fired += 1
            heappop(heap)
            if times.get(number) == due:
                del times[number]
                ring(number)
        self._arm()
        self._settled()


@implementer(IModule)
class Timers:
    """
    The timers of one runtime, by the numbers that Lua gives them.

    @ivar active: how many keep the program alive
    """

    resource_types = ()

    def __init__(
        self,
        clock: IReactorTime,
        script_clock: IReactorTime,
        bridge: Bridge,
        resources: Resources,
        max_timers: int = 0,
    ) -> None:
        """
        @param clock: what the library waits by
        @param script_clock: what the script's own timers follow; the same, or another
        """
        self._clock = clock
        self._listener = 0
        self._bridge = bridge
        self._resources = resources
        self._max_timers = max_timers or sys.maxsize
        self._limits: dict[int, tuple[Turn, float]] = {}
        self._unreferenced: set[int] = set()
        settled = self._settled
        self._library = Schedule(clock, self._ring, settled)
        same = script_clock is clock
        # With one clock there is one order for all.
        self._script = (
            self._library if same else Schedule(script_clock, self._ring, settled)
        )

    @property
    def _count(self) -> int:
        count = len(self._script.due)
        if self._library is not self._script:
            count += len(self._library.due)
        return count

    @property
    def active(self) -> int:
        return self._count - len(self._unreferenced)

    def counts(self) -> dict[str, int]:
        """How many are set."""
        return {"Timer": self._count}

    @query("timer_listen")
    def listen(self, listener: int) -> None:
        """@param listener: the ticket that is answered with a timer's number"""
        self._listener = listener

    @crossing("timer_start")
    def start(self, number: int, milliseconds: float) -> bool | tuple[None, bytes]:
        """
        Set a timer of the script's.  There may be thousands of these at a time, so it
        does without what a query costs.

        @return: true, or nil and why not
        """
        return self._start(self._script, number, milliseconds)

    @crossing("timer_later")
    def later(self, number: int, milliseconds: float) -> bool | tuple[None, bytes]:
        """As L{start}, for what the library does later."""
        return self._start(self._library, number, milliseconds)

    @crossing("timer_limit")
    def limit(self, number: int, milliseconds: float) -> bool | tuple[None, bytes]:
        """As L{later}, for a time limit: see L{Deadline}."""
        started = self._start(self._library, number, milliseconds)
        turn = next_turn(self._clock)
        if started is True and turn is not None:
            self._limits[number] = turn, milliseconds / 1000.0
        return started

    def _start(
        self, schedule: Schedule, number: int, milliseconds: float
    ) -> bool | tuple[None, bytes]:
        if self._bridge.stopped:
            return None, to_bytes(STOPPED[1])
        if self._count >= self._max_timers:
            return None, (b"%d timers are set (option --max-timers)" % self._max_timers)
        schedule.set(number, schedule.seconds() + milliseconds / 1000.0)
        return True

    @query("timer_repeat")
    def repeat(self, number: int, due: float, period: float) -> float:
        """
        Set an interval again, to its next tick that is not yet past.

        @param due: when the present tick was due, in seconds of the script's clock
        @param period: milliseconds
        @return: when the next tick is due
        """
        now = self._script.seconds()
        period = seconds(period)
        due = due + period
        if due <= now:
            late = now - due
            due = now if period == 0 else due + period * (late // period + 1)
        self._script.set(number, due)
        return due

    @query("timer_now")
    def now(self) -> float:
        """The clock that the library waits by, in seconds."""
        return self._library.seconds()

    @query("timer_script_now")
    def script_now(self) -> float:
        """The script's clock, in seconds."""
        return self._script.seconds()

    @query("timer_cancel")
    def cancel(self, number: int) -> None:
        """Forget a timer; harmless when it is over."""
        for schedule in (self._script, self._library):
            if number in schedule.due:
                break
        else:
            return
        schedule.cancel(number)
        self._limits.pop(number, None)
        self._unreferenced.discard(number)
        self._settled()

    @query("timer_keep_alive")
    def keep_alive(self, number: int, referenced: bool) -> None:
        """The script's C{ref} and C{unref}."""
        is_set = number in self._script.due or number in self._library.due
        if referenced or not is_set:
            self._unreferenced.discard(number)
        else:
            self._unreferenced.add(number)
            self._settled()

    def _ring(self, number: int) -> None:
        if self._limits and self._goes_on(number):
            return
        if self._unreferenced:
            self._unreferenced.discard(number)
        self._bridge.answer(self._listener, None, True, number)

    def _goes_on(self, number: int) -> bool:
        """Whether it is a time limit that began later than it was set."""
        now = self._library.seconds()
        turn, period = self._limits.pop(number, (None, 0.0))
        left = turn.left(period, now) if turn else 0.0
        if left > 0:
            self._library.set(number, now + left)
        return left > 0

    def _settled(self) -> None:
        self._resources.on_fewer()

    def stop(self) -> None:
        """Forget all timers."""
        self._limits.clear()
        self._unreferenced.clear()
        self._script.clear()
        self._library.clear()
