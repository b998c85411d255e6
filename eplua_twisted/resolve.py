"""Looking up host names for C{net.resolve}."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.primitives import operation
from eplua_twisted.border.values import to_text
from eplua_twisted.streams.endpoints import resolve


class Names:
    """The name lookups of one runtime."""

    resource_types = ()
    active = 0

    def __init__(self, environment: Environment) -> None:
        self._reactor = environment.reactor

    @operation("resolve")
    def resolve(self, name: bytes) -> Deferred[tuple[str, ...]]:
        """
        @return: fires with the addresses; fails with C{DNSLookupError}
        """
        found: Deferred[Any] = resolve(self._reactor, to_text(name))
        return found.addCallback(tuple)

    def stop(self) -> None:
        """Nothing is kept: the bridge cancels what is under way."""
