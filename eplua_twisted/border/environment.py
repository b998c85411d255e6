"""What each module of a runtime is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.resources import Resources


@dataclass(frozen=True)
class Environment:
    """
    @ivar reactor: for timers, names and all that is not TCP
    @ivar streams: the same reactor, whose TCP connections write at once
    @ivar allow_unauthorized: C{host} and C{host:port} whose certificates are
        accepted whatever they are
    """

    reactor: Any
    streams: Any
    bridge: Bridge
    resources: Resources
    allow_unauthorized: frozenset[str] = frozenset()
