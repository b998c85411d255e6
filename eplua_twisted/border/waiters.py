"""Deferreds that wait for their turn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred

from eplua_twisted.errors import OperationError

T = TypeVar("T")


class Waiters(Generic[T]):
    """
    Deferreds that fire in the order in which they were asked for.  One that is
    cancelled leaves the queue.
    """

    __slots__ = ("_limit", "_message", "_waiting", "_withdrawn")

    def __init__(
        self,
        limit: int | None = None,
        message: str = "",
        withdrawn: Callable[[], None] | None = None,
    ) -> None:
        """
        @param limit: how many may wait at a time; C{None} for any number
        @param message: what one more is told
        @param withdrawn: called when one was cancelled and has left the queue
        """
        self._limit = limit
        self._message = message
        self._withdrawn = withdrawn
        self._waiting: OrderedDict[Deferred[T], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, level: int = 0) -> Deferred[T]:
        """
        @param level: what this one waits for, for who fires it: see L{level}
        @return: fires with what L{fire_next} is given; fails as L{fail_all} says
        @raise OperationError: C{limit}: too many wait already
        """
        if self._limit is not None and len(self._waiting) >= self._limit:
            raise OperationError("limit", self._message)
        waiter: Deferred[T] = Deferred(self._withdraw)
        self._waiting[waiter] = level
        return waiter

    def _withdraw(self, waiter: Deferred[T]) -> None:
        if self._waiting.pop(waiter, None) is not None and self._withdrawn is not None:
            self._withdrawn()

    @property
    def level(self) -> int:
        """The level of the one whose turn is next; there is one."""
        return next(iter(self._waiting.values()))

    def fire_next(self, value: T) -> None:
        """It is the turn of the next one; there is one."""
        self._waiting.popitem(last=False)[0].callback(value)

    def fail_all(self, reason: Callable[[], BaseException]) -> None:
        """
        All that wait now fail; who begins to wait meanwhile is not among them.

        @param reason: makes the exception, one for each
        """
        waiting, self._waiting = self._waiting, OrderedDict()
        # One of them may cancel another, which then is in no queue any more.
        for waiter in waiting:
            if not waiter.called:
                waiter.errback(reason())
