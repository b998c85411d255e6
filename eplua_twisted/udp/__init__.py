"""C{net.UDPSocket}: datagrams."""

from __future__ import annotations

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import crossing, query
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

    @crossing("udp_send_known")
    def send_known(self, number: int, data: bytes, host: bytes, port: int) -> bool:
        """
        Send where something was sent to before: the way of most datagrams.

        @return: it is sent; else L{UDPSocket.send_to} is to be asked, also for what is
            wrong
        """
        try:
            sending = self._environment.resources.get(number)
            if type(sending) is UDPSocket and not self._environment.bridge.stopped:
                return sending.send_known(data, (host, port))
        except TypeError:
            # A bug of the Lua library: it gives no such values.
            pass
        return False
