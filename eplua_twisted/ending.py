"""How the process of C{twistd} ends, so that whoever has started it sees why."""

from __future__ import annotations

import atexit
import os
import sys
from types import TracebackType


def end_with(code: int) -> None:
    """
    Have the process end with an exit code, when all is over: that of C{twistd} is 0
    whatever its services say.

    @param code: 0 to 255
    """
    atexit.register(_leave, code)


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code)


def hush(problem: BaseException) -> None:
    """
    Have Python say nothing of an exception that ends the process with 1: the log has
    said it, in words that are about the script.
    """
    before = sys.excepthook

    def hook(
        kind: type[BaseException],
        value: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        if value is not problem:
            before(kind, value, traceback)

    sys.excepthook = hook
