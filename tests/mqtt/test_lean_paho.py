"""Packets in and out, as they are read and made without paho."""

from __future__ import annotations

from tests.support.mqtt import (
    PUBACK,
    MemoryBrokerTestCase,
    RemoteBroker,
    answer,
    message,
    number,
    packet,
    text,
)

FIVE = "protocolVersion = 5"


class ArrivingTests(MemoryBrokerTestCase):
    def five(self) -> RemoteBroker:
        self.begin(FIVE)
        broker = self.accepted()
        broker.says(packet(0x20, b"\0\0\0"))
        self.turn()
        self.lines.clear()
        return broker

    def test_messages_that_are_cut_off(self) -> None:
        """Wherever: they break the protocol, and are not told."""
        for options, most in (("", 5), (FIVE, 6)):
            for size in range(most + 1):
                broker = self.five() if options else self.connect()
                # A topic of one byte, a packet id, and in MQTT 5 no properties.
                body = (b"\0\1t\0\7\0")[:size]
                if size == most:
                    broker.says(packet(0x32, body))
                    self.turn(2)
                    self.assertIn(b"topic=t", self.lines[0])
                    self.run_lua("c:disconnect()")
                else:
                    broker.says(packet(0x32, body))
                    self.turn(2)
                    self.assertEqual(self.lines, [b"closed"], (options, size))
                self.lines.clear()

    def test_a_topic_that_is_none(self) -> None:
        for topic in (b"", b"\xff"):
            broker = self.connect()
            broker.says(message(topic, b"x"))
            self.said("closed")
            # In MQTT 5 no topic stands for an alias, which the broker was allowed none of.
            broker = self.five()
            broker.says(packet(0x30, text(topic) + b"\0x"))
            self.said("closed")

    def test_a_quality_of_service_that_is_none(self) -> None:
        broker = self.connect()
        broker.says(packet(0x36, text(b"t") + number(1)))
        self.said("closed")

    def test_properties_are_no_part_of_the_payload(self) -> None:
        broker = self.five()
        content_type = b"\3" + text(b"text/plain")
        properties = bytes([len(content_type)]) + content_type
        broker.says(packet(0x30, text(b"t") + properties + b"data"))
        broker.says(packet(0x30, text(b"t") + b"\0" + b"\0data"))
        self.said(
            "message dup=false payload=data qos=0 retain=false topic=t",
            "message dup=false payload=\0data qos=0 retain=false topic=t",
        )

    def test_properties_that_are_none(self) -> None:
        """Of no known kind, or more of them than there are bytes."""
        for properties in (b"\1\x7f", b"\5\3"):
            broker = self.five()
            broker.says(packet(0x30, text(b"t") + properties))
            self.said("closed")


class LeavingTests(MemoryBrokerTestCase):
    def test_sizes_around_each_length(self) -> None:
        """A packet's length takes one byte to three."""
        broker = self.connect()
        for size in (0, 1, 124, 125, 16380, 16381, 100_000):
            self.run_lua(f"c:publish('t', ('x'):rep({size}))")
            self.assertEqual(broker.packets(), [message(b"t", b"x" * size)])

    def test_all_that_a_packet_says(self) -> None:
        broker = self.connect()
        self.run_lua("c:publish('t', 'x', {qos = 2, retain = true})")
        self.assertEqual(broker.packets(), [message(b"t", b"x", 2, 1, retain=True)])

    def test_those_that_wait_for_the_window_go_in_order(self) -> None:
        """One for each that the broker has acknowledged, whichever that is."""
        broker = self.connect()
        self.run_lua("for i = 1, 30 do c:publish('t', tostring(i), {qos = 1}) end")
        sent = broker.packets()
        window = len(sent)
        self.assertIn(window, range(1, 30))
        waiting = range(window + 1, 31)
        for packet_id, index in zip((3, 1, 2), waiting, strict=False):
            broker.says(answer(PUBACK, packet_id))
            self.turn()
            payload = str(index).encode()
            self.assertEqual(
                broker.packets(), [message(b"t", payload, 1, index)], packet_id
            )
