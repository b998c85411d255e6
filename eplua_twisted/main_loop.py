"""The reactor of a command: it runs until what the command does is over."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

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
    @return: the coroutine came to its end; C{False}: a signal had stopped the reactor
        before, also where the coroutine ended in the shutdown
    """
    bugs: list[Failure] = []
    over = False

    def stop(_: object) -> None:
        nonlocal over
        try:
            reactor.stop()
        except ReactorNotRunning:
            # A signal has stopped it: the work may have failed by the shutdown.
            return
        over = True

    def start() -> None:
        done = Deferred.fromCoroutine(work())
        done.addErrback(bugs.append).addCallback(stop)

    reactor.callWhenRunning(start)
    reactor.run(installSignalHandlers=handlers)
    for bug in bugs:
        bug.raiseException()
    return over
