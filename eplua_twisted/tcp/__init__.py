"""C{net.TCPSocket} and C{net.TCPServer}: TCP and UNIX streams, with TLS."""

from __future__ import annotations

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import Scalar
from eplua_twisted.tcp.options import ServerOptions, SocketOptions
from eplua_twisted.tcp.server import TCPServer
from eplua_twisted.tcp.socket import TCPSocket


class TCP(Module):
    """Makes the TCP sockets and servers of one runtime."""

    resource_types = (TCPSocket, TCPServer)

    @query("tcp_create")
    def create(self, *pairs: Scalar) -> int:
        """
        @param pairs: names and values of L{SocketOptions}
        @return: the number of a socket that is not connected yet
        """
        return TCPSocket(self._environment, SocketOptions.from_pairs(pairs)).id

    @query("tcp_server_create")
    def create_server(self, *pairs: Scalar) -> int:
        """
        @param pairs: names and values of L{ServerOptions}
        @return: the number of a server that does not listen yet
        """
        return TCPServer(self._environment, ServerOptions.from_pairs(pairs)).id
