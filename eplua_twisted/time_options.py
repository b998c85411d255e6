"""The options of the commands that move a script's time."""

from __future__ import annotations

import re
from datetime import datetime

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorTime
from twisted.python import usage

from eplua_twisted.border.clock import steady
from eplua_twisted.clocks import InstantClock, ScaledClock

UNITS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
"""What a time may end with, in seconds."""

LONGEST = 100 * 366 * UNITS["d"]
"""Seconds: a time that is longer is a mistake."""

FASTEST = 1e6
"""Beyond that C{--instant} is meant."""


def parse_seconds(text: str) -> float:
    """
    A time such as C{90}, C{1.5h} or C{2d}; seconds where it has no unit.

    @raise ValueError: it is none
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|[smhd]?)", text)
    if match is None or float(match[1]) * UNITS[match[2]] > LONGEST:
        raise ValueError(f"a time such as 90, 15m, 2h or 1d expected, got {text!r}")
    return float(match[1]) * UNITS[match[2]]


def parse_moment(text: str) -> float:
    """
    A day, a time of today, or both, as ISO 8601 has them; local time where no zone is
    given.

    @return: seconds since the epoch
    @raise ValueError: it is none
    """
    try:
        if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text):
            today = datetime.now().astimezone().date()
            text = f"{today} {text}"
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f"a moment such as '2026-12-24 18:30' or '06:00' expected, got {text!r}"
        ) from None


class TimeOptions:
    """
    Options that a C{usage.Options} may have.

    @ivar run_for: seconds of the script's time after which it is stopped
    """

    run_for: float | None = None
    _speed: float | None = None
    _start: float | None = None
    _instant = False

    def opt_speed(self, factor: str) -> None:
        """FACTOR: the script's timers, os.time and os.date run so much faster."""
        try:
            self._speed = float(factor)
        except ValueError:
            self._speed = 0.0
        if not 0 < self._speed <= FASTEST:
            raise usage.UsageError(
                f"--speed: a number up to {FASTEST:.0f} expected, got {factor!r}"
            )

    def opt_instant(self) -> None:
        """Timers do not wait: time passes at once when nothing else is awaited."""
        self._instant = True

    def opt_start(self, moment: str) -> None:
        """MOMENT that the script's time begins at: '2026-12-24 18:30', '06:00'."""
        try:
            self._start = parse_moment(moment)
        except ValueError as problem:
            raise usage.UsageError(f"--start: {problem}") from None

    def opt_run_for(self, period: str) -> None:
        """TIME after which the script is stopped, by its clock: 90, 15m, 2h, 1d."""
        try:
            self.run_for = parse_seconds(period)
        except ValueError as problem:
            raise usage.UsageError(f"--run-for: {problem}") from None

    def check_time(self) -> None:
        """@raise UsageError: what was given does not go together"""
        if self._instant and self._speed is not None:
            raise usage.UsageError("--instant and --speed cannot go together")

    def clock(self, reactor: ReactorBase) -> IReactorTime | None:
        """What the script's time is to follow; C{None} for the real time."""
        real = steady(reactor)
        if self._instant:
            return InstantClock(real, self._start)
        if self._speed is None and self._start is None:
            return None
        return ScaledClock(real, self._speed or 1.0, self._start)
