"""C{net.TCPSocket} and C{net.TCPServer}: TCP and UNIX streams, with TLS."""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds
from eplua_twisted.tcp.options import SocketOptions
from eplua_twisted.tcp.server import TCPServer
from eplua_twisted.tcp.socket import TCPSocket


@implementer(IModule)
class TCP:
    """Makes the TCP sockets and servers of one runtime."""

    resource_types = (TCPSocket, TCPServer)
    active = 0

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

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

    def stop(self) -> None:
        """All it makes is in L{Resources}."""
