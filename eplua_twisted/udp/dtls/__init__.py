"""C{net.UDPSocket} with the option C{tls}: DTLS (RFC 6347)."""

from __future__ import annotations

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import Scalar
from eplua_twisted.udp.dtls.client import DTLSClient
from eplua_twisted.udp.dtls.options import DTLSOptions
from eplua_twisted.udp.dtls.peer import DTLSPeer
from eplua_twisted.udp.dtls.server import DTLSServer


class DTLS(Module):
    """Makes the UDP sockets of one runtime that speak DTLS."""

    resource_types = (DTLSClient, DTLSServer, DTLSPeer)

    @query("dtls_client_create")
    def create_client(self, listener: int, *pairs: Scalar) -> int:
        """
        @param listener: the ticket that is answered with what comes
        @param pairs: L{DTLSOptions}
        @return: the number of a socket that is not bound yet
        """
        options = DTLSOptions.from_pairs(pairs)
        return DTLSClient(self._environment, options, listener).id

    @query("dtls_server_create")
    def create_server(self, *pairs: Scalar) -> int:
        """
        @param pairs: L{DTLSOptions}
        @return: the number of a socket that is not bound yet
        @raise OperationError: C{tls}: a certificate or key cannot be used
        """
        return DTLSServer(self._environment, DTLSOptions.from_pairs(pairs)).id
