"""The reactor of a command: it runs until what the command does is over."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.python.failure import Failure


def run_until_over(
    reactor: ReactorBase,
    work: Callable[[], Coroutine[Deferred[object], object, object]],
    handlers: bool = True,
) -> bool:
    """
    Run the reactor until a coroutine is over.  What it raises is raised here, when the
    reactor has stopped: it is a bug in this package.

    @param work: begins the coroutine, when the reactor runs
    @param handlers: Twisted's for signals are installed, which stop the reactor
    @return: the coroutine is over; else a signal has stopped the reactor before
    """
    ends: list[object] = []

    def stop(_: object) -> None:
        # A signal may have stopped it already.
        with suppress(ReactorNotRunning):
            reactor.stop()

    def start() -> None:
        Deferred.fromCoroutine(work()).addBoth(ends.append).addCallback(stop)

    reactor.callWhenRunning(start)
    reactor.run(installSignalHandlers=handlers)
    for end in ends:
        if isinstance(end, Failure):
            end.raiseException()
    return bool(ends)
