"""C{net.TCPSocket} and C{net.TCPServer}: TCP and UNIX streams, with TLS."""

from __future__ import annotations

from typing import Any

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds
from eplua_twisted.tcp.options import SocketOptions
from eplua_twisted.tcp.server import TCPServer
from eplua_twisted.tcp.socket import TCPSocket


class TCP(Module):
    """Makes the TCP sockets and servers of one runtime."""

    resource_types = (TCPSocket, TCPServer)

    @query("tcp_create")
    def create(self, *options: Any) -> int:
        """@return: the number of a socket that is not connected yet"""
        return TCPSocket(self._environment, SocketOptions.from_lua(*options)).id

    @query("tcp_server_create")
    def create_server(
        self,
        max_connections: int | None,
        backlog: int | None,
        reuse_port: bool,
        idle_timeout: float | None,
        *options: Any,
    ) -> int:
        """@return: the number of a server that does not listen yet"""
        return TCPServer(
            self._environment,
            SocketOptions.from_lua(*options),
            max_connections,
            backlog,
            reuse_port,
            seconds(idle_timeout or 0),
        ).id
