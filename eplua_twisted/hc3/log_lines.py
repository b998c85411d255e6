"""Lines that scripts log, as HC3 shows them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from eplua_twisted.hc3.listeners import Listeners

COLOURS = {"DEBUG": "32", "TRACE": "36", "WARNING": "33", "ERROR": "31"}
"""The colour of each level, as terminals number them."""

MAX_LINES = 500
"""Lines that are kept for those who look later."""

MAX_KEPT = 10_000
"""Characters of a line that are kept."""


@dataclass(frozen=True)
class LogLine:
    """
    @ivar created: seconds since 1970
    @ivar level: C{DEBUG}, C{TRACE}, C{WARNING} or C{ERROR}
    @ivar device_id: whose it is; C{None} for a scene
    """

    created: float
    tag: str
    level: str
    text: str
    device_id: int | None = None

    def shortened(self) -> LogLine:
        """The line as it is kept."""
        if len(self.text) <= MAX_KEPT:
            return self
        return replace(self, text=self.text[:MAX_KEPT] + "…")

    def shown(self, colour: bool = False) -> str:
        """
        The line for people: C{[25.11.2026] [21:46:45] [DEBUG  ] [QUICKAPP42]: text}.

        @param colour: with the codes that terminals know
        """
        moment = time.strftime("[%d.%m.%Y] [%H:%M:%S]", time.localtime(self.created))
        level = f"[{self.level:<7}]"
        code = COLOURS.get(self.level)
        if colour and code is not None:
            level = f"\x1b[{code}m{level}\x1b[0m"
        return f"{moment} {level} [{self.tag}]: {self.text}"


class Lines:
    """
    The last lines of all scripts of a controller.

    @ivar kept: the oldest first
    """

    def __init__(self) -> None:
        self.kept: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._listeners: Listeners[[LogLine]] = Listeners()

    def add(self, line: LogLine) -> None:
        self.kept.append(line)
        self._listeners.tell(line)

    def subscribe(self, listener: Callable[[LogLine], object]) -> Callable[[], None]:
        """
        @param listener: told of each line from now on
        @return: call it to hear no more
        """
        return self._listeners.subscribe(listener)
