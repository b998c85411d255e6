"""What has only so much time: a call, and a Deferred."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from eplua_twisted.errors import TIMEOUT, OperationError

T = TypeVar("T")


class Deadline:
    """
    A C{callLater} that may be cancelled, started and started anew at any time, also
    when it was called already.
    """

    __slots__ = ("_arguments", "_call", "_clock", "_function")

    def __init__(
        self, clock: IReactorTime, function: Callable[..., object], *arguments: object
    ) -> None:
        """@param function: called with the arguments when the time is over"""
        self._clock = clock
        self._function = function
        self._arguments = arguments
        self._call: IDelayedCall | None = None

    @property
    def active(self) -> bool:
        """The time is running."""
        return self._call is not None

    def start(self, seconds: float) -> None:
        """Let the time run; when it runs already it goes on as it is."""
        if self._call is None:
            self._call = self._clock.callLater(seconds, self._over)

    def restart(self, seconds: float) -> None:
        """Let the time run from now on, whether it runs already or not."""
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
        self._function(*self._arguments)


def _timed_out(result: object, timeout: float) -> NoReturn:
    raise OperationError(*TIMEOUT)


def limit(attempt: Deferred[T], clock: IReactorTime, seconds: float) -> Deferred[T]:
    """
    Cancel an attempt when its time is over; then it fails with C{timeout}, whatever
    it says itself of having been cancelled.

    @return: the attempt
    """
    return attempt.addTimeout(seconds, clock, _timed_out)
