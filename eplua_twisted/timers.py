"""
Timers: one heap for all timers of a runtime and one C{DelayedCall} for the
heap's first, so that ten thousand timers cost less than ten thousand
C{callLater}, and so that equal times fire in the order in which they were set.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from eplua_twisted.bridge import TURN, Bridge, query
from eplua_twisted.errors import OperationError
from eplua_twisted.resources import Resources
from eplua_twisted.values import seconds

MAX_TIMERS = 100_000


class Timers:
    """
    The timers of one runtime.  A timer is known by the ticket it answers.

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
        self._answer = bridge.answer
        self._resources = resources
        self._max_timers = max_timers
        self._order = 0
        self._heap: list[tuple[float, int, int]] = []
        self._due: dict[int, float] = {}
        self._unreferenced: set[int] = set()
        self._next: IDelayedCall | None = None

    @property
    def active(self) -> int:
        return len(self._due) - len(self._unreferenced)

    @property
    def count(self) -> int:
        """How many are set."""
        return len(self._due)

    @query("timer_start")
    def start(self, ticket: int, milliseconds: float) -> bool:
        """Answer the ticket once, later."""
        if len(self._due) >= self._max_timers:
            raise OperationError(
                "limit", f"{self._max_timers} timers are set (max_timers)"
            )
        due = self._clock.seconds() + seconds(milliseconds)
        self._set(ticket, due)
        return True

    @query("timer_repeat")
    def repeat(self, ticket: int, due: float, period: float) -> float:
        """
        Answer an interval's ticket again at its next tick that is not yet past.

        @param due: when the present tick was due, in seconds
        @param period: milliseconds
        @return: when the next tick is due
        """
        now = self._clock.seconds()
        period = seconds(period)
        due = due + period
        if due <= now:
            late = now - due
            due = now if period == 0 else due + period * (late // period + 1)
        self._set(ticket, due)
        return due

    @query("timer_now")
    def now(self) -> float:
        """The reactor's clock, in seconds."""
        return self._clock.seconds()

    @query("timer_cancel")
    def cancel(self, ticket: int) -> None:
        """Forget a timer; harmless when it is over."""
        if self._due.pop(ticket, None) is None:
            return
        self._unreferenced.discard(ticket)
        if len(self._heap) > 64 and len(self._heap) > 2 * len(self._due):
            self._heap[:] = [
                entry for entry in self._heap if self._due.get(entry[2]) == entry[0]
            ]
            heapify(self._heap)
        self._arm()
        self._resources.on_fewer()

    @query("timer_keep_alive")
    def keep_alive(self, ticket: int, referenced: bool) -> None:
        """The script's C{ref} and C{unref}."""
        if referenced or ticket not in self._due:
            self._unreferenced.discard(ticket)
        else:
            self._unreferenced.add(ticket)
            self._resources.on_fewer()

    def _set(self, ticket: int, due: float) -> None:
        self._order += 1
        self._due[ticket] = due
        heappush(self._heap, (due, self._order, ticket))
        if self._heap[0][2] == ticket:
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
        delay = max(0.0, heap[0][0] - self._clock.seconds())
        if self._next is None:
            self._next = self._clock.callLater(delay, self._fire)
        else:
            self._next.reset(delay)

    def _fire(self) -> None:
        self._next = None
        now = self._clock.seconds()
        heap, times = self._heap, self._due
        last = self._order
        fired = 0
        while heap and heap[0][0] <= now and fired < TURN:
            due, order, ticket = heap[0]
            if order > last:
                # Set by one of those that fired just now: the reactor comes first.
                break
            fired += 1
            heappop(heap)
            if times.get(ticket) == due:
                del times[ticket]
                self._unreferenced.discard(ticket)
                self._answer(ticket, None, True)
        self._arm()
        self._resources.on_fewer()

    def stop(self) -> None:
        """Forget all timers."""
        self._due.clear()
        self._unreferenced.clear()
        self._arm()
