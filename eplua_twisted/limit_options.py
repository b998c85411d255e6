"""The command options for L{Limits}."""

from __future__ import annotations

import re

from twisted.python import usage

from eplua_twisted.border.limits import CALLBACK_TIME, Limits

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


def size(text: str) -> int:
    """
    Bytes, as in C{64M}.

    @raise ValueError: it is no size
    """
    found = re.fullmatch(r"(\d{1,15})([KMG]?)", text.upper())
    if found is None:
        raise ValueError(f"a size as 64M expected, got {text!r}")
    return int(found[1]) * UNITS[found[2]]


def count(text: str) -> int:
    """
    An integer of at least 0.

    @raise ValueError: it is none
    """
    if not re.fullmatch(r"\d{1,15}", text):
        raise ValueError(f"an integer of at least 0 expected, got {text!r}")
    return int(text)


class LimitOptions(usage.Options):
    """Mixed into the options of a command."""

    optParameters = [
        ["max-memory", None, "0", "bytes of the Lua state, as in 64M; 0 is no limit"],
        [
            *("max-callback-time", None, None),
            "milliseconds that a callback may run; 0 is no limit"
            f" [default: {CALLBACK_TIME}, on luajit 0]",
        ],
        ["max-timers", None, str(Limits.max_timers), "timers at a time"],
        ["max-connections", None, str(Limits.max_connections), "open connections"],
    ]

    def asked_limits(self) -> Limits:
        """
        What was asked for.

        @raise usage.UsageError: that cannot be
        """
        given = {}
        for name, read in (
            ("max-memory", size),
            ("max-callback-time", count),
            ("max-timers", count),
            ("max-connections", count),
        ):
            text = self[name]
            if text is None:
                continue
            try:
                given[name.replace("-", "_")] = read(text)
            except ValueError as problem:
                raise usage.UsageError(f"--{name}: {problem}") from None
        try:
            return Limits(**given)
        except ValueError as problem:
            raise usage.UsageError(f"--{str(problem).replace('_', '-', 1)}") from None
