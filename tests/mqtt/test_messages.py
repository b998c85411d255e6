"""MQTT in memory: publish, subscribe, and the messages that come."""

from __future__ import annotations

from tests.support import ALL_BYTES, for_each_lua
from tests.support.mqtt import (
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    SUBACK,
    UNSUBACK,
    MemoryBrokerTestCase,
    answer,
    message,
    number,
    packet,
    text,
)


class MessageTests(MemoryBrokerTestCase):
    def test_publish_sends_and_is_acknowledged(self) -> None:
        """Each QoS: the packets, the ids, published and the callbacks."""
        broker = self.connect()
        self.run_lua(
            """
            for qos = 0, 2 do
              print(c:publish("t", "p", {qos = qos, retain = qos == 1,
                callback = function(n) print("callback", qos, n) end}))
            end
            """
        )
        self.said("1", "2", "3", "callback\t0\t0", "callback\t1\t0", "callback\t2\t0")
        self.assertEqual(
            broker.packets(),
            [
                message(b"t", b"p"),
                message(b"t", b"p", 1, 2, retain=True),
                message(b"t", b"p", 2, 3),
            ],
        )
        broker.says(answer(PUBREC, 3), answer(PUBACK, 2))
        self.assertEqual(broker.packets(), [answer(PUBREL, 3)])
        broker.says(answer(PUBCOMP, 3), answer(PUBCOMP, 3), answer(PUBACK, 77))
        self.said("published packetId=2", "published packetId=3")

    def test_subscribe_sends_and_tells_the_results(self) -> None:
        """One topic, an array, pairs; what was granted and what was refused."""
        broker = self.connect()
        self.run_lua(
            """
            print(c:subscribe("a"))
            print(c:subscribe({"b", {"c", 0}, {"d"}}, {qos = 2,
              callback = function(n) print("callback", n) end}))
            """
        )
        self.said("1", "2", "callback\t0")
        self.assertEqual(
            broker.packets(),
            [
                packet(0x82, number(1) + text(b"a") + b"\0"),
                packet(
                    0x82,
                    number(2)
                    + text(b"b")
                    + b"\2"
                    + text(b"c")
                    + b"\0"
                    + text(b"d")
                    + b"\2",
                ),
            ],
        )
        broker.says(answer(SUBACK, 1, b"\0"), answer(SUBACK, 2, b"\1\x80\2"))
        self.said(
            "subscribed packetId=1 results=0", "subscribed packetId=2 results=1+-1+2"
        )

    def test_callbacks_may_be_tables_that_can_be_called(self) -> None:
        """As everywhere where a function is expected."""
        broker = self.connect()
        self.run_lua(
            """
            local callable = setmetatable({}, {__call = function(self, n) print("called", n) end})
            c:publish("a", "x", {callback = callable})
            c:subscribe("a", {callback = callable})
            c:addEventListener("message", callable)
            c:removeEventListener("message", callable)
            c:disconnect({callback = callable})
            c:publish("a", "x", {callback = callable})
            """
        )
        broker.close()
        self.said(*["called\t0"] * 2, "called\t-9", "closed", "called\t0")

    def test_as_many_topics_as_one_request_may_have(self) -> None:
        """1000; for each there is a result."""
        broker = self.connect()
        self.run_lua(
            """
            local topics = {}
            for i = 1, 1000 do topics[i] = "a/" .. i end
            print(c:subscribe(topics))
            print(c:unsubscribe(topics))
            c:addEventListener("subscribed", function(e) print(#e.results) end)
            c:removeEventListener("unsubscribed")
            """
        )
        self.assertEqual([each[0] for each in broker.packets()], [0x82, 0xA2])
        broker.says(answer(SUBACK, 1, bytes(1000)), answer(UNSUBACK, 2))
        self.turn(2)
        self.assertEqual(self.lines[:2] + self.lines[-1:], [b"1", b"2", b"1000"])
        self.lines.clear()

    def test_unsubscribe_sends_and_is_told(self) -> None:
        broker = self.connect()
        self.run_lua(
            "print(c:unsubscribe('a')) print(c:unsubscribe({'b', 'c'},"
            " {callback = function(n) print('callback', n) end}))"
        )
        self.said("1", "2", "callback\t0")
        self.assertEqual(
            broker.packets()[1], packet(0xA2, number(2) + text(b"b") + text(b"c"))
        )
        broker.says(answer(UNSUBACK, 2))
        self.said("unsubscribed packetId=2")

    def test_messages_are_told_with_all_their_fields(self) -> None:
        """All fields, for each QoS."""
        broker = self.connect()
        broker.says(
            message(b"a/b", b"x", retain=True),
            message(b"a", b"", 1, 5, dup=True),
            message(b"a", b"y", 2, 6),
            answer(PUBREL, 6),
        )
        self.said(
            "message dup=false payload=x qos=0 retain=true topic=a/b",
            "message dup=true packetId=5 payload= qos=1 retain=false topic=a",
            "message dup=false packetId=6 payload=y qos=2 retain=false topic=a",
        )
        self.assertEqual(
            sorted(broker.packets()),
            sorted([answer(PUBACK, 5), answer(PUBREC, 6), answer(PUBCOMP, 6)]),
        )

    def test_acknowledged_when_handled(self) -> None:
        """Not before the listener has run, even if it fails; not after os.exit."""
        broker = self.connect()
        self.run_lua("c:addEventListener('message', function() error('x') end)")
        broker.says(message(b"a", b"", 1, 5))
        self.assertEqual(broker.packets(), [answer(PUBACK, 5)])
        self.assertEqual(len(self.errors), 1)
        self.errors.clear()
        self.run_lua("c:addEventListener('message', function() os.exit(1) end)")
        broker.says(message(b"a", b"", 1, 6))
        self.assertNotIn(answer(PUBACK, 6), broker.packets())

    def test_qos_2_is_told_once(self) -> None:
        """The broker repeats its PUBLISH, then its PUBREL."""
        broker = self.connect()
        broker.says(message(b"a", b"x", 2, 6), message(b"a", b"x", 2, 6, dup=True))
        broker.says(answer(PUBREL, 6), answer(PUBREL, 6))
        self.assertEqual(
            broker.packets(), [answer(PUBREC, 6)] * 2 + [answer(PUBCOMP, 6)] * 2
        )
        self.said("message dup=false packetId=6 payload=x qos=2 retain=false topic=a")

    def test_every_byte_both_ways(self) -> None:
        broker = self.connect()
        self.run_lua(
            """
            c:addEventListener("message", function(e) c:publish("back", e.payload) end)
            """
        )
        broker.says(message(b"a", ALL_BYTES))
        self.assertEqual(broker.packets(), [message(b"back", ALL_BYTES)])

    def test_topics_are_utf8(self) -> None:
        """One that is not ends the connection (1.5.3)."""
        broker = self.connect()
        broker.says(message("ä/€".encode(), b""))
        self.said("message dup=false payload= qos=0 retain=false topic=ä/€")
        broker.says(message(b"\xff", b""))
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed")
        self.nothing_open()

    def test_packets_that_break_the_protocol_end_the_connection(self) -> None:
        """What no broker may send closes the connection, once."""
        for data in (
            packet(0x36, text(b"a") + number(1)),
            packet(0x10, b"x"),
            packet(0x90, b""),
            packet(0x40, b"x"),
            packet(0x30, number(5) + b"a"),
            b"\x30\xff\xff\xff\xff\xff",
        ):
            broker = self.connect()
            broker.says(data)
            self.turn()
            self.assertTrue(broker.gone, data)
            self.said("closed")
            self.nothing_open()

    def test_too_large_a_packet_ends_the_connection(self) -> None:
        broker = self.connect("maxMessageSize = 1000")
        broker.says(message(b"a", b"x" * 990))
        self.turn()
        self.assertEqual(len(self.lines), 1)
        self.lines.clear()
        broker.says(message(b"a", b"good"), message(b"a", b"x" * 1000)[:10])
        self.turn()
        self.assertTrue(broker.gone)
        self.said("message dup=false payload=good qos=0 retain=false topic=a", "closed")


globals().update(for_each_lua(MessageTests))
