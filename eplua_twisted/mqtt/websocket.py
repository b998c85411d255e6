"""MQTT in WebSocket messages (MQTT 3.1.1, 6)."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory
from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.stream import Receiver
from eplua_twisted.streams.autobahn import BufferedWebSocketClient

SUBPROTOCOL = "mqtt"


class WebSocket(BufferedWebSocketClient):
    """A L{ByteTransport<eplua_twisted.mqtt.stream.ByteTransport>} in binary messages."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self._receiver = receiver
        self._lost_by: Failure | None = None

    # What autobahn calls.

    def connectionMade(self) -> None:
        self._receiver.connected(self)
        super().connectionMade()

    def onOpen(self) -> None:
        if self.websocket_protocol_in_use != SUBPROTOCOL:
            self._refuse("the peer speaks WebSocket, but not MQTT")
            return
        self._receiver.opened()

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if isBinary:
            self._receiver.received(payload)
        else:
            self._refuse("the broker sent text")

    def _refuse(self, message: str) -> None:
        self.refused = OperationError("protocol", message)
        self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost_by = reason
        super().connectionLost(reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        failure = Failure(self.refused) if self.refused else self._lost_by
        assert failure is not None
        self._receiver.lost(failure)

    # What the receiver calls.

    def send(self, data: bytes) -> None:
        if self.state == self.STATE_OPEN:
            WebSocketProtocol.sendMessage(self, data, True)

    def finish(self) -> None:
        self.sendClose(1000)

    def abort(self) -> None:
        self.transport.abortConnection()

    def pause(self) -> None:
        self.transport.pauseProducing()

    def resume(self) -> None:
        self.transport.resumeProducing()


class WebSocketFactory(WebSocketClientFactory):
    """Autobahn's settings for the one connection of a receiver."""

    noisy = False

    def __init__(self, receiver: Receiver, url: str, reactor: Any) -> None:
        WebSocketClientFactory.__init__(
            self, url=url, protocols=[SUBPROTOCOL], useragent="eplua", reactor=reactor
        )
        self._receiver = receiver
        # Autobahn's timers are the global reactor's; an attempt has its own limit.
        WebSocketClientFactory.setProtocolOptions(
            self,
            openHandshakeTimeout=0,
            closeHandshakeTimeout=0,
            serverConnectionDropTimeout=0,
            autoPingInterval=0,
            failByDrop=False,
        )

    def buildProtocol(self, addr: IAddress | None) -> WebSocket:
        protocol = WebSocket(self._receiver)
        protocol.factory = self
        return protocol
