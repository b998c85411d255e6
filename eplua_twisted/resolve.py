"""Looking up host names for C{net.resolve}."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import operation
from eplua_twisted.border.values import to_text
from eplua_twisted.streams.endpoints import resolve


class Names(Module):
    """The name lookups of one runtime; the bridge cancels what is under way."""

    @operation("resolve")
    def resolve(self, name: bytes) -> Deferred[tuple[str, ...]]:
        """
        @return: fires with the addresses; fails with C{DNSLookupError}
        """
        found: Deferred[Any] = resolve(self._environment.reactor, to_text(name))
        return found.addCallback(tuple)
