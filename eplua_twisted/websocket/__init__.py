"""C{net.WebSocketClient} and C{net.WebSocketServer}."""

from __future__ import annotations

from typing import Any

from autobahn.websocket.util import parse_url

from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.websocket.client import HANDSHAKE_TIMEOUT, WebSocketConnection
from eplua_twisted.websocket.connection import ChannelOptions
from eplua_twisted.websocket.server import WebSocketServer


class WebSockets(Module):
    """Makes the WebSocket connections and servers of one runtime."""

    resource_types = (WebSocketConnection, WebSocketServer)

    @query("websocket_connect")
    def connect(
        self,
        listener: int,
        url: bytes,
        timeout: float | None,
        subprotocols: bytes | None,
        max_message: int | None,
        compression: bool,
        ping_interval: float | None,
        ping_timeout: float | None,
        tls_values: int,
        *pairs: Any,
    ) -> int:
        """
        Begin to connect.

        @param listener: the ticket that is answered with the connection's events:
            C{connected} or C{error}, C{dataReceived}, C{pong}, C{disconnected}
        @param subprotocols: the offered ones, separated by commas
        @param tls_values: how many of C{pairs} are TLS options; the others are headers
        @return: the connection's number
        @raise OperationError: C{protocol}, for a URL that is none
        """
        text = to_text(url)
        try:
            secure = parse_url(text)[0]
        except Exception as problem:
            raise OperationError("protocol", f"bad URL {text!r}: {problem}") from None
        options = ChannelOptions.from_lua(
            max_message, compression, ping_interval, ping_timeout
        )
        headers = pairs[tls_values:]
        creator = None
        if secure:
            creator = self._creator(text, pairs[:tls_values])
        connection = WebSocketConnection(self._environment, options, listener)
        settings = {
            "url": text,
            "headers": {
                to_text(name): to_text(value)
                for name, value in zip(headers[::2], headers[1::2], strict=True)
            },
            "protocols": to_text(subprotocols).split(",") if subprotocols else [],
            "useragent": "eplua",
        }
        limit = HANDSHAKE_TIMEOUT if timeout is None else seconds(timeout)
        connection.begin(settings, limit, creator)
        return connection.id

    def _creator(self, url: str, values: tuple[Any, ...]) -> Any:
        from eplua_twisted.tls.context import client_creator
        from eplua_twisted.tls.options import TLSOptions

        host, port = parse_url(url)[1:3]
        options = TLSOptions.from_lua(*values)
        allowed = self._environment.allow_unauthorized
        return client_creator(options, host, port, allowed)

    @query("websocket_server_create")
    def create_server(
        self,
        origins: bytes | None,
        subprotocols: bytes | None,
        max_connections: int | None,
        max_message: int | None,
        compression: bool,
        ping_interval: float | None,
        ping_timeout: float | None,
        *tls_values: Any,
    ) -> int:
        """@return: the number of a server that does not listen yet"""
        context = None
        if tls_values:
            from eplua_twisted.tls.context import server_context
            from eplua_twisted.tls.options import TLSOptions

            context = server_context(TLSOptions.from_lua(*tls_values))
        return WebSocketServer(
            self._environment,
            ChannelOptions.from_lua(
                max_message, compression, ping_interval, ping_timeout
            ),
            None if origins is None else frozenset(to_text(origins).split("\n")),
            to_text(subprotocols).split(",") if subprotocols else [],
            max_connections,
            context,
        ).id
