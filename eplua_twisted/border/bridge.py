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

from collections.abc import Callable
from time import monotonic
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.answer_queue import AnswerQueue
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import CLOSED, INTERNAL, describe

COMMANDS = 0
"""The ticket of what Python asks of Lua; the number of the command comes with it."""

AGAIN = 1
"""
In place of true with an answer: who gets it may ask for the same again, under the same
ticket, by returning the primitive, as who reads one message after another does.  It saves
a call from Lua, and most of what the primitive does.
"""

TURN = 256
"""Queued answers delivered before the reactor gets its turn."""

HIGH_WATER = 1024
"""Queued answers at which all reading transports of the runtime pause."""

T = TypeVar("T")

Again = Callable[[int, int | None], object]
"""A primitive, of a ticket and the number of a resource; see L{AGAIN}."""


class Dispatch(Protocol):
    """The Lua function that takes every answer."""

    def __call__(self, ticket: int, ok: object, /, *values: object) -> Again | None: ...


class Bridge:
    """
    The Python end of the border, for one runtime.

    @ivar entered: Lua is running
    @ivar interrupted: the script is to be left
    @ivar entries: how often Lua was entered
    @ivar began: when it began to, in seconds of the monotonic clock
    @ivar on_long_entry: called with the seconds of an entry that took more than C{long}
    @ivar no_memory: what is said when a script has left no memory to work with
    @ivar stopped: nothing begins any more and nothing is delivered
    @ivar on_lost_command: called with the number of a command that the Lua library has
        failed in, and with what it raised
    @ivar pending: how many operations without a resource are under way
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, resources: Resources) -> None:
        self._clock = clock
        self._resources = resources
        self._dispatch: Dispatch | None = None
        # Without a ticket: a function of Python's that has its turn.
        self._queue = AnswerQueue()
        self._asked: dict[int, Deferred[tuple[object, ...]]] = {}
        self._turn: IDelayedCall | None = None
        self._held: int | None = None
        self._calling = False
        self._pressed = False
        self._waiting: set[Deferred[tuple[object, ...]]] = set()
        self.on_lost_command: Callable[[int, Exception], None] = lambda *_: None
        self.on_long_entry: Callable[[float], None] = lambda _: None
        self.long = 0.0
        self.no_memory = "not enough memory"
        self.stopped = False
        self.began = 0.0
        self.entered = self.interrupted = False
        self.entries = 0

    def attach(self, dispatch: Dispatch | None) -> None:
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
            try:
                deferred.cancel()
            except Exception:  # noqa: BLE001 - the canceller may be the application's
                self.log.failure("cancelling an operation failed")

    @property
    def pending(self) -> int:
        return len(self._waiting)

    @property
    def queued(self) -> int:
        """How many answers wait until Lua has returned."""
        return len(self._queue)

    @property
    def quiet(self) -> bool:
        """Lua is not running and no answer waits for it that it would be given now."""
        return not self.entered and (not self._queue or self._held is not None)

    @property
    def busy(self) -> bool:
        """An answer would not be delivered at once: it would join the queue."""
        return (
            self.entered
            or self._held is not None
            or (bool(self._queue) and not self._calling)
        )

    def in_turn(self, function: Callable[[], object]) -> None:
        """
        Call a function when all that is queued now has been delivered: what it answers
        is delivered at once.
        """
        if self.stopped or not self.busy:
            function()
        else:
            self._append(None, None, function, ())

    def answer(
        self, ticket: int, owner: int | None, ok: object, *values: object
    ) -> bool:
        """
        Deliver an answer now or, if Lua is running or others wait, in its turn.

        @param owner: the resource it is from, whose L{forget} drops it
        @param ok: true, or L{AGAIN}, with the results; or false with code and message
        @return: the same was asked for again, under the same ticket
        """
        if self.stopped:
            return False
        if ticket == self._held:
            self._held = None
            if self.entered:
                # It came within the call that asked for it: it is the next.
                self._queue.put_first((ticket, owner, ok, values))
                return False
        elif (self.entered or self._queue or self._held is not None) and self.busy:
            self._append(ticket, owner, ok, values)
            return False
        again = self.enter(ticket, ok, values)
        if self._queue and not self._calling:
            if again is not None:
                # What is in the queue comes after it.
                again(ticket, owner)
            self._deliver()
            return False
        return again is not None

    def _append(
        self,
        ticket: int | None,
        owner: int | None,
        ok: object,
        values: tuple[object, ...],
    ) -> None:
        self._queue.add((ticket, owner, ok, values))
        if not self._pressed and len(self._queue) >= HIGH_WATER:
            self._pressed = True
            self._resources.pause(True)

    def hold(self, ticket: int) -> None:
        """
        Lua waits in the middle of what it runs: until this ticket is answered, all
        other answers stay in the queue.
        """
        self._held = ticket

    def fail(self, ticket: int, owner: int | None, failure: Failure) -> None:
        """Answer with an error; one that no operation may have is logged."""
        description = describe(failure)
        if description is None:
            self.log.failure("a primitive failed", failure)
            description = INTERNAL
        code, message = description
        self.answer(ticket, owner, False, to_bytes(code), to_bytes(message))

    def enter(
        self, ticket: int, ok: object, values: tuple[object, ...]
    ) -> Again | None:
        """
        Call Lua: the one place that does.

        @return: what is to begin now: see L{AGAIN}
        """
        self.entered = True
        self.entries += 1
        self.began = monotonic()
        again = None
        try:
            again = self._dispatch(ticket, ok, *values)  # type: ignore[misc]
        except Exception as problem:  # noqa: BLE001 - os.exit, or a bug of the library
            # os.exit unwinds all of Lua.  Else only a bug in the Lua library, or
            # memory running out in it, gets here.
            if not self.stopped:
                self._not_delivered(ticket, values, problem)
        finally:
            self.entered = False
        took = monotonic() - self.began
        if took > self.long and not self.stopped:
            self.on_long_entry(took)
        return again

    def look(self, command: bytes, *values: object) -> None:
        """
        Have Lua do one of its C{commands} that only tells what is; that is no entry.  Lua
        is not running; who is not in the middle of a delivery calls L{deliver_soon}.
        """
        self.entered = True
        self.began = monotonic()
        try:
            # No command of the application's waits for an end of this.
            self._dispatch(COMMANDS, command, 0, *values)  # type: ignore[misc]
        except Exception:  # noqa: BLE001 - a bug of the library, or no memory is left
            if not self.stopped:
                self.log.failure("the Lua library failed")
        finally:
            self.entered = False

    def _not_delivered(
        self, ticket: int, values: tuple[object, ...], problem: Exception
    ) -> None:
        """Whoever waits for an answer gets an error in place of it, if that goes."""
        assert self._dispatch is not None
        try:
            # There is memory when what the script had has been collected.
            self._dispatch(COMMANDS, b"collect")
            if isinstance(problem, MemoryError):
                # The script's doing: it has left nothing for the library.
                self.log.error("{text}", text=self.no_memory)
                code, problem = "limit", MemoryError(self.no_memory)
            else:
                self.log.failure("the Lua library failed", Failure(problem))
                code = INTERNAL[0]
            if ticket != COMMANDS:
                self._dispatch(ticket, False, to_bytes(code), to_bytes(str(problem)))
        except MemoryError:
            self.log.error("{text}", text=self.no_memory)
        except Exception:  # noqa: BLE001 - a bug of the library
            self.log.failure("the Lua library failed again")
        if ticket == COMMANDS:
            number = values[0]
            assert isinstance(number, int)
            self.on_lost_command(number, problem)

    def forget(self, owner: int) -> None:
        """The script closed a resource: what it has queued is answered C{closed}."""
        self._queue.forget(owner)

    def _deliver(self) -> None:
        queue = self._queue
        for _ in range(TURN):
            if not queue or self._held is not None:
                break
            ticket, owner, ok, values = queue.take()
            if ticket is None:
                self._call(ok)
                continue
            if queue.is_forgotten(owner):
                ok, values = False, (to_bytes(CLOSED[0]), to_bytes(CLOSED[1]))
            again = self.enter(ticket, ok, values)
            if again is not None:
                again(ticket, owner)
        if self._pressed and len(queue) <= HIGH_WATER // 2:
            self._pressed = False
            self._resources.pause(False)
        if not queue:
            queue.is_over()
        else:
            self.deliver_soon()

    def deliver_soon(self) -> None:
        """What is queued is delivered on the next turn."""
        if self._queue and self._held is None and self._turn is None:
            self._turn = self._clock.callLater(0, self._next_turn)

    def _call(self, function: object) -> None:
        self._calling = True
        try:
            function()  # type: ignore[operator]
        finally:
            self._calling = False

    def _next_turn(self) -> None:
        self._turn = None
        self._deliver()

    def wait_for(self, ticket: int, deferred: Deferred[tuple[object, ...]]) -> None:
        """
        Answer with what a Deferred that no resource owns fires with.

        @param deferred: fires with a tuple of values that may cross
        """
        self._waiting.add(deferred)

        def over(result: T) -> T:
            self._waiting.discard(deferred)
            self._resources.on_fewer()
            return result

        deferred.addBoth(over)
        self.expect(ticket, None, deferred)

    def expect(
        self, ticket: int, owner: int | None, deferred: Deferred[tuple[object, ...]]
    ) -> None:
        """
        Answer with what a Deferred fires with.

        @param owner: the resource it is from
        @param deferred: fires with a tuple of values that may cross
        """
        self._asked[ticket] = deferred
        deferred.addCallbacks(
            self._fired,
            self._failed,
            callbackArgs=(ticket, owner),
            errbackArgs=(ticket, owner),
        )

    def _fired(
        self, results: tuple[object, ...], ticket: int, owner: int | None
    ) -> None:
        if self._asked.pop(ticket, None) is not None:
            self.answer(ticket, owner, True, *results)

    def _failed(self, failure: Failure, ticket: int, owner: int | None) -> None:
        if self._asked.pop(ticket, None) is not None:
            self.fail(ticket, owner, failure)
        elif describe(failure) is None:
            self.log.failure("cancelling an operation failed", failure)

    # What Lua does not wait for any more.

    def withdraw(self, ticket: int) -> tuple[object, ...]:
        """
        Nobody waits for an answer any more: its Deferred, if it has one, is cancelled.

        @return: the answer, true or false and its values, if it is on its way; it will
            find nobody
        """
        deferred = self._asked.pop(ticket, None)
        if deferred is not None:
            deferred.cancel()
            return ()
        return self._queue.find(ticket)
