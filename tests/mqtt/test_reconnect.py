"""mqtt.Client over several connections, in memory."""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support.mqtt import (
    DISCONNECT,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    SUBACK,
    MemoryBrokerTestCase,
    RemoteBroker,
    answer,
    connack,
    message,
    number,
    packet,
    text,
)

CLOSED, CONNECTED = "closed", "connected returnCode=0 sessionPresent="


def subscription(packet_id: int, *topics: bytes) -> bytes:
    return packet(
        0x82, number(packet_id) + b"".join(text(each) + b"\1" for each in topics)
    )


class ReconnectTests(MemoryBrokerTestCase):
    def again(self, present: bool = False) -> RemoteBroker:
        """The next attempt; it is accepted."""
        attempts = len(self.reactor.tcpClients)
        # As long as the longest delay: the next one begins anew.
        self.reactor.advance(60)
        self.turn()
        self.assertEqual(len(self.reactor.tcpClients), attempts + 1)
        broker = self.accepted()
        self.assertEqual([each[0] for each in broker.packets()], [0x10])
        broker.says(connack(0, present))
        return broker

    def lose(self, broker: RemoteBroker) -> None:
        broker.packets()
        broker.reset()
        self.turn()

    def test_subscriptions(self) -> None:
        """Renewed where the broker has no session; no event for that."""
        for present in (False, True):
            broker = self.connect("reconnect = true")
            self.run_lua(
                "c:subscribe({'a', 'b', 'c', 'd'}, {qos = 1}) c:unsubscribe('b')"
            )
            broker.says(answer(SUBACK, 1, b"\1\1\x80\1"), answer(0xB0, 2))
            self.run_lua("c:unsubscribe('d')")
            self.turn()
            self.lines.clear()
            self.lose(broker)
            broker = self.again(present)
            sent = broker.packets()
            # The unsubscribe without an answer is asked again, as it was.
            self.assertIn(packet(0xA2, number(3) + text(b"d")), sent)
            expected = [] if present else [subscription(4, b"a")]
            self.assertEqual([each for each in sent if each[0] == 0x82], expected)
            if not present:
                broker.says(answer(SUBACK, 4, b"\1"))
            self.said(CLOSED, CONNECTED + str(present).lower())
            self.run_lua("c:disconnect()")
            self.said(CLOSED)

    def test_subscribe_without_an_answer(self) -> None:
        """Sent again under its id, before all else; the event comes once."""
        broker = self.connect("reconnect = true")
        self.run_lua("c:subscribe('a', {qos = 1}) c:publish('a', 'x', {qos = 1})")
        self.lose(broker)
        broker = self.again()
        self.assertEqual(
            broker.packets(),
            [subscription(1, b"a"), message(b"a", b"x", 1, 2, dup=True)],
        )
        broker.says(answer(SUBACK, 1, b"\1"))
        self.said(CLOSED, CONNECTED + "false", "subscribed packetId=1 results=1")
        self.lose(broker)
        broker = self.again()
        sent = broker.packets()
        self.assertEqual(sent[0], subscription(3, b"a"))
        self.assertEqual(len(sent), 2)

    def test_qos_1(self) -> None:
        """What was not acknowledged is sent again, under its id."""
        broker = self.connect("reconnect = true")
        self.run_lua("for i = 1, 3 do c:publish('a', i, {qos = 1}) end")
        broker.says(answer(PUBACK, 2))
        self.lose(broker)
        broker = self.again(True)
        self.assertEqual(
            broker.packets(),
            [message(b"a", b"1", 1, 1, dup=True), message(b"a", b"3", 1, 3, dup=True)],
        )
        broker.says(answer(PUBACK, 1), answer(PUBACK, 3))
        self.said(
            "published packetId=2",
            CLOSED,
            CONNECTED + "true",
            "published packetId=1",
            "published packetId=3",
        )
        self.lose(broker)
        self.assertEqual(self.again(True).packets(), [])

    def test_qos_2(self) -> None:
        """Each exchange goes on where it was: the message never goes twice."""
        broker = self.connect("reconnect = true")
        self.run_lua("for i = 1, 2 do c:publish('a', i, {qos = 2}) end")
        broker.says(answer(PUBREC, 1))
        self.lose(broker)
        broker = self.again(True)
        self.assertEqual(
            broker.packets(),
            [answer(PUBREL, 1), message(b"a", b"2", 2, 2, dup=True)],
        )
        broker.says(answer(PUBCOMP, 1), answer(PUBREC, 2))
        self.assertEqual(broker.packets(), [answer(PUBREL, 2)])
        self.lose(broker)
        broker = self.again(True)
        self.assertEqual(broker.packets(), [answer(PUBREL, 2)])
        broker.says(answer(PUBCOMP, 2))
        self.turn()
        self.assertEqual(
            [each for each in self.lines if each.startswith(b"published")],
            [b"published packetId=1", b"published packetId=2"],
        )

    def test_qos_2_received(self) -> None:
        """Told once, wherever the connection breaks."""
        broker = self.connect("reconnect = true")
        broker.says(message(b"a", b"x", 2, 7))
        self.lose(broker)
        broker = self.again(True)
        broker.says(message(b"a", b"x", 2, 7, dup=True), answer(PUBREL, 7))
        self.assertEqual(broker.packets(), [answer(PUBREC, 7), answer(PUBCOMP, 7)])
        self.lose(broker)
        broker = self.again(True)
        # Our PUBCOMP was lost, so the broker asks again.
        broker.says(answer(PUBREL, 7))
        self.assertEqual(broker.packets(), [answer(PUBCOMP, 7)])
        told = [each for each in self.lines if each.startswith(b"message")]
        self.assertEqual(len(told), 1)

    def test_old_acknowledgements(self) -> None:
        """One for an earlier connection would acknowledge another message."""
        broker = self.connect("reconnect = true")
        self.press()
        broker.push(message(b"a", b"x", 1, 7))
        broker.reset()
        # It hears of the loss when it sends.
        self.run_lua("c:publish('b', '')")
        self.turn()
        self.release()
        broker = self.again(True)
        self.assertEqual(broker.packets(), [])
        broker.says(message(b"a", b"x", 1, 7, dup=True))
        self.assertEqual(broker.packets(), [answer(PUBACK, 7)])

    def test_queue_while_away(self) -> None:
        """All kinds wait, within maxQueue, in order; those of before go first."""
        broker = self.connect("reconnect = true, maxQueue = 4")
        self.run_lua("c:publish('a', 0, {qos = 1})")
        self.lose(broker)
        self.run_lua(
            """
            c:publish("a", 1)
            c:publish("a", 2, {qos = 1})
            c:subscribe("b", {qos = 1})
            c:publish("a", 3, {qos = 2})
            print(c:publish("a", 4))
            """
        )
        self.reactor.advance(1)
        self.turn()
        self.refused(Refused())
        self.reactor.advance(1)
        broker = self.again()
        self.assertEqual(
            broker.packets(),
            [
                message(b"a", b"0", 1, 1, dup=True),
                message(b"a", b"1"),
                message(b"a", b"2", 1, 3),
                subscription(4, b"b"),
                message(b"a", b"3", 2, 5),
            ],
        )
        self.assertIn(b"nil", self.lines)

    def test_attempts(self) -> None:
        """Each that fails is an error; the delays grow."""
        self.begin("reconnect = {minDelay = 1000, factor = 2, maxDelay = 3000}")
        for longest in (1, 2, 3, 3):
            attempts = len(self.reactor.tcpClients)
            self.refused(Refused())
            self.said("error code=-3 message=Connection refused")
            self.reactor.advance(longest / 2 - 0.01)
            self.assertEqual(len(self.reactor.tcpClients), attempts)
            self.reactor.advance(longest / 2 + 0.01)
            self.turn()
            self.assertEqual(len(self.reactor.tcpClients), attempts + 1)
        self.accepted().says(connack(4))
        self.turn()
        self.assertTrue(self.lines[0].startswith(b"error code=4 "))
        self.lines.clear()
        self.reactor.advance(3)
        self.turn()
        self.accepted().says(connack())
        self.said(CONNECTED + "false")

    def attempts_within(self, seconds: float, lasts: float) -> int:
        """
        How often a broker is asked that accepts each connection, and closes it.

        @param lasts: how many seconds it waits before that
        """
        self.begin("reconnect = {minDelay = 100, factor = 2, maxDelay = 1600}")
        attempts, end = 0, self.reactor.seconds() + seconds
        while self.reactor.seconds() < end:
            self.turn()
            if len(self.reactor.tcpClients) > attempts:
                attempts += 1
                broker = self.accepted()
                broker.says(connack())
                self.turn()
                self.reactor.advance(lasts)
                broker.close()
            self.reactor.advance(0.01)
        return attempts

    def test_accepted_and_closed_at_once(self) -> None:
        """The delays grow all the same: 0.1, 0.2, 0.4, 0.8, 1.6, 1.6, ... seconds."""
        self.assertLess(self.attempts_within(10, lasts=0), 15)
        self.lines.clear()

    def test_delays_begin_anew_after_a_connection_has_lasted(self) -> None:
        """For the longest delay: then the first delay comes again each time."""
        self.assertGreater(self.attempts_within(30, lasts=1.6), 14)
        self.lines.clear()

    def test_timeout_of_each_attempt(self) -> None:
        self.begin("reconnect = true, timeout = 2000")
        for _ in range(2):
            self.accepted()
            self.reactor.advance(2)
            self.said("error code=-1 message=Operation canceled")
            self.reactor.advance(2)
            self.turn()

    def test_disconnect_between_attempts(self) -> None:
        """Nothing more comes."""
        broker = self.connect("reconnect = true")
        self.lose(broker)
        self.run_lua("c:disconnect({callback = function(n) print('callback', n) end})")
        self.said(CLOSED, "callback\t0")
        self.reactor.advance(100)
        self.assertEqual(len(self.reactor.tcpClients), 1)
        self.nothing_open()

    def test_disconnect(self) -> None:
        """It is not taken for a loss."""
        broker = self.connect("reconnect = true")
        self.run_lua("c:disconnect()")
        self.assertEqual(broker.packets(), [DISCONNECT])
        self.said(CLOSED)
        self.reactor.advance(100)
        self.assertEqual(len(self.reactor.tcpClients), 1)
        self.nothing_open()

    def test_broken_protocol(self) -> None:
        """Reason enough for another connection."""
        broker = self.connect("reconnect = true")
        broker.says(packet(0x10, b"x"))
        self.turn()
        self.assertTrue(broker.gone)
        self.run_lua("c:publish('a', 'x')")
        self.assertEqual(self.again().packets(), [message(b"a", b"x")])

    def test_requests_while_the_connection_breaks(self) -> None:
        """
        The broker breaks the protocol right after a message: what its handler asks for
        is asked on the next connection, each under its own id.
        """
        broker = self.connect("reconnect = true")
        self.run_lua(
            "c:addEventListener('message', function() print(c:publish('a', 'x'),"
            " c:subscribe('b', {qos = 1}), c:publish('a', 'y', {qos = 2})) end)"
        )
        broker.says(message(b"a", b"1"), connack())
        self.assertEqual(
            self.again().packets(),
            [
                message(b"a", b"x"),
                subscription(2, b"b"),
                message(b"a", b"y", 2, 3),
            ],
        )
        self.turn(2)
        self.assertIn(b"1\t2\t3", self.lines)

    def test_acknowledged_before_it_is_sent_again(self) -> None:
        """A broker may have had what waits for the window: the window stays right."""
        broker = self.connect("reconnect = true")
        self.run_lua("for i = 1, 9 do c:publish('a', i, {qos = 1}) end")
        self.lose(broker)
        broker = self.again(True)
        self.assertEqual(len(broker.packets()), 2)
        # The third one was sent, and waits now.
        broker.says(answer(PUBACK, 3))
        self.assertEqual(broker.packets(), [])
        broker.says(answer(PUBACK, 1))
        self.assertEqual(broker.packets(), [message(b"a", b"4", 1, 4, dup=True)])

    def test_publish_in_closed(self) -> None:
        """The handler can ask for what the next connection has to do."""
        broker = self.connect("reconnect = true")
        self.run_lua(
            "c:addEventListener('closed', function()"
            " print(c:publish('a', 'x'), c:subscribe('b', {qos = 1})) end)"
        )
        self.lose(broker)
        self.assertEqual(
            self.again().packets(), [message(b"a", b"x"), subscription(2, b"b")]
        )
        self.said(CLOSED, "1\t2", CONNECTED + "false")

    def test_stop_between_attempts(self) -> None:
        self.lose(self.connect("reconnect = true"))
        self.stop(self.runtime)

    def test_unref(self) -> None:
        """It does not keep the program alive between attempts either."""
        broker = self.connect("reconnect = true")
        self.run_lua("c:unref()")
        self.lose(broker)
        idle = self.runtime.idle()
        self.turn(2)
        self.successResultOf(idle)
