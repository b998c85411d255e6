"""The reactor of a command: when it stops, and what comes of the command's work."""

from __future__ import annotations

from typing import cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.main_loop import run_until_over


class Loop(MemoryReactorClock):
    """
    Runs what waits for it to run, and then L{last}; nobody can stop it twice.

    @ivar waiting: what the work waits for
    """

    def __init__(self) -> None:
        super().__init__()
        self.stopped = False
        self.waiting: Deferred[None] = Deferred()

    def run(self, installSignalHandlers: bool = True) -> None:
        self.running = True
        for function, arguments, named in self.whenRunningHooks:
            function(*arguments, **named)
        self.last()
        assert self.stopped, "it would run for ever"

    def last(self) -> None:
        """What happens while it runs."""

    def stop(self) -> None:
        if self.stopped:
            raise ReactorNotRunning
        self.stopped = True


class Signalled(Loop):
    """A signal stops it while the work waits."""

    def last(self) -> None:
        self.stop()


class SignalledLate(Loop):
    """The work ends when a signal has stopped it."""

    def last(self) -> None:
        self.stop()
        self.waiting.callback(None)


class RunTests(SynchronousTestCase):
    def run_on(self, loop: Loop) -> bool:
        async def work() -> None:
            await loop.waiting

        return run_until_over(cast(ReactorBase, loop), work)

    def test_until_the_work_is_over(self) -> None:
        loop = Loop()
        loop.waiting.callback(None)
        self.assertTrue(self.run_on(loop))

    def test_what_the_work_raises_is_raised(self) -> None:
        loop = Loop()
        loop.waiting.errback(ZeroDivisionError())
        self.assertRaises(ZeroDivisionError, self.run_on, loop)

    def test_a_signal_before_the_end(self) -> None:
        self.assertFalse(self.run_on(Signalled()))

    def test_the_end_after_a_signal(self) -> None:
        """The reactor is not stopped twice, and it was not the work's own end."""
        self.assertFalse(self.run_on(SignalledLate()))
