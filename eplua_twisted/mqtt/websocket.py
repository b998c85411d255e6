"""MQTT in WebSocket messages (MQTT 3.1.1, 6)."""

from __future__ import annotations

from autobahn.twisted.websocket import WebSocketClientFactory
from autobahn.websocket.protocol import WebSocketProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.stream import Receiver, Transport, Valve
from eplua_twisted.mqtt.uri import Broker
from eplua_twisted.streams.autobahn import BufferedWebSocketClient
from eplua_twisted.streams.opening import Opening

SUBPROTOCOL = "mqtt"


class WebSocket(BufferedWebSocketClient):
    """
    A L{ByteTransport<eplua_twisted.mqtt.stream.ByteTransport>} in binary messages.

    Messages mean nothing to MQTT (6.0): their bytes are handed on as they come, so that
    none has to be kept until it is whole.
    """

    transport: Transport  # type: ignore[assignment]
    _valve: Valve

    def __init__(self, receiver: Receiver, broker: Broker, reactor: object) -> None:
        super().__init__()
        self._receiver = receiver
        self._lost_by: Failure | None = None
        self.opening = Opening(broker.authority, broker.path, [SUBPROTOCOL])
        self.factory = WebSocketClientFactory(protocols=[SUBPROTOCOL], reactor=reactor)
        # Autobahn's timers are the global reactor's; an attempt has its own limit.
        self.factory.setProtocolOptions(
            openHandshakeTimeout=0,
            closeHandshakeTimeout=0,
            serverConnectionDropTimeout=0,
            autoPingInterval=0,
            failByDrop=False,
        )

    # What autobahn calls.

    def connectionMade(self) -> None:
        super().connectionMade()
        assert self.out is not None
        self._valve = Valve(self.transport, self.out)
        self._receiver.connected(self)

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        # Pongs are sent by autobahn itself.
        self._valve.look()

    def onOpen(self) -> None:
        if self.websocket_protocol_in_use != SUBPROTOCOL:
            self._refuse("the peer speaks WebSocket, but not MQTT")
            return
        self._receiver.opened()

    def onMessageBegin(self, isBinary: bool) -> None:
        if not isBinary:
            self._refuse("the broker sent text")

    def onMessageFrameBegin(self, length: int) -> None:
        """Nothing is kept of a frame."""

    def onMessageFrameData(self, payload: bytes) -> None:
        if self.refused is None:
            self._receiver.received(payload)

    def onMessageFrameEnd(self) -> None:
        """Nothing was kept."""

    def onMessageEnd(self) -> None:
        """Nothing was kept."""

    def _refuse(self, message: str) -> None:
        self.refused = self.refused or OperationError("protocol", message)
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
        self._valve.pause()

    def resume(self) -> None:
        self._valve.resume()
