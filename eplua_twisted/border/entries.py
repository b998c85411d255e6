"""How long each entry into Lua takes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import monotonic

from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing, query
from eplua_twisted.border.values import to_readable

SLOW = 0.25
"""Seconds: an entry that takes longer is told of."""

KEPT = 50
"""Slow entries that are remembered."""


@dataclass(frozen=True)
class SlowCallback:
    """
    An entry that has held up everything else.

    @ivar began: when, in seconds of the monotonic clock
    @ivar milliseconds: how long it took
    @ivar place: file and line where the callback begins, or where the task was started
    """

    began: float
    milliseconds: int
    place: str


@implementer(IModule)
class Entries:
    """
    The times of one runtime's entries into Lua, by the monotonic clock: whatever the
    reactor's clock is, a script that does not return holds up the process.

    @ivar longest: seconds of the longest one
    @ivar longest_at: file and line where that begins
    @ivar slow: the last slow ones, the oldest first
    """

    resource_types = ()
    active = 0

    def __init__(self, bridge: Bridge, allowed: int) -> None:
        """@param allowed: milliseconds of an entry; 0 is no limit"""
        self._bridge = bridge
        self._allowed = allowed
        self._telling = False
        self._place = ""
        self.longest = 0.0
        self.longest_at = ""
        self.slow: deque[SlowCallback] = deque(maxlen=KEPT)
        bridge.on_long_entry = self._long

    @query("callback_time")
    def allowed(self) -> int:
        """The milliseconds that an entry may take; 0 is no limit."""
        return self._allowed

    @crossing("over_time")
    def over_time(self) -> bool | bytes:
        """Whether the present entry has taken too long; or why it is to be left."""
        bridge = self._bridge
        if bridge.interrupted:
            return b"interrupted"
        return bridge.entered and (monotonic() - bridge.began) * 1000 > self._allowed

    @crossing("begin_anew")
    def begin_anew(self) -> None:
        """What comes now has its own time."""
        self._bridge.interrupted = False
        self._bridge.began = monotonic()

    def _long(self, seconds: float) -> None:
        """An entry was slow, or the longest so far."""
        if self._telling:
            # Telling of one has taken long: the machine has other things to do.
            return
        began, slow = self._bridge.began, seconds > SLOW
        self._telling, self._place = True, "?"
        self._bridge.look(b"took", int(seconds * 1000), slow)
        self._telling = False
        if seconds > self.longest:
            self.longest, self.longest_at = seconds, self._place
            self._bridge.long = min(seconds, SLOW)
        if slow:
            self.slow.append(SlowCallback(began, int(seconds * 1000), self._place))

    @crossing("took")
    def took(self, place: bytes) -> None:
        """@param place: file and line of what took long"""
        self._place = to_readable(place)

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""
