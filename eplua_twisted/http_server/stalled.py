"""Clients that take nothing of what is sent to them."""

from __future__ import annotations

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline


@implementer(IPushProducer)
class WatchedProducer:
    """A connection's write buffer, for its transport; a client may stall for so long."""

    def __init__(
        self, producer: IPushProducer, stalled: Deadline, limit: float
    ) -> None:
        self._producer = producer
        self._stalled = stalled
        self._limit = limit

    def pauseProducing(self) -> None:
        if self._limit:
            self._stalled.start(self._limit)
        self._producer.pauseProducing()

    def resumeProducing(self) -> None:
        self._stalled.cancel()
        self._producer.resumeProducing()

    def stopProducing(self) -> None:
        self._stalled.cancel()
        self._producer.stopProducing()
