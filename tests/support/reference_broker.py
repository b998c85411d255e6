"""What a right broker does with the packets of one client: a model, without any I/O."""

from __future__ import annotations

from tests.support.mqtt import (
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    SUBACK,
    UNSUBACK,
    RemoteBroker,
    answer,
    connack,
    message,
    packet,
)


class TooMany(Exception):
    """
    More messages are on their way than the broker takes.

    @ivar answers: what it says before it closes the connection
    """

    def __init__(self, *answers: bytes) -> None:
        super().__init__()
        self.answers = answers


class ReferenceBroker:
    """
    One session of a broker, over all connections of its client.

    @ivar delivered: the payloads that it has passed on, in order
    @ivar present: it has a session of the client
    @ivar held: the packet ids of QoS 2 that PUBREL has not released
    @ivar connections: how many it has accepted
    """

    def __init__(self, most: int = 65535, version: int = 4) -> None:
        """@param most: messages of QoS 2 that may be on their way"""
        self._most = most
        self._version = version
        self.delivered: list[bytes] = []
        self.present = False
        self.held: set[int] = set()
        self.connections = 0
        self._sending: dict[int, tuple[int, bytes]] = {}
        self._releasing: list[int] = []
        self._sent: set[int] = set()
        self._published = 0

    def connected(self) -> bytes:
        """@return: its CONNACK"""
        present, self.present = self.present, True
        self.connections += 1
        if self._version == 4:
            return connack(0, present)
        most = b"\x03\x21" + self._most.to_bytes(2, "big")
        return packet(0x20, bytes([present, 0]) + most)

    # Messages to the client.

    def publish(self, count: int, qos: int) -> None:
        """Messages for the client, with L{begin} of the next connection."""
        for _ in range(count):
            self._published += 1
            self._sending[self._published] = qos, b"%d" % self._published

    def begin(self) -> list[bytes]:
        """@return: what it sends first on a connection: all that is not finished"""
        packets = [answer(PUBREL, each) for each in self._releasing]
        for number, (qos, payload) in self._sending.items():
            packets.append(self._message(number, qos, payload, number in self._sent))
            self._sent.add(number)
        return packets

    def _message(self, number: int, qos: int, payload: bytes, dup: bool) -> bytes:
        properties = b"\0" * (self._version == 5)
        return message(b"a", properties + payload, qos, number, dup)

    @property
    def unfinished(self) -> int:
        """How many messages to the client it has to go on with."""
        return len(self._sending) + len(self._releasing)

    # Packets of the client.

    def receive(self, data: bytes) -> list[bytes]:
        """
        @param data: one packet
        @return: its answers
        @raise TooMany: it closes the connection
        """
        kind, body = data[0] & 0xF0, data[2 + (data[1] > 127) :]
        if kind == 0x30:
            return self._arrived(data[0] >> 1 & 3, body)
        number = int.from_bytes(body[:2], "big")
        if kind == PUBREL & 0xF0:
            self.held.discard(number)
            return [answer(PUBCOMP, number)]
        if kind == PUBREC:
            self._sending.pop(number, None)
            if number not in self._releasing:
                self._releasing.append(number)
            return [answer(PUBREL, number)]
        if kind == PUBACK:
            self._sending.pop(number, None)
        if kind == PUBCOMP and number in self._releasing:
            self._releasing.remove(number)
        if kind == 0x80:
            return [answer(SUBACK, number, b"\0" * (self._version == 5) + b"\1")]
        if kind == 0xA0:
            return [answer(UNSUBACK, number, b"\0\0" if self._version == 5 else b"")]
        return []

    def _arrived(self, qos: int, body: bytes) -> list[bytes]:
        at = 2 + int.from_bytes(body[:2], "big")
        number = int.from_bytes(body[at : at + 2], "big")
        payload = body[at + 2 * bool(qos) + (self._version == 5) :]
        if qos < 2:
            self.delivered.append(payload)
            return [answer(PUBACK, number)] if qos else []
        if number not in self.held:
            if len(self.held) >= self._most:
                # As mosquitto does it: MQTT 3.1.1 has no PUBREC that refuses.
                raise TooMany(answer(PUBREC, number, b"\x97" * (self._version == 5)))
            self.held.add(number)
            self.delivered.append(payload)
        return [answer(PUBREC, number)]

    def serve(self, client: RemoteBroker) -> bool:
        """
        Answer all that comes on a connection that is accepted.

        @return: there is nothing left to answer; else it has closed the connection
        """
        while packets := client.packets():
            for each in packets:
                try:
                    answers = self.receive(each)
                except TooMany as last:
                    client.says(*last.answers)
                    client.reset()
                    return False
                client.says(*answers)
        return True
