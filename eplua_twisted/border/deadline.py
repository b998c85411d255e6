"""What has only so much time: a call, and a Deferred."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from eplua_twisted.errors import TIMEOUT, OperationError

T = TypeVar("T")


class Turn:
    """
    The next turn of a reactor.

    @ivar begun: when it began, in seconds of the reactor's clock; C{None} before that
    """

    __slots__ = ("begun",)

    def __init__(self) -> None:
        self.begun: float | None = None

    def left(self, seconds: float, now: float) -> float:
        """
        How much is left of a time that begins with this turn; not more than 0 when it
        is over.

        @param now: the time of a turn, this one or a later one
        """
        begun = now if self.begun is None else self.begun
        return begun + seconds - now


def next_turn(clock: IReactorTime) -> Turn | None:
    """The next turn of a clock that has turns; C{None} of one that has not."""
    turn: Callable[[], Turn] | None = getattr(clock, "turn", None)
    return None if turn is None else turn()


class Deadline:
    """
    A C{callLater} that may be cancelled, started and started anew at any time, also
    when it was called already.

    What L{start} begins has its time from the reactor's next turn on: as long as a
    script works in the call that started it, nothing could have happened.  Clocks that
    have turns say so with a method C{turn} that returns a L{Turn}, as
    L{SteadyReactor<eplua_twisted.border.clock.SteadyReactor>} does.
    """

    __slots__ = ("_arguments", "_call", "_clock", "_function", "_seconds", "_turn")

    def __init__(
        self, clock: IReactorTime, function: Callable[..., object], *arguments: object
    ) -> None:
        """@param function: called with the arguments when the time is over"""
        self._clock = clock
        self._function = function
        self._arguments = arguments
        self._seconds = 0.0
        self._turn: Turn | None = None
        self._call: IDelayedCall | None = None

    @property
    def active(self) -> bool:
        """The time is running."""
        return self._call is not None

    def start(self, seconds: float) -> None:
        """Let the time run; when it runs already it goes on as it is."""
        if self._call is None:
            self._turn = next_turn(self._clock)
            self._seconds = seconds
            self._call = self._clock.callLater(seconds, self._over)

    def restart(self, seconds: float) -> None:
        """
        Let the time run from now on, whether it runs already or not.  It is for what
        happens often, and does not ask for the reactor's turn.
        """
        self._turn = None
        if self._call is None:
            self._call = self._clock.callLater(seconds, self._over)
        else:
            self._call.reset(seconds)

    def cancel(self) -> None:
        """Stop the time; harmless when it does not run."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _over(self) -> None:
        self._call = None
        turn, self._turn = self._turn, None
        left = turn.left(self._seconds, self._clock.seconds()) if turn else 0.0
        if left > 0:
            self._call = self._clock.callLater(left, self._over)
        else:
            self._function(*self._arguments)


class StallDeadline:
    """
    A time limit that runs only while nothing moves.  It looks a few times within the
    limit, so it may take a part of it longer.
    """

    LOOKS = 4

    __slots__ = (
        "_clock",
        "_deadline",
        "_function",
        "_moved",
        "_seconds",
        "_seen",
        "_since",
    )

    def __init__(
        self,
        clock: IReactorTime,
        moved: Callable[[], object],
        function: Callable[[], object],
    ) -> None:
        """
        @param moved: gives something that is different when something has moved
        @param function: called when nothing has moved for so long
        """
        self._clock = clock
        self._deadline = Deadline(clock, self._look)
        self._moved = moved
        self._function = function
        self._seconds = 0.0
        self._since = 0.0
        self._seen: object = None

    @property
    def active(self) -> bool:
        """The time is running, or would run if nothing moved."""
        return self._deadline.active

    def start(self, seconds: float) -> None:
        """Begin to look; when it has begun already it goes on as it is."""
        if not self._deadline.active:
            self._seconds = seconds
            self._since = self._clock.seconds()
            self._seen = self._moved()
            self._deadline.restart(seconds / self.LOOKS)

    def cancel(self) -> None:
        """Stop looking; harmless when it has not begun."""
        self._deadline.cancel()

    def _look(self) -> None:
        now = self._clock.seconds()
        before, self._seen = self._seen, self._moved()
        if before != self._seen:
            self._since = now
        left = self._since + self._seconds - now
        if left > 0:
            self._deadline.restart(min(left, self._seconds / self.LOOKS))
        else:
            self._function()


class MovingDeadline:
    """
    A time limit that moves with each message, at next to no cost: the one C{callLater}
    below it is set anew when it is due, or when the limit comes nearer.
    """

    __slots__ = ("_armed", "_call", "_clock", "_function", "_until")

    def __init__(self, clock: IReactorTime, function: Callable[[], object]) -> None:
        """@param function: called when the time is over"""
        self._clock = clock
        self._function = function
        self._call: IDelayedCall | None = None
        self._until: float | None = None
        self._armed: float | None = None

    def move(self, seconds: float) -> None:
        """Let so much time pass from now on; 0 is no limit."""
        if not seconds:
            self._until = None
            return
        self._until = until = self._clock.seconds() + seconds
        if self._armed is None or self._armed > until:
            self._arm(until, seconds)

    def _arm(self, until: float, seconds: float) -> None:
        self._armed = until
        if self._call is None:
            self._call = self._clock.callLater(seconds, self._due)
        else:
            self._call.reset(seconds)

    def clear(self) -> None:
        """There is no limit now."""
        self._until = None

    def cancel(self) -> None:
        """There is no limit any more, and no call is left."""
        self._until = self._armed = None
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _due(self) -> None:
        self._armed = self._call = None
        if self._until is None:
            return
        left = self._until - self._clock.seconds()
        if left > 0:
            self._arm(self._until, left)
        else:
            self._until = None
            self._function()


def limit(
    attempt: Deferred[T],
    clock: IReactorTime,
    seconds: float,
    in_turn: Callable[[Callable[[], object]], object] | None = None,
) -> Deferred[T]:
    """
    Cancel an attempt when its time is over; then it fails with C{timeout}, whatever
    it says itself of having been cancelled.

    @param in_turn: calls what cancels it when what has happened before is told
    @return: the attempt
    """
    timed_out = False

    def late() -> None:
        nonlocal timed_out
        timed_out = True
        attempt.cancel()

    deadline = Deadline(clock, in_turn, late) if in_turn else Deadline(clock, late)
    deadline.start(seconds)

    def over(result: T | Failure) -> T | Failure:
        deadline.cancel()
        return Failure(OperationError(*TIMEOUT)) if timed_out else result

    return attempt.addBoth(over)
