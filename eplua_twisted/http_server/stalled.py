"""Clients that take nothing of what is sent to them."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IPushProducer, IReactorTime
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline


class Stallable(Protocol):
    """A connection."""

    def abort(self) -> None:
        """Close now."""


@implementer(IPushProducer)
class WatchedProducer:
    """A connection's write buffer, for its transport; a client may stall for so long."""

    __slots__ = ("_client", "_clock", "_limit", "_producer", "_stalled")

    def __init__(
        self,
        producer: IPushProducer,
        clock: IReactorTime,
        limit: float,
        client: Stallable,
    ) -> None:
        """
        @param limit: seconds; 0 for none
        @param client: is cut off when they are over
        """
        self._producer = producer
        self._clock = clock
        self._limit = limit
        self._client = client
        # Made when first needed: most clients take what they asked for.
        self._stalled: Deadline | None = None

    def pauseProducing(self) -> None:
        if self._limit:
            if self._stalled is None:
                self._stalled = Deadline(self._clock, self._client.abort)
            self._stalled.start(self._limit)
        self._producer.pauseProducing()

    def resumeProducing(self) -> None:
        self.cancel()
        self._producer.resumeProducing()

    def stopProducing(self) -> None:
        self.cancel()
        self._producer.stopProducing()

    def cancel(self) -> None:
        """The time does not run."""
        if self._stalled is not None:
            self._stalled.cancel()
