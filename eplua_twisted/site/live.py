"""The pages that are open, and tell and are told what happens while it does."""

from __future__ import annotations

from typing import Protocol

from autobahn.twisted.websocket import WebSocketServerFactory
from twisted.internet.interfaces import IProtocol

from eplua_twisted.border.environment import Environment
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.websocket.accepted import AcceptedWebSocket
from eplua_twisted.websocket.handshake import OpeningRequest
from eplua_twisted.websocket.options import ServerOptions
from eplua_twisted.websocket.settings import server_settings

MAX_CLIENTS = 50
"""Pages that are open at a time."""

MAX_MESSAGE = 64 * 1024
"""Bytes of what a page says."""

PING_INTERVAL = 30.0
"""Seconds after which a page that has gone without a word is noticed."""


class Audience(Protocol):
    """What is told of the pages."""

    def opened(self, page: AcceptedWebSocket) -> None: ...

    def received(self, page: AcceptedWebSocket, data: bytes) -> None:
        """@param data: a message of text"""

    def ended(self, page: AcceptedWebSocket) -> None: ...


class Live:
    """The WebSockets of pages of a L{Site<eplua_twisted.site.site.Site>}."""

    def __init__(self, environment: Environment, audience: Audience) -> None:
        self.environment = environment
        self.options = ServerOptions(
            ping_interval=PING_INTERVAL, max_message_size=MAX_MESSAGE
        )
        self.settings: WebSocketServerFactory = server_settings(
            self.options, environment.reactor
        )
        self._audience = audience
        # From the first byte on.
        self._pages: set[AcceptedWebSocket] = set()
        self._stopped = False

    def take_over(self, request: HTTPServerRequest) -> IProtocol | None:
        """A request asks for a WebSocket; who asks was checked."""
        if self._stopped or len(self._pages) >= MAX_CLIENTS:
            return None
        page = AcceptedWebSocket(self)
        self._pages.add(page)
        page.protocol.makeConnection(  # type: ignore[no-untyped-call]
            request.client.transport
        )
        page.protocol.dataReceived(request.head_bytes)
        return page.protocol

    def stop(self) -> None:
        """Close the pages, and let no other one in."""
        self._stopped = True
        for page in list(self._pages):
            page.close()

    # What they tell.

    def judge(self, client: AcceptedWebSocket, request: OpeningRequest) -> None:
        """The site has checked who asks."""
        client.admit(None)

    def opened(self, client: AcceptedWebSocket) -> None:
        self._audience.opened(client)

    def received(self, client: AcceptedWebSocket, data: bytes, is_binary: bool) -> None:
        self._audience.received(client, b"" if is_binary else data)

    def ended(
        self, client: AcceptedWebSocket, code: int, reason: str, clean: bool
    ) -> None:
        self._audience.ended(client)

    def left(self, client: AcceptedWebSocket) -> None:
        self._pages.discard(client)
