"""What the service manager is told: sd_notify(3) of systemd."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

TIMEOUT = 1.0
"""Seconds that the manager has to take a datagram."""


class Supervisor:
    """
    The service manager, if one has started the process and wants to be told.

    It is told only what it can see in no other way, and from the reactor: when that
    stands still, it hears nothing more (its watchdog).

    @ivar watched: seconds without a word after which it ends the process; C{None}: never
    """

    log = Logger()

    def __init__(
        self, environment: MutableMapping[str, str], reactor: IReactorTime
    ) -> None:
        """
        @param environment: of the process; what it has for this process is taken out of
            it, so that no child of it has that too
        """
        address = environment.pop("NOTIFY_SOCKET", "")
        if address.startswith("@"):
            # An abstract one, which no file stands for.
            address = "\0" + address[1:]
        self._address = address
        self._socket: socket.socket | None = None
        watched = environment.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        limit = environment.pop("WATCHDOG_USEC", "")
        self.watched: float | None = None
        if watched and limit.isdigit() and int(limit):
            self.watched = int(limit) / 1e6
        self._beat = LoopingCall(self._tell, "WATCHDOG=1")
        self._beat.clock = reactor

    def ready(self) -> None:
        """What is to be served is served: at the start, and after a reload."""
        self._tell("READY=1")
        if self.watched is not None and not self._beat.running:
            # Twice in the time, as sd_watchdog_enabled(3) has it.
            self._beat.start(self.watched / 2, now=False)

    def reloading(self) -> None:
        """A reload begins; L{ready} ends it."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """The end begins."""
        self._tell("STOPPING=1")
        if self._beat.running:
            self._beat.stop()
        if self._socket is not None:
            self._socket.close()
        self._address = ""

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._socket.settimeout(TIMEOUT)
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as problem:
            self.log.warn(
                "the service manager does not hear {line}: {problem}",
                line=lines[0],
                problem=problem,
            )
