"""
paho-mqtt, Eclipse's reference client, set up for one session.

paho holds the protocol: packet ids, the exchanges of QoS 1 and 2, what is sent
again, keep-alive.  It is driven through its interface for external loops:
C{loop_read}, C{loop_write}, C{loop_misc}, C{on_socket_register_write}.  Only the
socket is ours.  Its own is made by a C{connect} that blocks, so it would need a
thread for each attempt; its TLS takes keys from files only, and reports failures
in other words than the rest of this package; its WebSocket masks byte by byte.
Twisted has all three already, so paho is given what it calls a C{SocketLike},
which Twisted's connections feed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, Client
from paho.mqtt.enums import CallbackAPIVersion, MessageState, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from eplua_twisted.mqtt.link import Link
from eplua_twisted.mqtt.uri import Broker

FOREVER = 0xFFFFFFFF
"""A session that does not expire (MQTT 5, 3.1.2.11.2)."""

REASONS_OF_5 = {132: 1, 133: 2, 136: 3, 134: 4, 135: 5}
"""Refusals of MQTT 5 (3.2.2.2) as the codes of 3.1.1 (3.2.2.3)."""

REFUSALS = {
    1: "unacceptable protocol version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}


@dataclass(frozen=True)
class Will:
    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(frozen=True)
class Settings:
    """
    What a script wants of a connection.

    @ivar keep_alive: seconds, 0 for none
    @ivar timeout: seconds for an attempt, until the broker has accepted; 0 for none
    @ivar reconnect: the script's side asks for further attempts
    @ivar max_queue: how many messages may wait for a connection
    @ivar max_packet: bytes of the largest packet that a broker may send
    """

    broker: Broker
    client_id: str
    version: int
    clean: bool
    keep_alive: int
    username: str | None
    password: bytes | None
    will: Will | None
    timeout: float
    reconnect: bool
    max_queue: int
    max_packet: int


class PahoClient(Client):
    """
    paho on sockets that it is given.

    @param make_link: makes what is its next socket
    """

    def __init__(self, settings: Settings, make_link: Callable[[], Link]) -> None:
        five = settings.version == 5
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if five else settings.clean,
            protocol=MQTTProtocolVersion(settings.version),
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._make_link = make_link
        self._again = 0
        self._accepted = False
        if settings.username is not None:
            # A password is binary data (3.1.3.5), and paho takes it as bytes.
            password: Any = settings.password
            self.username_pw_set(settings.username, password)
        if settings.will is not None:
            will = settings.will
            self.will_set(will.topic, will.payload, will.qos, will.retain)

    def begin(self, settings: Settings) -> None:
        """The first time; later it is C{reconnect}."""
        broker = settings.broker
        if settings.version != 5:
            self.connect(broker.host, broker.port, settings.keep_alive)
            return
        properties = Properties(PacketTypes.CONNECT)
        properties.MaximumPacketSize = settings.max_packet
        if not settings.clean:
            properties.SessionExpiryInterval = FOREVER
        self.connect(
            broker.host,
            broker.port,
            settings.keep_alive,
            clean_start=MQTT_CLEAN_START_FIRST_ONLY if settings.clean else False,
            properties=properties,
        )

    def _create_socket(self) -> Link:
        return self._make_link()

    def _messages_reconnect_reset_out(self) -> None:
        # On its own paho sends everything again at once, above its own limit,
        # which MQTT 5 brokers do not forgive (4.9), lets what is published before
        # the broker has answered go ahead of it, and takes what a link has held
        # back for sent.
        waiting = list(self._out_messages.values())
        sent_twice = [each.dup for each in waiting]
        super()._messages_reconnect_reset_out()
        limit = self._max_inflight_messages
        for index, message in enumerate(waiting):
            if index >= limit and message.state == MessageState.MQTT_MS_PUBLISH:
                message.state = MessageState.MQTT_MS_QUEUED
            if not self._accepted:
                message.dup = sent_twice[index]
        self._again = self._inflight_messages = min(limit, len(waiting))
        self._accepted = False

    def accepted(self) -> None:
        """Called when the broker has; paho counts what it sends again now."""
        self._inflight_messages -= self._again
        self._again = 0
        self._accepted = True


def refusal(packet: bytes, version: int) -> int:
    """
    The code of a CONNACK in the numbers of MQTT 3.1.1, where it has one there.
    paho has them translated to those of MQTT 5, or does not tell them at all.
    """
    code = packet[3] if len(packet) > 3 else 0
    return REASONS_OF_5.get(code, code) if version == 5 else code
