"""What each module of a runtime is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.resources import Resources


@dataclass(frozen=True)
class Environment:
    """
    @ivar reactor: for timers, names and all that is not TCP; its C{callLater} and
        C{seconds} follow the monotonic clock (L{SteadyReactor})
    @ivar streams: the same reactor, whose TCP connections write at once
    @ivar time_of_day: seconds since the epoch, for what people read
    @ivar allow_unauthorized: C{host} and C{host:port} whose certificates are
        accepted whatever they are
    """

    reactor: Any
    streams: Any
    bridge: Bridge
    resources: Resources
    time_of_day: Callable[[], float] = time.time
    allow_unauthorized: frozenset[str] = frozenset()
