"""What autobahn's protocols look up in their factories, which are nothing else here."""

from __future__ import annotations

from collections.abc import Iterable

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketServerFactory
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)

from eplua_twisted.websocket.options import (
    ClientOptions,
    ConnectionOptions,
    ServerOptions,
)


def _of_both(options: ConnectionOptions) -> dict[str, object]:
    """Autobahn's timers are off: they are the global reactor's, ours the runtime's."""
    return {
        "maxMessagePayloadSize": options.max_message_size,
        "maxFramePayloadSize": options.max_message_size,
        "failByDrop": False,
        "echoCloseCodeReason": True,
        "openHandshakeTimeout": 0,
        "closeHandshakeTimeout": 0,
        "autoPingInterval": 0,
    }


def client_settings(options: ClientOptions, reactor: object) -> WebSocketClientFactory:
    """@param reactor: none of its timers is used"""
    limit = options.max_message_size

    def accept(response: object) -> object:
        if isinstance(response, PerMessageDeflateResponse):
            return PerMessageDeflateResponseAccept(response, max_message_size=limit)
        return None

    settings = WebSocketClientFactory(
        protocols=list(options.subprotocols), reactor=reactor
    )
    compression: dict[str, object] = {}
    if options.compression:
        compression["perMessageCompressionOffers"] = [PerMessageDeflateOffer()]
        compression["perMessageCompressionAccept"] = accept
    settings.setProtocolOptions(
        serverConnectionDropTimeout=0, **_of_both(options), **compression
    )
    return settings


def server_settings(options: ServerOptions, reactor: object) -> WebSocketServerFactory:
    """@param reactor: none of its timers is used"""
    limit = options.max_message_size

    def accept(offers: Iterable[object]) -> object:
        for offer in offers:
            if isinstance(offer, PerMessageDeflateOffer):
                return PerMessageDeflateOfferAccept(offer, max_message_size=limit)
        return None

    settings = WebSocketServerFactory(server="eplua", reactor=reactor)
    compression: dict[str, object] = {}
    if options.compression:
        compression["perMessageCompressionAccept"] = accept
    settings.setProtocolOptions(
        serveFlashSocketPolicy=False, **_of_both(options), **compression
    )
    return settings
