"""Every open thing of one runtime, by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from eplua_twisted.border.interfaces import IResource


class Resources:
    """
    The open connections, servers and sockets of one runtime.

    Numbers are never used twice, so a script that kept an old one cannot reach
    a newer resource with it.

    @ivar on_fewer: called after something was removed or stopped counting, when there may
        be nothing left that counts
    """

    log = Logger()

    def __init__(self) -> None:
        self._open: dict[int, IResource] = {}
        self._numbers = count(1)
        self._unreferenced: set[int] = set()
        self._dormant: set[int] = set()
        self._empty: list[Deferred[None]] = []
        self._paused = False
        self.on_fewer: Callable[[], None] = lambda: None
        self.get = self._open.get

    def add(self, resource: IResource) -> int:
        """Take in something that is open now; it is paused if all others are."""
        number = next(self._numbers)
        self._open[number] = resource
        if self._paused:
            self._attempt(resource, "pausing", resource.pause)
        return number

    def remove(self, number: int) -> None:
        """Forget what is gone; harmless when it was forgotten before."""
        if self._open.pop(number, None) is None:
            return
        unreferenced, dormant = self._unreferenced, self._dormant
        unreferenced.discard(number)
        dormant.discard(number)
        if len(self._open) <= len(unreferenced) + len(dormant):
            self.on_fewer()
        if not self._open:
            waiting, self._empty = self._empty, []
            for deferred in waiting:
                deferred.callback(None)

    def keep_alive(self, number: int, referenced: bool) -> None:
        """The script's C{ref} and C{unref}."""
        self._mark(self._unreferenced, number, not referenced)

    def count(self, number: int, counts: bool) -> None:
        """Whether a resource itself wants to keep the program alive just now."""
        self._mark(self._dormant, number, not counts)

    def _mark(self, marked: set[int], number: int, mark: bool) -> None:
        if mark and type(number) is int and number in self._open:
            marked.add(number)
            self.on_fewer()
        else:
            marked.discard(number)

    @property
    def active(self) -> int:
        """How many keep the program alive."""
        return len(self._open) - len(self._unreferenced | self._dormant)

    @property
    def awaited(self) -> bool:
        """Whether the answer to a request is under way."""
        return any(getattr(each, "awaited", False) for each in self._open.values())

    def counts(self) -> dict[str, int]:
        """
        How many are open of each kind, by the name that scripts know it by: a class
        that is called otherwise has it as C{public_name}.
        """
        return dict(Counter(self.kinds().values()))

    def kinds(self) -> dict[int, str]:
        """What is open, by number: each as in L{counts}."""
        return {
            number: getattr(resource, "public_name", type(resource).__name__)
            for number, resource in self._open.items()
        }

    def pause(self, paused: bool) -> None:
        """Pause or resume reading on every resource."""
        self._paused = paused
        for resource in list(self._open.values()):
            if paused:
                self._attempt(resource, "pausing", resource.pause)
            else:
                self._attempt(resource, "resuming", resource.resume)

    def close(self) -> None:
        """Close everything in good order."""
        for resource in list(self._open.values()):
            if not self._attempt(resource, "closing", resource.close):
                self._attempt(resource, "aborting", resource.abort)

    def abort(self) -> None:
        """Close everything now."""
        for resource in list(self._open.values()):
            self._attempt(resource, "aborting", resource.abort)

    def _attempt(
        self, resource: IResource, what: str, method: Callable[[], None]
    ) -> bool:
        """A bug in one resource must not keep the others as they are."""
        try:
            method()
        except Exception:  # noqa: BLE001 - the others are closed after a bug in one
            self.log.failure("{what} {resource} failed", what=what, resource=resource)
            return False
        return True

    def give_up(self) -> None:
        """Forget what has not gone although it was aborted."""
        for number, resource in list(self._open.items()):
            self.log.error("{resource} has not closed", resource=resource)
            self.remove(number)

    def when_empty(self) -> Deferred[None]:
        """
        @return: fires with C{None} when nothing is open, at once if so now
        """
        if not self._open:
            return succeed(None)
        deferred: Deferred[None] = Deferred()
        self._empty.append(deferred)
        return deferred
