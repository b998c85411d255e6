"""The last lines of the log."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import count

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    formatEvent,
    globalLogPublisher,
)
from zope.interface import implementer

MAX_LINES = 500
"""Lines that are kept."""

MAX_ERRORS = 50
"""Warnings and errors that are kept, however much else there is."""

LONGEST = 4000
"""Characters of a line that are kept."""


@dataclass(frozen=True)
class Line:
    """
    @ivar number: counts the lines
    @ivar time: seconds since 1970
    @ivar level: C{PRINT} for what a script has printed; else that of the log
    """

    number: int
    time: float
    level: str
    text: str


LEVELS = {
    LogLevel.info: "INFO",
    LogLevel.warn: "WARNING",
    LogLevel.error: "ERROR",
    LogLevel.critical: "ERROR",
}
"""The levels that are kept, by what they are called in the page."""


@implementer(ILogObserver)
class LastLines:
    """
    Observes the log of the process.

    @ivar lines: the last ones, the oldest first
    @ivar errors: the last ones that are warnings or errors
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self.lines: deque[Line] = deque(maxlen=MAX_LINES)
        self.errors: deque[Line] = deque(maxlen=MAX_ERRORS)

    def start(self) -> None:
        """Observe from now on."""
        globalLogPublisher.addObserver(self)

    def stop(self) -> None:
        globalLogPublisher.removeObserver(self)

    def __call__(self, event: LogEvent) -> None:
        level = LEVELS.get(event["log_level"])
        if level is None or "secret" in event:
            return
        text = formatEvent(event)
        if "log_failure" in event:
            text += "\n" + event["log_failure"].getTraceback()
        self.add(event["log_time"], level, text)

    def add(self, time: float, level: str, text: str) -> None:
        """Keep a line."""
        if len(text) > LONGEST:
            text = text[:LONGEST] + "…"
        line = Line(next(self._numbers), time, level, text)
        self.lines.append(line)
        if level in ("WARNING", "ERROR"):
            self.errors.append(line)

    def since(self, number: int) -> list[Line]:
        """Those that came after one."""
        return [each for each in self.lines if each.number > number]
