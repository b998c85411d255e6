"""
paho-mqtt without what only its threads need.

What each packet and message costs in paho is for sockets that give bytes one by one, for
whoever waits for a message in another thread (a C{threading.Condition} for each), for
callbacks by topic and for a log.  Here a packet comes whole, nobody waits, and there is
one listener.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable
from typing import Protocol, cast

from paho.mqtt import MQTTException
from paho.mqtt import client as paho
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MessageState, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from eplua_twisted.mqtt.packets import PUBLISH, length_of
from eplua_twisted.mqtt.paho_socket import PahoSocket

DISCONNECT = 0xE0

GOOD = MQTTErrorCode.MQTT_ERR_SUCCESS

_QUEUED = MessageState.MQTT_MS_QUEUED
_SENT_AS = {
    1: MessageState.MQTT_MS_WAIT_FOR_PUBACK,
    2: MessageState.MQTT_MS_WAIT_FOR_PUBREC,
}


class Outgoing(MQTTMessage):
    """A message of QoS 1 or 2 on its way to the broker, for which nobody waits."""

    __slots__ = ("name",)

    def __init__(self, mid: int, name: bytes) -> None:
        """@param name: of its topic"""
        self.mid = mid
        self.topic = self.name = name
        self.timestamp = 0.0
        self.dup = False
        self.properties = None
        self.info = None  # type: ignore[assignment]


class Listener(Protocol):
    """What is told of messages."""

    def arrived(
        self,
        topic: bytes,
        payload: bytes,
        packet_id: int,
        qos: int,
        retain: bool,
        dup: bool,
    ) -> None:
        """
        A message has come.

        @param packet_id: 0 for none, with QoS 0
        """


class LeanClient(Client):
    """What paho does with each packet; see above."""

    _owner: Listener
    _sock: PahoSocket | None
    # In order, those that wait for the window, and some that did: see queue_all.
    _waiting: deque[Outgoing]

    # What comes.

    def _packet_read(self) -> MQTTErrorCode:
        socket = self._sock
        found = None if socket is None else socket.packet()
        if found is None:
            return MQTTErrorCode.MQTT_ERR_AGAIN
        packet = self._in_packet
        packet["command"], body = found
        packet["packet"] = cast(bytearray, body)
        packet["remaining_length"] = len(body)
        try:
            code = self._packet_handle()
        except MQTTException:
            code = MQTTErrorCode.MQTT_ERR_PROTOCOL
        packet["command"] = 0
        self._last_bytes_received = paho.time_func()
        return code

    def _handle_publish(self) -> MQTTErrorCode:
        first = self._in_packet["command"]
        packet = cast(bytes, self._in_packet["packet"])
        qos = first >> 1 & 3
        if qos == 3:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        five = self._protocol == MQTTProtocolVersion.MQTTv5
        topic, packet_id, payload = _message(packet, qos, five)
        # Else it is no text.
        topic.decode()
        retain, dup = bool(first & 1), bool(first & 8)
        self._owner.arrived(topic, payload, packet_id, qos, retain, dup)
        return GOOD

    # What is sent.

    def send_message(self, topic: str, payload: bytes, qos: int, retain: bool) -> int:
        """
        As C{publish}, for a topic and a payload that can be sent.

        @return: the packet id
        """
        packet_id, name = self._mid_generate(), topic.encode()
        if not qos:
            self._send_publish(packet_id, name, payload, 0, retain)
            return packet_id
        message = Outgoing(packet_id, name)
        message.payload, message.qos, message.retain = payload, qos, retain
        message.state = _QUEUED
        self._out_messages[packet_id] = message
        self._waiting.append(message)
        self._update_inflight()
        return packet_id

    def queue_all(self) -> None:
        """Messages may be sent, or sent again: called before the first one."""
        messages = cast(Iterable[Outgoing], self._out_messages.values())
        self._waiting = deque(messages)

    def _update_inflight(self) -> MQTTErrorCode:
        # Paho looks at all messages each time.
        waiting, window = self._waiting, self._max_inflight_messages
        if self._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        while waiting and (not window or self._inflight_messages < window):
            message = waiting.popleft()
            known = self._out_messages.get(message.mid)
            if known is not message or message.state != _QUEUED:
                continue
            self._inflight_messages += 1
            message.state = _SENT_AS[message.qos]
            code = self._send_publish(
                message.mid,
                message.name,
                message.payload,
                message.qos,
                message.retain,
                message.dup,
            )
            if code != GOOD:
                return code
        return GOOD

    def _send_publish(  # type: ignore[override]
        self,
        mid: int,
        topic: bytes,
        payload: bytes | bytearray = b"",
        qos: int = 0,
        retain: bool = False,
        dup: bool = False,
    ) -> MQTTErrorCode:
        if self._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        command = PUBLISH | dup << 3 | qos << 1 | retain
        before = len(topic).to_bytes(2, "big") + topic
        if qos:
            before += mid.to_bytes(2, "big")
        if self._protocol == MQTTProtocolVersion.MQTTv5:
            # No properties.
            before += b"\0"
        length = length_of(len(before) + len(payload))
        packet = b"".join((bytes((command,)), length, before, payload))
        return self._packet_queue(command, packet, mid, qos)

    def _packet_write(self) -> MQTTErrorCode:
        packets, socket = self._out_packet, self._sock
        while packets and socket is not None:
            if packets[0]["command"] & 0xF0 == DISCONNECT:
                return super()._packet_write()
            socket.send(packets.popleft()["packet"])
        self._last_msg_out = paho.time_func()
        return GOOD


def _message(packet: bytes, qos: int, five: bool) -> tuple[bytes, int, bytes]:
    """
    The topic, the packet id, 0 for none, and the payload of a PUBLISH.

    @raise MQTTException: it is none
    """
    end = 2 + int.from_bytes(packet[:2], "big")
    start = end + 2 if qos else end
    packet_id = int.from_bytes(packet[end:start], "big")
    # An empty topic stands for an alias, and the broker is allowed none (MQTT 5, 3.3.2.1).
    if start + five > len(packet) or end == 2:
        raise MQTTException("a message that is cut off, or has no topic")
    if five:
        # Most have no properties.
        start += _size_of_properties(packet[start:]) if packet[start] else 1
    return packet[2:end], packet_id, packet[start:]


def _size_of_properties(data: bytes) -> int:
    """@raise MQTTException: they are none that a PUBLISH may have"""
    try:
        _, size = Properties(PacketTypes.PUBLISH).unpack(data)
    except (struct.error, IndexError, KeyError, ValueError) as problem:
        raise MQTTException(str(problem)) from problem
    return int(size)
