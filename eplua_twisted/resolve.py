"""C{net.resolve}, and what the Lua library asks about names."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import ascii_name, is_address, resolve


class Resolver(Module):
    """The name lookups of one runtime; the bridge cancels what is under way."""

    @operation("resolve")
    def resolve(self, name: bytes) -> Deferred[tuple[str, ...]]:
        """
        @return: fires with the addresses; fails with C{dns}, C{limit}, C{denied}
        """
        host = to_text(name)
        network = self._environment.access.network
        if network.limited:
            network.check_name(host if is_address(host) else ascii_name(host), None)
        return resolve(self._environment.reactor, host).addCallback(tuple)

    @query("is_address")
    def is_address(self, host: bytes) -> bool:
        """Whether a host is an IPv4 or IPv6 address."""
        return is_address(to_text(host))

    @query("is_host")
    def is_host(self, host: bytes) -> bool:
        """Whether a host is an address, or can be a name."""
        name = to_text(host)
        try:
            return is_address(name) or bool(ascii_name(name))
        except OperationError:
            return False
