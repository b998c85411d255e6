"""
Timers: one heap for all timers of a runtime and one C{DelayedCall} for the
heap's first, so that ten thousand timers cost less than ten thousand
C{callLater}, and so that equal times fire in the order in which they were set.
"""

from __future__ import annotations

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

MAX_TIMERS = 100_000


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
        bridge: Bridge,
        resources: Resources,
        max_timers: int = MAX_TIMERS,
    ) -> None:
        self._clock = clock
        self._seconds = clock.seconds
        self._listener = 0
        self._bridge = bridge
        self._resources = resources
        self._max_timers = max_timers
        self._order = 0
        self._heap: list[tuple[float, int, int]] = []
        self._due: dict[int, float] = {}
        self._limits: dict[int, tuple[Turn, float]] = {}
        self._unreferenced: set[int] = set()
        self._next: IDelayedCall | None = None

    @property
    def active(self) -> int:
        return len(self._due) - len(self._unreferenced)

    def counts(self) -> dict[str, int]:
        """How many are set."""
        return {"Timer": len(self._due)}

    @query("timer_listen")
    def listen(self, listener: int) -> None:
        """@param listener: the ticket that is answered with a timer's number"""
        self._listener = listener

    @crossing("timer_start")
    def start(self, number: int, milliseconds: float) -> bool | tuple[None, bytes]:
        """
        Set a timer.  There may be thousands of these at a time, so it does without
        what a query costs.

        @return: true, or nil and why not
        """
        if self._bridge.stopped:
            return None, to_bytes(STOPPED[1])
        if len(self._due) >= self._max_timers:
            return None, b"%d timers are set (max_timers)" % self._max_timers
        self._set(number, self._seconds() + milliseconds / 1000.0)
        return True

    @crossing("timer_limit")
    def limit(self, number: int, milliseconds: float) -> bool | tuple[None, bytes]:
        """As L{start}, for a time limit: see L{Deadline}."""
        started = self.start(number, milliseconds)
        turn = next_turn(self._clock)
        if started is True and turn is not None:
            self._limits[number] = turn, milliseconds / 1000.0
        return started

    @query("timer_repeat")
    def repeat(self, number: int, due: float, period: float) -> float:
        """
        Set an interval again, to its next tick that is not yet past.

        @param due: when the present tick was due, in seconds
        @param period: milliseconds
        @return: when the next tick is due
        """
        now = self._seconds()
        period = seconds(period)
        due = due + period
        if due <= now:
            late = now - due
            due = now if period == 0 else due + period * (late // period + 1)
        self._set(number, due)
        return due

    @query("timer_now")
    def now(self) -> float:
        """The reactor's clock, in seconds."""
        return self._seconds()

    @query("timer_cancel")
    def cancel(self, number: int) -> None:
        """Forget a timer; harmless when it is over."""
        if self._due.pop(number, None) is None:
            return
        self._limits.pop(number, None)
        self._unreferenced.discard(number)
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._due):
            self._heap[:] = [
                entry for entry in self._heap if self._due.get(entry[2]) == entry[0]
            ]
            heapify(self._heap)
        self._arm()
        self._resources.on_fewer()

    @query("timer_keep_alive")
    def keep_alive(self, number: int, referenced: bool) -> None:
        """The script's C{ref} and C{unref}."""
        if referenced or number not in self._due:
            self._unreferenced.discard(number)
        else:
            self._unreferenced.add(number)
            self._resources.on_fewer()

    def _set(self, number: int, due: float) -> None:
        self._order += 1
        self._due[number] = due
        heappush(self._heap, (due, self._order, number))
        if self._heap[0][2] == number:
            self._arm()

    def _arm(self) -> None:
        """See to it that the reactor calls when the first timer is due."""
        heap = self._heap
        while heap and self._due.get(heap[0][2]) != heap[0][0]:
            heappop(heap)
        if not heap:
            if self._next is not None:
                self._next.cancel()
                self._next = None
            return
        delay = max(0.0, heap[0][0] - self._seconds())
        if self._next is None:
            self._next = self._clock.callLater(delay, self._fire)
        else:
            self._next.reset(delay)

    def _fire(self) -> None:
        self._next = None
        now = self._seconds()
        heap, times = self._heap, self._due
        answer, listener = self._bridge.answer, self._listener
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
                if self._limits and self._goes_on(number, now):
                    continue
                del times[number]
                if self._unreferenced:
                    self._unreferenced.discard(number)
                answer(listener, None, True, number)
        self._arm()
        self._resources.on_fewer()

    def _goes_on(self, number: int, now: float) -> bool:
        """Whether it is a time limit that began later than it was set."""
        turn, period = self._limits.pop(number, (None, 0.0))
        left = turn.left(period, now) if turn else 0.0
        if left > 0:
            self._set(number, now + left)
        return left > 0

    def stop(self) -> None:
        """Forget all timers."""
        self._due.clear()
        self._limits.clear()
        self._unreferenced.clear()
        self._arm()
