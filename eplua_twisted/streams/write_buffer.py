"""Holds back what a transport does not take, and knows when enough of it has gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from eplua_twisted.border.waiters import Waiters
from eplua_twisted.streams.heap import keep_heap
from eplua_twisted.transports.sizes import READ

WHOLE = READ
"""
Bytes that a transport is given at most at once: what it has taken of a full write is not
known.  What was read at once is passed on uncut, and not copied.
"""

SLICE = 32 * 1024
"""Bytes of the parts that more than that is cut into: the peer reads the first while the
system copies the next, and they stay in the processor's cache between the two."""


class Outlet(Protocol):
    """The side of a transport that bytes go into."""

    def write(self, data: bytes) -> None: ...

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...


@implementer(IPushProducer)
class WriteBuffer:
    """
    What was written and not yet taken by the transport.

    The transport says through C{pauseProducing} that it is full; from then on
    data waits here, so that its amount is known and bounded.

    @ivar amount: bytes that wait, those in the transport included
    """

    __slots__ = (
        "_drains",
        "_full",
        "_held",
        "_outlet",
        "_released",
        "_sent",
        "_then",
        "_within",
        "amount",
    )

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        # These are made when first needed: most connections never hold anything back.
        self._held: deque[bytes] | None = None
        self._full = False
        self._within = 0
        self._released = False
        self._sent = 0
        self._then: Callable[[], None] | None = None
        self._drains: Waiters[None] | None = None
        self.amount = 0
        outlet.registerProducer(self, True)

    def write(self, data: bytes) -> None:
        """Send, now or when the transport takes it."""
        if self._full or len(data) > WHOLE:
            if len(data) > WHOLE:
                keep_heap()
            self.amount += len(data)
            if self._held is None:
                self._held = deque()
            self._held.append(data)
            self._pump()
        else:
            self._outlet.write(data)
            if self._full:
                self._within = len(data)
                self.amount += len(data)

    def when_below(self, amount: int) -> Deferred[None]:
        """
        @return: fires with C{None} when fewer bytes than that wait; in order, so
            never before one asked for earlier
        """
        if self._drains is None:
            self._drains = Waiters()
        return self._drains.wait(amount)

    def when_empty(self, then: Callable[[], None]) -> None:
        """
        Let go of the transport when nothing waits here, and do what then is to be
        done with it.  The last one asked for is the one done.
        """
        self._then = then
        if not self.amount:
            self._empty()

    def _empty(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            # With a producer a transport never closes.
            if not self._released:
                self._released = True
                self._outlet.unregisterProducer()
            then()

    def _pump(self) -> None:
        while self._held and not self._full:
            first = self._held[0]
            data = first
            if len(first) > WHOLE:
                data = first[self._sent : self._sent + SLICE]
            self._sent += len(data)
            if self._sent == len(first):
                self._held.popleft()
                self._sent = 0
            self._within = len(data)
            self._outlet.write(data)
            if not self._full:
                self.amount -= len(data)
                self._within = 0
        while self._drains and self.amount < self._drains.level:
            self._drains.fire_next(None)
        if not self.amount:
            self._empty()

    def pauseProducing(self) -> None:
        self._full = True

    def resumeProducing(self) -> None:
        self._full = False
        self.amount -= self._within
        self._within = 0
        self._pump()

    def stopProducing(self) -> None:
        """The transport is gone."""
        self._full = True
        self._then = None
        self._held = None

    def fail(self, reason: BaseException) -> None:
        """Tell all who wait; what was written is still sent, if it can be."""
        if self._drains is not None:
            self._drains.fail_all(lambda: reason)
