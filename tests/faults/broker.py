"""A broker that answers one client, for networks with faults."""

from __future__ import annotations

from twisted.internet.protocol import Factory, Protocol

from tests.support.mqtt import PINGRESP, SUBACK, answer, connack

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14


class Broker(Protocol):
    """Accepts, grants, acknowledges, and sends what was published back."""

    def __init__(self) -> None:
        self._data = b""

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        while len(self._data) >= 2:
            # Longer packets than those of one byte of length are not sent here.
            size = 2 + self._data[1]
            if len(self._data) < size:
                return
            packet, self._data = self._data[:size], self._data[size:]
            self._answer(packet)

    def _answer(self, packet: bytes) -> None:
        kind, qos = packet[0] >> 4, packet[0] >> 1 & 3
        assert self.transport is not None
        if kind == CONNECT:
            self.transport.write(connack())
        elif kind == SUBSCRIBE:
            self.transport.write(
                answer(SUBACK, int.from_bytes(packet[2:4], "big"), b"\1")
            )
        elif kind == PUBLISH:
            topic = int.from_bytes(packet[2:4], "big")
            if qos:
                number = packet[4 + topic : 6 + topic]
                self.transport.write(b"\x40\2" + number)
            self.transport.write(packet)
        elif kind == PINGREQ:
            self.transport.write(PINGRESP)
        elif kind == DISCONNECT:
            self.transport.loseConnection()


class BrokerFactory(Factory):
    protocol = Broker
    noisy = False
