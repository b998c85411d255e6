"""How long each entry into Lua takes."""

from __future__ import annotations

from time import monotonic

from zope.interface import implementer

from eplua_twisted.border.bridge import COMMANDS, Bridge
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing, query


@implementer(IModule)
class Entries:
    """
    The times of one runtime's entries into Lua, by the monotonic clock: whatever the
    reactor's clock is, a script that does not return holds up the process.
    """

    resource_types = ()
    active = 0

    def __init__(self, bridge: Bridge, allowed: int) -> None:
        """@param allowed: milliseconds of an entry; 0 is no limit"""
        self._bridge = bridge
        self._allowed = allowed
        self._telling = False
        bridge.on_slow_entry = self._slow

    @query("callback_time")
    def allowed(self) -> int:
        """The milliseconds that an entry may take; 0 is no limit."""
        return self._allowed

    @crossing("over_time")
    def over_time(self) -> bool:
        """Whether the present entry has taken too long."""
        bridge = self._bridge
        return bridge.entered and (monotonic() - bridge.began) * 1000 > self._allowed

    @crossing("begin_anew")
    def begin_anew(self) -> None:
        """What comes now has its own time."""
        self._bridge.began = monotonic()

    def _slow(self, seconds: float) -> None:
        if self._telling:
            # Telling of one has taken long: the machine has other things to do.
            return
        self._telling = True
        self._bridge.enter(COMMANDS, b"slow", (int(seconds * 1000),))
        self._telling = False

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> None:
        """Nothing of its own to let go."""
