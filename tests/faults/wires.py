"""Networks in memory with a fault."""

from __future__ import annotations

from collections import deque
from typing import Literal

from tests.memory import Flow, Wire

Breaks = Literal["end", "reset", "stall"]


class SingleBytes(Wire):
    """Each byte is read by itself."""

    def sent(self, flow: Flow, data: bytes) -> None:
        flow.deliver(*(data[at : at + 1] for at in range(len(data))))


class Late(Wire):
    """What is sent arrives when it is let through, piece by piece."""

    def __init__(self) -> None:
        self._kept: deque[tuple[Flow, bytes | None]] = deque()

    def sent(self, flow: Flow, data: bytes) -> None:
        self._kept.append((flow, data))

    def finished(self, flow: Flow) -> None:
        self._kept.append((flow, None))

    def let_through(self) -> bool:
        """@return: whether there was a piece"""
        if not self._kept:
            return False
        flow, data = self._kept.popleft()
        if data is None:
            flow.finish()
        else:
            flow.deliver(data)
        return True


class Broken(Wire):
    """
    One direction breaks after so many bytes of it.

    @param how: C{end}: the receiver reads the end; C{reset}: both ends lose the
        connection; C{stall}: nothing arrives any more
    """

    def __init__(self, how: Breaks, from_client: bool, at: int) -> None:
        self._how = how
        self._from_client = from_client
        self._at = at

    def sent(self, flow: Flow, data: bytes) -> None:
        if flow.from_client != self._from_client:
            flow.deliver(data)
            return
        left = self._at - flow.amount
        if left >= len(data):
            flow.deliver(data)
        elif left >= 0:
            flow.deliver(data[:left])
            if self._how == "end":
                flow.finish()
            elif self._how == "reset":
                flow.reset()

    def finished(self, flow: Flow) -> None:
        if flow.from_client != self._from_client or flow.amount <= self._at:
            flow.finish()
