"""How a signal ends the process, whatever runs in it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

GRACE = 5.0
"""Seconds that a process has to end after the first signal."""

ENDING = (signal.SIGINT, signal.SIGTERM)


def die_by(number: int) -> None:
    """
    End the process by a signal, so that whoever waits for it sees that.  Any thread
    may do this: Python changes what a signal does in the main thread only, and that
    may be in Lua.
    """
    ctypes.CDLL(None).signal(number, 0)
    os.kill(os.getpid(), number)


def end_by(number: int) -> None:
    """The same at the end of a good run, with nothing left unwritten."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    die_by(number)


class Watch:
    """
    Ends the process by SIGINT or SIGTERM: some time after the first one, and at once
    with the second one, also when a script is in an endless loop.  There no Python
    handler runs, but the interpreter still writes the signal's number to its wake-up
    descriptor, which a thread reads.

    C{idle}, then from L{install} on C{watching}, C{ending} when a signal has come;
    L{remove} leads back from C{watching} to C{idle}.
    """

    def __init__(
        self, grace: float = GRACE, first: Callable[[int], object] = lambda _: None
    ) -> None:
        """
        @param grace: seconds from the first signal to the end
        @param first: called with the first signal, in the thread
        """
        self._grace = grace
        self._first = first
        self._previous = -1
        self._write: socket.socket | None = None
        self._ending = False

    def install(self) -> None:
        """Begin; in the main thread.  Whoever had the wake-up descriptor still gets all."""
        read, write = socket.socketpair()
        write.setblocking(False)
        self._write = write
        self._previous = signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(read,), daemon=True).start()

    def remove(self) -> None:
        """Watch no more, unless a signal has come; harmless when nothing was begun."""
        if self._write is None or self._ending:
            return
        signal.set_wakeup_fd(self._previous)
        self._write.close()
        self._write = None

    def _watch(self, read: socket.socket) -> None:
        end = 0.0
        last = 0
        with read:
            while True:
                read.settimeout(max(0.001, end - time.monotonic()) if last else None)
                try:
                    numbers = read.recv(64)
                except TimeoutError:
                    return die_by(last)
                if not numbers:
                    return None
                if self._previous >= 0:
                    # What wakes the reactor may be full, or gone at the end.
                    with suppress(OSError):
                        os.write(self._previous, numbers)
                for number in numbers:
                    if number not in ENDING:
                        continue
                    if last:
                        return die_by(number)
                    self._ending = True
                    last = number
                    end = time.monotonic() + self._grace
                    self._first(number)
