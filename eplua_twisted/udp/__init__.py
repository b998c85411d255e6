"""C{net.UDPSocket}: datagrams."""

from __future__ import annotations

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import Scalar
from eplua_twisted.udp.options import UDPOptions
from eplua_twisted.udp.socket import UDPSocket


class UDP(Module):
    """Makes the UDP sockets of one runtime."""

    resource_types = (UDPSocket,)

    @query("udp_create_socket")
    def create(self, listener: int, *pairs: Scalar) -> int:
        """
        @param listener: the ticket that is answered with what comes
        @param pairs: L{UDPOptions}
        @return: the number of a socket that is not bound yet
        """
        options = UDPOptions.from_pairs(pairs)
        return UDPSocket(self._environment, options, listener).id
