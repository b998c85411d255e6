"""The answers that wait until Lua has returned."""

from __future__ import annotations

from collections import deque

Queued = tuple[int | None, int | None, object, tuple[object, ...]]
"""Ticket, owner, ok and values of an answer."""


class AnswerQueue(deque[Queued]):
    """
    Answers in the order in which they are delivered.  The first to be added has number 1;
    one that is put before all others takes the number of the one that was taken last.
    """

    __slots__ = ("_added", "_forgotten", "_noted", "_places", "_taken")

    def __init__(self) -> None:
        super().__init__()
        self._added = self._taken = 0
        # By owner: the last answer that it had in the queue when it was closed.
        self._forgotten: dict[int | None, int] = {}
        # By ticket: the number of its last answer, as far as answers are noted.
        self._places: dict[int | None, tuple[int, tuple[object, ...]]] = {}
        self._noted = 0

    def add(self, entry: Queued) -> None:
        """It comes after all others."""
        self.append(entry)
        self._added += 1

    def put_first(self, entry: Queued) -> None:
        """It comes before all others."""
        self.appendleft(entry)
        self._taken -= 1

    def take(self) -> Queued:
        """The next one, which is in the queue no more."""
        self._taken += 1
        return self.popleft()

    def forget(self, owner: int) -> None:
        """Its resource was closed after all that it has answered so far."""
        if self:
            self._forgotten[owner] = self._added

    def is_forgotten(self, owner: int | None) -> bool:
        """
        Whether the answer that was taken last had come before its resource was closed.

        @param owner: that resource
        """
        forgotten = self._forgotten
        return bool(forgotten) and self._taken <= forgotten.get(owner, 0)

    def find(self, ticket: int) -> tuple[object, ...]:
        """@return: true or false and the values of its answer, if it is in the queue"""
        if not self:
            return ()
        # Where each answer is in the queue is noted once: thousands may be withdrawn
        # one after another while thousands are queued.
        fresh = self._added - max(self._noted, self._taken)
        found: dict[int | None, tuple[int, tuple[object, ...]]] = {}
        for number, (queued, _, ok, values) in zip(
            range(self._added, self._added - fresh, -1), reversed(self), strict=False
        ):
            found.setdefault(queued, (number, (ok, *values)))
        self._places.update(found)
        self._noted = self._added
        number, answer = self._places.get(ticket, (0, ()))
        return answer if number > self._taken else ()

    def is_over(self) -> None:
        """The last one was delivered: nothing needs to be known of them any more."""
        self._forgotten.clear()
        self._places.clear()
