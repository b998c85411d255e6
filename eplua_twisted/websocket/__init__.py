"""C{net.WebSocketClient} and C{net.WebSocketServer}."""

from __future__ import annotations

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import Scalar
from eplua_twisted.errors import NO_HOST, OperationError
from eplua_twisted.websocket.client import WebSocketConnection
from eplua_twisted.websocket.options import ClientOptions, ServerOptions
from eplua_twisted.websocket.server import WebSocketServer
from eplua_twisted.websocket.urls import parse


class WebSockets(Module):
    """Makes the WebSocket connections and servers of one runtime."""

    resource_types = (WebSocketConnection, WebSocketServer)

    @query("websocket_check")
    def check(self, url: bytes) -> bool:
        """@raise OperationError: C{url}, with what was expected instead"""
        parse(url)
        return True

    @query("websocket_connect")
    def connect(self, listener: int, url: bytes, *options: Scalar) -> int:
        """
        Begin to connect.

        @param listener: see L{WebSocketConnection}
        @param options: pairs: see L{ClientOptions}
        @return: the connection's number
        @raise OperationError: C{dns}: the host cannot be a name; C{tls}: a certificate or
            key cannot be used
        """
        parsed = parse(url)
        if not parsed.can_exist:
            raise OperationError(*NO_HOST)
        checked = ClientOptions.from_pairs(options)
        creator = None
        if parsed.scheme == "wss":
            from eplua_twisted.tls.creators import creator_of
            from eplua_twisted.tls.options import TLSOptions

            tls = checked.tls or TLSOptions()
            creator = creator_of(self._environment, tls, parsed.host, parsed.port)
        connection = WebSocketConnection(self._environment, checked, listener)
        connection.begin(parsed, creator)
        return connection.id

    @query("websocket_server_create")
    def create_server(self, *options: Scalar) -> int:
        """
        @param options: pairs: see L{ServerOptions}
        @return: the number of a server that does not listen yet
        @raise OperationError: C{tls}: a certificate or key cannot be used
        """
        checked = ServerOptions.from_pairs(options)
        context = None
        if checked.tls is not None:
            from eplua_twisted.tls.context import HTTP, server_context

            context = server_context(checked.tls, HTTP)
        return WebSocketServer(self._environment, checked, context).id
