"""MQTT in memory: the exchanges of QoS 1 and 2, on a wire that breaks."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support.mqtt import (
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    MemoryBrokerTestCase,
    RemoteBroker,
    answer,
    connack,
    message,
    number,
    packet,
)

CONNACK_OF_5 = packet(0x20, b"\0\0\0")
RETRY = "reconnect = {minDelay = 100, maxDelay = 100}"


class ResumeTests(MemoryBrokerTestCase):
    """What is sent again, and how, after the wire broke and some attempts failed."""

    def break_wire(self, broker: RemoteBroker) -> None:
        """The wire breaks; then attempts end in each way that an attempt can end."""
        broker.packets()
        broker.reset()
        self.turn()
        ends: list[Callable[[], None]] = [
            lambda: self.refused(Refused()),
            lambda: self.accepted().says(connack(3)),
            lambda: self.accepted().close(),
            lambda: self.accepted().says(b"\xff\xff\xff\xff\xff\xff"),
            lambda: self.reactor.advance(11),
        ]
        for end in ends:
            self.attempt()
            end()
            self.turn(2)

    def attempt(self) -> None:
        self.reactor.advance(0.2)
        self.turn()

    def again(self, present: bool = True) -> list[bytes]:
        """
        An attempt that is accepted.

        @return: what is sent then
        """
        self.attempt()
        self.broker = self.accepted()
        self.assertEqual([each[0] for each in self.broker.packets()], [0x10])
        self.broker.says(connack(0, present))
        return self.broker.packets()

    def test_after_pubrec_the_message_is_never_sent_again(self) -> None:
        """Only its PUBREL, however many attempts have failed (3.1.1, 4.3.3)."""
        broker = self.connect(RETRY)
        self.run_lua("c:publish('a', 'x', {qos = 2})")
        broker.says(answer(PUBREC, 1))
        self.assertEqual(broker.packets()[-1], answer(PUBREL, 1))
        self.break_wire(broker)
        self.assertEqual(self.again(), [answer(PUBREL, 1)])
        self.break_wire(self.broker)
        self.assertEqual(self.again(), [answer(PUBREL, 1)])
        self.broker.says(answer(PUBCOMP, 1))
        self.turn()
        self.assertEqual(self.lines.count(b"published packetId=1"), 1)
        self.break_wire(self.broker)
        self.assertEqual(self.again(), [])

    def test_without_pubrec_it_is_sent_again_with_dup(self) -> None:
        """The same with QoS 1 and without PUBACK (3.3.1-1)."""
        broker = self.connect(RETRY)
        self.run_lua("c:publish('a', 'x', {qos = 1}) c:publish('a', 'y', {qos = 2})")
        self.break_wire(broker)
        repeated = [
            message(b"a", b"x", 1, 1, dup=True),
            message(b"a", b"y", 2, 2, dup=True),
        ]
        self.assertEqual(self.again(), repeated)
        self.break_wire(self.broker)
        # The window is halved again.
        self.assertEqual(self.again(), repeated[:1])
        self.broker.says(answer(PUBACK, 1))
        self.assertEqual(self.broker.packets(), repeated[1:])

    def test_what_was_never_sent_has_no_dup(self) -> None:
        """Neither what waited for the window, nor what was published meanwhile."""
        broker = self.connect(RETRY)
        self.run_lua("for i = 1, 50 do c:publish('a', 'x', {qos = 1}) end")
        self.assertEqual(len(broker.packets()), 5)
        broker.says(*(answer(PUBACK, i) for i in range(1, 5)))
        self.assertEqual(len(broker.packets()), 4)
        self.break_wire(broker)
        self.run_lua("c:publish('a', 'new', {qos = 1})")
        sent = self.again()
        seen = list(sent)
        while sent:
            self.broker.says(*(packet(PUBACK, each[5:7]) for each in sent))
            sent = self.broker.packets()
            seen += sent
        self.assertEqual(seen[-1], message(b"a", b"new", 1, 51))
        dup = [int.from_bytes(each[5:7], "big") for each in seen if each[0] & 8]
        self.assertEqual(dup, list(range(5, 10)))

    def test_pubrels_go_whatever_the_window_is(self) -> None:
        """They are no new messages (MQTT 5, 4.9)."""
        broker = self.connect(RETRY)
        self.run_lua("for i = 1, 10 do c:publish('a', i, {qos = 2}) end")
        broker.says(*(answer(PUBREC, i) for i in range(1, 11)))
        self.reactor.advance(0.1)
        self.break_wire(broker)
        self.assertEqual(self.again(), [answer(PUBREL, i) for i in range(1, 11)])

    def test_a_last_pubrec_is_not_believed_at_once(self) -> None:
        """
        The broker may have closed after it, having no room for the message.  Until its
        PUBREL is sent the message may be repeated (3.1.1, 4.3.3-1).
        """
        broker = self.connect(RETRY)
        self.run_lua("for i = 1, 3 do c:publish('a', i, {qos = 2}) end")
        broker.packets()
        broker.says(answer(PUBREC, 1), answer(PUBREC, 2))
        self.assertEqual(broker.packets(), [answer(PUBREL, 1)])
        self.break_wire(broker)
        self.assertEqual(
            self.again(),
            [
                answer(PUBREL, 1),
                message(b"a", b"2", 2, 2, dup=True),
            ],
        )
        self.broker.says(answer(PUBREC, 2))
        self.assertEqual(self.broker.packets(), [])
        self.reactor.advance(0.1)
        self.assertEqual(self.broker.packets(), [answer(PUBREL, 2)])

    def test_a_broker_without_the_session_gets_pubrel_too(self) -> None:
        """It had the message, and says PUBCOMP to what it does not know."""
        broker = self.connect(RETRY)
        self.run_lua("c:publish('a', 'x', {qos = 2})")
        broker.says(answer(PUBREC, 1))
        self.break_wire(broker)
        self.assertEqual(self.again(present=False), [answer(PUBREL, 1)])

    def test_clean_start_is_asked_for_again(self) -> None:
        """After a refused attempt too (MQTT 5, 3.1.2.4)."""
        self.begin(f"protocolVersion = 5, cleanSession = true, {RETRY}")
        for _ in range(3):
            broker = self.accepted()
            (sent,) = broker.packets()
            self.assertEqual(sent[9], 2)
            broker.says(packet(0x20, b"\0\x88\0"))
            self.turn(2)
            self.attempt()

    def test_the_period_of_the_last_broker_is_not_asked_for(self) -> None:
        """CONNECT says what the script said (MQTT 5, 3.2.2.3.14)."""
        self.begin(f"protocolVersion = 5, keepAlivePeriod = 100, {RETRY}")
        for _ in range(2):
            broker = self.accepted()
            (sent,) = broker.packets()
            self.assertEqual(sent[10:12], number(100))
            broker.says(packet(0x20, b"\0\0\3\x13\0\4"))
            self.turn()
            broker.reset()
            self.turn(2)
            self.attempt()


class RefusalTests(MemoryBrokerTestCase):
    """MQTT 5: the broker refuses a message."""

    def setUp(self) -> None:
        super().setUp()
        self.begin("protocolVersion = 5")
        self.broker = self.accepted()
        self.broker.says(CONNACK_OF_5)
        self.turn()
        self.broker.packets()
        self.lines.clear()

    def publish(self, qos: int) -> None:
        self.run_lua(
            f"c:publish('a', 'x', {{qos = {qos},"
            " callback = function(n) print('callback', n) end})"
        )
        self.assertEqual(len(self.broker.packets()), 1)
        self.said()

    def test_refused_publish_tells_the_reason(self) -> None:
        """The callback and the event; PUBREL never follows (4.3.3)."""
        for qos, kind, number_ in ((1, PUBACK, 1), (2, PUBREC, 2)):
            self.publish(qos)
            self.broker.says(answer(kind, number_, b"\x87\0"))
            self.assertEqual(self.broker.packets(), [])
            self.said("callback\t135", f"published packetId={number_} reasonCode=135")
            self.broker.says(answer(PUBCOMP, number_))
            self.said()

    def test_accepted_publish(self) -> None:
        """0, also when nobody has subscribed."""
        self.publish(1)
        self.broker.says(answer(PUBACK, 1))
        self.said("callback\t0", "published packetId=1 reasonCode=0")
        self.publish(2)
        self.broker.says(answer(PUBREC, 2, b"\x10"))
        self.assertEqual(self.broker.packets(), [answer(PUBREL, 2)])
        self.broker.says(answer(PUBCOMP, 2, b"\0"))
        self.said("callback\t0", "published packetId=2 reasonCode=0")
        self.publish(1)
        self.broker.says(answer(PUBACK, 3, b"\x10"))
        self.said("callback\t0", "published packetId=3 reasonCode=16")

    def test_a_pubrel_for_nothing_is_no_refusal(self) -> None:
        """The broker had released the message before (3.7.2.1)."""
        self.publish(2)
        self.broker.says(answer(PUBREC, 1), answer(PUBCOMP, 1, b"\x92"))
        self.said("callback\t0", "published packetId=1 reasonCode=0")

    def test_refusals_make_room(self) -> None:
        """The next message goes."""
        self.run_lua("for i = 1, 100 do c:publish('a', i, {qos = 2}) end")
        sent = 0
        while packets := self.broker.packets():
            for each in packets:
                self.assertEqual(each[0] & 0xF0, 0x30)
                sent += 1
                self.broker.says(packet(PUBREC, each[5:7] + b"\x97"))
        self.assertEqual(sent, 100)

    def test_a_refusal_that_nobody_hears_warns(self) -> None:
        """At the line that published."""
        self.run_lua(
            "c:removeEventListener('published')\n\nc:publish('a', 'x', {qos = 1})"
        )
        self.broker.says(answer(PUBACK, 1, b"\x87\0"))
        self.said()
        self.assertWarned(
            "test.lua:3: the broker refused a message (reason 135;"
            " no callback was given)"
        )

    def test_unsubscribed_tells_the_reason(self) -> None:
        self.run_lua("c:unsubscribe('a') c:unsubscribe({'a', 'b'}) c:unsubscribe('c')")
        self.broker.says(
            packet(0xB0, number(1) + b"\0\x11"),
            packet(0xB0, number(2) + b"\0\0\x87"),
            packet(0xB0, number(3) + b"\0\0"),
        )
        self.said(
            "unsubscribed packetId=1 reasonCode=17",
            "unsubscribed packetId=2 reasonCode=135",
            "unsubscribed packetId=3 reasonCode=0",
        )

    def test_pending_callbacks_get_an_error_at_the_end(self) -> None:
        """Of the connection; an own end drops them."""
        self.publish(1)
        self.broker.reset()
        self.said("closed", "callback\t-4")


class ProtocolTests(MemoryBrokerTestCase):
    """Packets that are good by themselves, but wrong where they come."""

    def test_second_connack_is_a_protocol_error(self) -> None:
        """connected comes once; also when both come together."""
        broker = self.connect()
        broker.says(connack())
        self.said("closed")
        self.assertTrue(broker.gone)
        self.begin()
        broker = self.accepted()
        broker.says(connack(), connack(), message(b"a", b"x"))
        self.said("connected returnCode=0 sessionPresent=false", "closed")
        self.nothing_open()

    def test_answers_of_the_wrong_kind(self) -> None:
        """PUBACK for QoS 2, PUBREC and PUBCOMP for QoS 1."""
        for qos, kind in ((2, PUBACK), (1, PUBREC), (1, PUBCOMP)):
            broker = self.connect()
            self.run_lua(f"c:publish('a', 'x', {{qos = {qos}}})")
            broker.says(answer(kind, 1))
            self.said("closed")
            self.assertTrue(broker.gone)

    def test_answers_that_nobody_asked_for(self) -> None:
        """Of an id that is not in use: ignored."""
        broker = self.connect()
        broker.says(*(answer(each, 7) for each in (PUBACK, PUBREC, PUBCOMP)))
        broker.says(answer(0x90, 7, b"\0"), answer(0xB0, 7))
        self.said()
        self.assertFalse(broker.gone)

    def test_a_message_needs_a_packet_id(self) -> None:
        broker = self.connect()
        broker.says(message(b"a", b"x", 1, 0))
        self.said("closed")

    def test_ids_in_use_are_not_given_out_again(self) -> None:
        """Not those of messages, and not those of subscriptions."""
        broker = self.connect()
        self.run_lua("c:publish('a', 'x', {qos = 1}) c:subscribe('a')")
        self.run_lua("for i = 3, 65535 do c:publish('a', 'y') end")
        self.run_lua("print(c:publish('a', 'x', {qos = 1}), c:publish('a', 'y'))")
        self.said("3\t4")
        broker.packets()
