"""
paho-mqtt, Eclipse's reference client, set up for one session.

paho holds the protocol: the packets, the exchanges of QoS 1 and 2, keep-alive.  It is
driven through its interface for external loops: C{loop_read}, C{loop_write},
C{loop_misc}, C{on_socket_register_write}.  How a message is read and written is ours,
because that costs half (L{lean_paho<eplua_twisted.mqtt.lean_paho>}); and so is the
socket.  paho's own is made by a C{connect} that blocks, so it would need a thread for
each attempt; its TLS takes keys from files only, and reports failures in other words than
the rest of this package; its WebSocket masks byte by byte.  Twisted has all three already,
so paho is given what it calls a C{SocketLike}, which Twisted's connections feed.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from secrets import token_hex
from typing import Any, Literal, Protocol

from paho.mqtt.client import (
    MQTT_CLEAN_START_FIRST_ONLY,
    PINGREQ,
    MQTTMessage,
)
from paho.mqtt.enums import (
    CallbackAPIVersion,
    MessageState,
    MQTTErrorCode,
    MQTTProtocolVersion,
)
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.lean_paho import LeanClient, Listener
from eplua_twisted.mqtt.options import ConnectOptions
from eplua_twisted.mqtt.packets import varint
from eplua_twisted.mqtt.paho_socket import PahoSocket
from eplua_twisted.mqtt.uri import Broker

FOREVER = 0xFFFFFFFF
"""A session that does not expire (MQTT 5, 3.1.2.11.2)."""

LARGEST_PACKET = 0xFFFFFFF
"""The bytes that a packet's length can say (MQTT 5, 1.5.5)."""

REASONS_OF_5 = {132: 1, 133: 2, 136: 3, 134: 4, 135: 5}
"""Refusals of MQTT 5 (3.2.2.2) as the codes of 3.1.1 (3.2.2.3)."""

REFUSALS = {
    1: "unacceptable protocol version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}

REFUSED = 0x80
"""Reason codes of MQTT 5 from here on are errors (2.4)."""

_RELEASING = (MessageState.MQTT_MS_WAIT_FOR_PUBCOMP, MessageState.MQTT_MS_RESEND_PUBREL)
_SENT = (MessageState.MQTT_MS_WAIT_FOR_PUBACK, MessageState.MQTT_MS_WAIT_FOR_PUBREC)


class Owner(Listener, Protocol):
    """What a L{PahoClient} asks and tells besides paho's own callbacks."""

    def next_socket(self) -> PahoSocket:
        """What paho takes for the socket that it has made."""

    def acknowledged(self, packet_id: int, reason: int) -> None:
        """
        The exchange of a message of QoS 1 or 2 is over.

        @param reason: of MQTT 5; 0 in 3.1.1
        """

    def answered(self, packet_id: int, codes: Sequence[int]) -> None:
        """SUBACK or UNSUBACK has come; one of MQTT 3.1.1 has no codes."""

    def released(self, packet_id: int) -> None:
        """PUBREL has come."""

    @property
    def doubts(self) -> bool:
        """Whether a PUBREC may be the broker's last packet; see L{PahoClient.trust}."""

    def doubted(self) -> None:
        """A PUBREC was not believed yet."""


class PahoClient(LeanClient):
    """
    paho on sockets that it is given.

    Messages are given to it only while the broker has accepted the connection: so
    C{connect} has to put in order only what was sent, and what waits for the window.
    """

    _owner: Owner

    def __init__(
        self,
        options: ConnectOptions,
        broker: Broker,
        owner: Owner,
        taken: Container[int],
    ) -> None:
        """
        @param taken: the packet ids that are in use besides those of paho's messages
        """
        five = options.protocol_version == 5
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id or _random_id(),
            clean_session=None if five else options.clean_session,
            protocol=MQTTProtocolVersion(options.protocol_version),
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self.queue_all()
        self._options = options
        self._broker = broker
        self._owner = owner
        self._taken = taken
        self._given_id: int | None = None
        self._doubtful: int | None = None
        if options.username is not None:
            # A password is binary data (3.1.3.5), and paho takes it as bytes.
            password: Any = options.password
            self.username_pw_set(options.username, password)
        if options.last_will is not None:
            will = options.last_will
            self.will_set(will.topic, will.payload, will.qos, will.retain)

    # Connections.

    def begin(self) -> None:
        """
        Make the next socket, and send CONNECT to it.

        It says the same each time.  C{reconnect} would go on with the keep-alive
        period that the last broker has set, and not ask for a clean start again
        after one that was refused.
        """
        options = self._options
        clean_start: Any = MQTT_CLEAN_START_FIRST_ONLY
        properties = None
        if options.protocol_version == 5:
            clean_start = options.clean_session
            properties = Properties(PacketTypes.CONNECT)
            properties.MaximumPacketSize = min(options.max_message_size, LARGEST_PACKET)
            if not options.clean_session:
                properties.SessionExpiryInterval = FOREVER
        self.connect(
            # It does not take none, and its socket is not of its own making.
            self._broker.host or "none",
            self._broker.port,
            options.keep_alive_period,
            clean_start=clean_start,
            properties=properties,
        )

    def _create_socket(self) -> PahoSocket:
        return self._owner.next_socket()

    def _handle_connack(self) -> MQTTErrorCode:
        if self.is_connected():
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return super()._handle_connack()

    def ping(self) -> None:
        """Send PINGREQ, whatever has become of the last one."""
        self._send_simple_command(PINGREQ)

    # Packet ids.

    def _mid_generate(self) -> int:
        # Paho's own gives ids out that are in use.
        if self._given_id is not None:
            given, self._given_id = self._given_id, None
            return given
        while True:
            found = super()._mid_generate()
            if found not in self._out_messages and found not in self._taken:
                return found

    def new_id(self) -> int:
        """A packet id that is not in use; there is one."""
        return self._mid_generate()

    def use_id(self, packet_id: int) -> None:
        """The next request has this packet id."""
        self._given_id = packet_id

    # Messages to the broker.

    def _messages_reconnect_reset_out(self) -> None:
        # Called for each attempt, so also when the last one did not get as far as to
        # send anything: then nothing may change.  Paho's own makes a message new
        # again whose PUBREL it was to repeat, forgets DUP, and takes the first
        # messages for sent.
        self._doubtful = None
        for message in self._out_messages.values():
            if message.state in _RELEASING:
                message.state = MessageState.MQTT_MS_RESEND_PUBREL
                continue
            message.dup = message.dup or message.state in _SENT
            message.state = MessageState.MQTT_MS_QUEUED
        self._inflight_messages = 0
        self.queue_all()

    def resume(self, window: int) -> None:
        """
        The broker has accepted: go on with what it has not acknowledged.

        A message whose PUBREC has come is the broker's: it is never sent again, only
        its PUBREL (MQTT 3.1.1, 4.3.3), and that whatever the window is (5, 4.9).
        """
        for message in self._out_messages.values():
            if message.state == MessageState.MQTT_MS_RESEND_PUBREL:
                message.state = MessageState.MQTT_MS_WAIT_FOR_PUBCOMP
                self._inflight_messages += 1
                self._send_pubrel(message.mid)
        self.set_window(window)

    def trust(self) -> None:
        """
        The broker goes on after its last PUBREC: send the PUBREL.

        mosquitto says PUBREC to a message of 3.1.1 that is one too many, too, forgets
        it, and closes the connection.  As long as PUBREL was not sent, the message may
        be repeated (4.3.3-1): a broker that has it takes it for a repetition.
        """
        packet_id, self._doubtful = self._doubtful, None
        message = None if packet_id is None else self._out_messages.get(packet_id)
        if message is not None:
            message.state = MessageState.MQTT_MS_WAIT_FOR_PUBCOMP
            self._send_pubrel(message.mid)

    def _packet_handle(self) -> MQTTErrorCode:
        if self._doubtful is not None:
            self.trust()
        return super()._packet_handle()

    def set_window(self, size: int) -> None:
        """So many messages of QoS 1 and 2 may be on their way from now on."""
        # Paho's setter is for closed connections.
        self._max_inflight_messages = size
        self._update_inflight()

    def release(self, packet_id: int) -> None:
        """Send PUBREL for a message that is finished."""
        self._send_pubrel(packet_id)

    def unsent(self) -> list[MQTTMessage]:
        """The messages that will be sent, or sent again."""
        waiting = (MessageState.MQTT_MS_QUEUED, MessageState.MQTT_MS_PUBLISH)
        return [each for each in self._out_messages.values() if each.state in waiting]

    def drop(self, packet_id: int) -> None:
        """A message is not sent any more."""
        del self._out_messages[packet_id]

    @property
    def on_their_way(self) -> int:
        """Messages that the broker has not acknowledged, and may have."""
        return self._inflight_messages

    def _acknowledgement(self) -> tuple[int, int]:
        """
        Packet id and reason of PUBACK, PUBREC, PUBREL or PUBCOMP, 0 for no reason.
        Paho makes four dictionaries for each.

        @raise OperationError: C{protocol}: it is not one
        """
        packet = self._in_packet["packet"]
        size = len(packet)
        five = self.protocol == MQTTProtocolVersion.MQTTv5
        if size < 2 or (size > 2 and not five):
            raise OperationError("protocol", "the broker sent a bad acknowledgement")
        return packet[0] << 8 | packet[1], packet[2] if size > 2 else 0

    def _acknowledged(self, packet_id: int) -> MQTTMessage | None:
        """The message that an acknowledgement is for."""
        message = self._out_messages.get(packet_id)
        if message is not None and message.state == MessageState.MQTT_MS_QUEUED:
            # Of an earlier connection: it had arrived.
            self._inflight_messages += 1
        return message

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        packet_id, reason = self._acknowledgement()
        message = self._acknowledged(packet_id)
        if message is None:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        if (message.qos == 1) != (cmd == "PUBACK"):
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        if message.state == MessageState.MQTT_MS_WAIT_FOR_PUBREC:
            # It was the answer to L{release}, for an earlier message of this id.
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        # That a PUBREL was for nothing is no error while a session is resumed (MQTT 5,
        # 3.7.2).
        return self._finish(packet_id, reason if cmd == "PUBACK" else 0)

    def _handle_pubrec(self) -> MQTTErrorCode:
        packet_id, reason = self._acknowledgement()
        message = self._acknowledged(packet_id)
        if message is None:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        if message.qos != 2:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        if reason >= REFUSED:
            # The end of the exchange, as PUBACK is with QoS 1 (MQTT 5, 4.3.3).  Paho
            # sends PUBREL whatever the broker has said.
            return self._finish(packet_id, reason)
        first = message.state == MessageState.MQTT_MS_WAIT_FOR_PUBREC
        self._doubtful = packet_id
        if first and self._owner.doubts:
            self._owner.doubted()
        else:
            self.trust()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _finish(self, packet_id: int, reason: int) -> MQTTErrorCode:
        """The exchange of a message is over: the next one may go."""
        # Nobody waits for paho's own notice, which would be a threading.Condition.
        self._owner.acknowledged(packet_id, reason)
        del self._out_messages[packet_id]
        self._inflight_messages -= 1
        return self._update_inflight()

    # Subscriptions.

    def _handle_suback(self) -> None:
        # Paho makes an object of two thousand bytes of each code.
        packet = self._in_packet["packet"]
        start = 2
        if self.protocol == MQTTProtocolVersion.MQTTv5:
            measured = varint(packet, 2)
            start += len(packet) if measured is None else sum(measured) - 2
        if start > len(packet):
            raise OperationError("protocol", "the broker sent a packet that is cut off")
        self._owner.answered(int.from_bytes(packet[:2], "big"), packet[start:])

    def _handle_unsuback(self) -> MQTTErrorCode:
        self._handle_suback()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    # Messages from the broker.

    def _handle_pubrel(self) -> MQTTErrorCode:
        packet_id, _ = self._acknowledgement()
        self._owner.released(packet_id)
        return self._send_pubcomp(packet_id)

    def acknowledge(self, packet_id: int, qos: int) -> None:
        """The script has handled a message: send PUBACK or PUBREC."""
        if qos == 1:
            self.ack(packet_id, qos)
        else:
            self._send_pubrec(packet_id)


def refusal(packet: bytes, version: int) -> int:
    """
    The code of a CONNACK in the numbers of MQTT 3.1.1, where it has one there.
    paho has them translated to those of MQTT 5, or does not tell them at all.
    """
    code = packet[3] if len(packet) > 3 else 0
    return REASONS_OF_5.get(code, code) if version == 5 else code


def _random_id() -> str:
    """Of letters and digits, at most 23: what every broker takes (3.1.3.1)."""
    return "eplua" + token_hex(8)
