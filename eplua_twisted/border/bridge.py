"""
How answers get back to Lua.

Lua calls L{primitives<eplua_twisted.border.primitives>}, plain Python functions,
with plain values and a *ticket*, a number under which the Lua end keeps whatever
waits for the answer.  L{Bridge.enter} is the only place where Python calls Lua.
While Lua runs, or while earlier answers wait, an answer joins the queue; so answers
arrive in the order in which things happened and never inside the call that asked
for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import CLOSED, INTERNAL, describe

TURN = 256
"""Queued answers delivered before the reactor gets its turn."""

HIGH_WATER = 1024
"""Queued answers at which all reading transports of the runtime pause."""


class Bridge:
    """
    The Python end of the border, for one runtime.

    @ivar entered: Lua is running
    @ivar stopped: nothing begins any more and nothing is delivered
    @ivar pending: how many operations without a resource are under way
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, resources: Resources) -> None:
        self._clock = clock
        self._resources = resources
        self._dispatch: Callable[..., None] | None = None
        self._queue: deque[tuple[int, Any, Any, tuple[Any, ...]]] = deque()
        self._queued = 0
        self._delivered = 0
        self._forgotten: dict[int, int] = {}
        self._turn: IDelayedCall | None = None
        self._pressed = False
        self._waiting: set[Deferred[Any]] = set()
        self.stopped = False
        self.entered = False

    def attach(self, dispatch: Callable[..., None] | None) -> None:
        """@param dispatch: the Lua function that takes every answer, or nothing"""
        self._dispatch = dispatch

    def stop(self) -> None:
        """From now on no operation begins and no answer is delivered."""
        self.stopped = True
        self._queue.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        for deferred in list(self._waiting):
            deferred.cancel()

    @property
    def pending(self) -> int:
        return len(self._waiting)

    @property
    def quiet(self) -> bool:
        """Lua is not running and no answer waits for it."""
        return not self.entered and not self._queue

    def answer(self, ticket: int, owner: int | None, ok: Any, *values: Any) -> None:
        """
        Deliver an answer now or, if Lua is running or others wait, in its turn.

        @param owner: the resource it is from, whose L{forget} drops it
        @param ok: true with the results, or false with code and message
        """
        if self.stopped:
            return
        if self.entered or self._queue:
            self._queue.append((ticket, owner, ok, values))
            self._queued += 1
            if not self._pressed and len(self._queue) >= HIGH_WATER:
                self._pressed = True
                self._resources.pause(True)
            return
        self.enter(ticket, ok, values)
        if self._queue:
            self._deliver()

    def fail(self, ticket: int, owner: int | None, failure: Failure) -> None:
        """Answer with an error; one that no operation may have is logged."""
        description = describe(failure)
        if description is None:
            self.log.failure("a primitive failed", failure)
            description = INTERNAL
        code, message = description
        self.answer(ticket, owner, False, to_bytes(code), to_bytes(message))

    def enter(self, ticket: int, ok: Any, values: tuple[Any, ...]) -> None:
        """Call Lua: the one place that does."""
        self.entered = True
        try:
            self._dispatch(ticket, ok, *values)  # type: ignore[misc]
        except Exception:
            # os.exit unwinds all of Lua.  Else only a bug in the Lua library, or
            # memory running out in it, gets here.
            if not self.stopped:
                self.log.failure("the Lua library failed")
        finally:
            self.entered = False

    def forget(self, owner: int) -> None:
        """The script closed a resource: what it has queued is answered C{closed}."""
        if self._queue:
            self._forgotten[owner] = self._queued

    def _deliver(self) -> None:
        queue = self._queue
        for _ in range(TURN):
            ticket, owner, ok, values = queue.popleft()
            self._delivered += 1
            if owner in self._forgotten and self._delivered <= self._forgotten[owner]:
                ok, values = False, (to_bytes(CLOSED[0]), to_bytes(CLOSED[1]))
            self.enter(ticket, ok, values)
            if not queue:
                break
        if self._pressed and len(queue) <= HIGH_WATER // 2:
            self._pressed = False
            self._resources.pause(False)
        if queue:
            self._turn = self._clock.callLater(0, self._next_turn)
        else:
            self._forgotten.clear()

    def _next_turn(self) -> None:
        self._turn = None
        self._deliver()

    def wait_for(self, ticket: int, deferred: Deferred[Any]) -> None:
        """
        Answer with what a Deferred that no resource owns fires with.

        @param deferred: fires with a tuple of values that may cross
        """
        self._waiting.add(deferred)

        def over(result: Any) -> Any:
            self._waiting.discard(deferred)
            self._resources.on_fewer()
            return result

        deferred.addBoth(over)
        deferred.addCallbacks(
            lambda results: self.answer(ticket, None, True, *results),
            lambda failure: self.fail(ticket, None, failure),
        )
