"""The process of C{twistd eplua}: its signals, its exit code, its service manager."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from twisted.internet.base import ReactorBase

from eplua_twisted.border.clock import steady
from eplua_twisted.ending import end_with
from eplua_twisted.signals import Watch
from eplua_twisted.supervisor import Supervisor

HUNG_UP = 128 + signal.SIGHUP
"""The exit code of a process whose terminal was closed, as shells have it."""


def has_terminal() -> bool:
    """Whether the process belongs to a terminal, which is there."""
    try:
        with open("/dev/tty", "rb"):
            return True
    except OSError:
        return False


class Process:
    """
    What a service has of the process that it is all of.

    @ivar ending: the reactor is about to stop
    @ivar supervisor: the service manager
    """

    def __init__(
        self, reactor: ReactorBase, grace: float, reload: Callable[[], object]
    ) -> None:
        """
        @param grace: seconds from a signal to the end
        @param reload: called for SIGHUP
        """
        self._reactor = reactor
        self._watch = Watch(grace)
        self._reload = reload
        self._closed = self._had_terminal = False
        self._before = signal.getsignal(signal.SIGHUP)
        self.ending = False
        self.supervisor = Supervisor(os.environ, steady(reactor))

    def begin(self) -> None:
        """
        Have the signals: SIGHUP from now on, as it would end the process; the others when
        the reactor runs, which by then has its own handlers.
        """
        self._had_terminal = has_terminal()
        signal.signal(signal.SIGHUP, self._hung_up)
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        if not self._closed:
            self._watch.install()

    def _hung_up(self, number: int, frame: object) -> None:
        self._reactor.callFromThread(self._asked)

    def _asked(self) -> None:
        if self._closed or self.ending:
            return
        if self._had_terminal and not has_terminal():
            # Nobody has asked for a reload: the terminal was closed.
            self.end(HUNG_UP)
        else:
            self._reload()

    def end(self, code: int = 0) -> None:
        """
        End the process, in good order.

        @param code: its exit code
        """
        if self.ending:
            return
        self.ending = True
        if code:
            end_with(code)
        self._reactor.callWhenRunning(self._reactor.stop)

    def close(self) -> None:
        """The service stops."""
        if self._closed:
            return
        self._closed = True
        signal.signal(signal.SIGHUP, self._before)
        self.supervisor.stopping()
        self._watch.remove()
