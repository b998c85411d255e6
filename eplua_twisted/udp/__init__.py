"""C{net.UDPSocket}: datagrams, with DTLS."""

from __future__ import annotations

from typing import Any

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds
from eplua_twisted.udp.dtls.peer import DTLSPeer
from eplua_twisted.udp.port import UDPOptions
from eplua_twisted.udp.socket import UDPSocket


class UDP(Module):
    """Makes the UDP sockets of one runtime."""

    resource_types = (UDPSocket, DTLSPeer)

    @query("udp_create_socket")
    def create(
        self,
        broadcast: bool,
        timeout: float | None,
        reuse_address: bool,
        reuse_port: bool,
        ipv6: bool,
        listener: int,
        secure: bool,
        *tls_values: Any,
    ) -> int:
        """
        @param listener: the ticket that is answered with what comes
        @param secure: DTLS is spoken
        @return: the number of a socket that is not bound yet
        @raise OperationError: C{tls}: a certificate or key cannot be used
        """
        options = UDPOptions(
            broadcast,
            seconds(timeout or 0),
            reuse_address,
            reuse_port,
            ipv6,
        )
        if not secure:
            return UDPSocket(self._environment, options, listener).id
        from eplua_twisted.tls.options import TLSOptions
        from eplua_twisted.udp.dtls.server import DTLSClient, DTLSServer

        tls = TLSOptions.from_lua(*tls_values)
        kind = DTLSClient if tls.certificate is None else DTLSServer
        return kind(self._environment, options, tls, listener).id
