"""How much a broker takes: what it announces, and the window of messages."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.mqtt.limits import FIRST_WINDOW, GROWTH, LARGEST_WINDOW, Window
from tests.support import for_each_lua
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
from tests.support.reference_broker import ReferenceBroker

RETRY = "reconnect = {minDelay = 100, maxDelay = 100}"
RECEIVE_MAXIMUM, MAXIMUM_QOS, RETAIN_AVAILABLE, MAXIMUM_PACKET_SIZE = 33, 36, 37, 39


def announce(*properties: bytes, present: bool = False) -> bytes:
    """A CONNACK of MQTT 5 with properties."""
    joined = b"".join(properties)
    return packet(0x20, bytes([present, 0, len(joined)]) + joined)


class WindowTests(SynchronousTestCase):
    def acknowledge(self, window: Window, count: int) -> None:
        for _ in range(count):
            window.acknowledged()

    def test_begins_below_what_brokers_take(self) -> None:
        self.assertEqual(Window().size, FIRST_WINDOW)
        self.assertLess(FIRST_WINDOW, LARGEST_WINDOW)

    def test_grows_with_acknowledgements(self) -> None:
        """By one for each twenty windows of them, to the largest."""
        window = Window()
        self.acknowledge(window, FIRST_WINDOW * GROWTH - 1)
        self.assertEqual(window.size, FIRST_WINDOW)
        self.acknowledge(window, 1)
        self.assertEqual(window.size, FIRST_WINDOW + 1)
        self.acknowledge(window, 10_000)
        self.assertEqual(window.size, LARGEST_WINDOW)

    def test_is_halved_by_a_connection_that_dies_in_its_first_window(self) -> None:
        window = Window()
        sizes = []
        for _ in range(4):
            window.lost(window.size)
            sizes.append(window.size)
        self.assertEqual(sizes, [2, 1, 1, 1])

    def test_is_kept_by_connections_that_die_otherwise(self) -> None:
        """Later, or with nothing or one on the way; what was counted is counted."""
        window = Window()
        for on_their_way in (0, 1):
            window.lost(on_their_way)
        self.acknowledge(window, FIRST_WINDOW)
        window.lost(FIRST_WINDOW)
        self.assertEqual(window.size, FIRST_WINDOW)
        self.acknowledge(window, FIRST_WINDOW * (GROWTH - 1))
        self.assertEqual(window.size, FIRST_WINDOW + 1)

    def test_does_not_grow_again_to_what_it_died_of(self) -> None:
        """Until connections die of something else, too."""
        window = Window()
        self.acknowledge(window, FIRST_WINDOW * GROWTH)
        died = window.size
        window.lost(died)
        self.acknowledge(window, 10_000)
        self.assertEqual(window.size, died - 1)
        window.lost(0)
        self.acknowledge(window, 10_000)
        self.assertEqual(window.size, died)

    def test_one_message_is_too_much(self) -> None:
        """When connections die of it again and again, and until one arrives."""
        window = Window()
        window.lost(1)
        self.assertFalse(window.too_wide)
        window.lost(1)
        self.assertTrue(window.too_wide)
        self.acknowledge(window, 1)
        self.assertFalse(window.too_wide)

    def test_is_what_a_broker_announces(self) -> None:
        """At once, but not more than the largest."""
        for announced, size in ((65535, 20), (20, 20), (5, 5), (1, 1)):
            window = Window()
            window.announced(announced)
            self.assertEqual(window.size, size)
            self.acknowledge(window, 1000)
            self.assertEqual(window.size, size)

    def test_another_broker_may_take_more(self) -> None:
        window = Window()
        window.announced(2)
        window.announced(20)
        self.acknowledge(window, 10_000)
        self.assertEqual(window.size, 20)


class SmallBrokerTests(MemoryBrokerTestCase):
    """A broker that closes the connection when too many are on their way."""

    def exchange(self, broker: ReferenceBroker, options: str, count: int) -> None:
        """Publish to it, QoS 2, until all is there."""
        self.begin(f"{RETRY}, {options}")
        self.run_lua(f"for i = 1, {count} do c:publish('a', i, {{qos = 2}}) end")
        self.until_served(broker, 50)
        expected = [b"%d" % i for i in range(1, count + 1)]
        self.assertEqual(broker.delivered, expected)
        self.turn(3)
        published = [each for each in self.lines if each.startswith(b"published")]
        self.assertEqual(len(published), count)
        self.assertEqual(len(set(published)), count)

    def until_served(self, broker: ReferenceBroker, attempts: int) -> None:
        """The client connects until the broker does not close the connection."""
        for _ in range(attempts):
            self.client = self.accepted()
            self.client.packets()
            self.client.says(broker.connected())
            if self.served(broker):
                break
            self.turn(2)
            self.reactor.advance(0.2)
            self.turn()

    def served(self, broker: ReferenceBroker) -> bool:
        """Whether it answers all, what is sent after some time included."""
        for _ in range(200):
            if not broker.serve(self.client):
                return False
            self.reactor.advance(0.05)
        return True

    def test_its_bound_is_found(self) -> None:
        """
        MQTT 3.1.1 cannot say it; a few connections are enough to find it, and no message
        is lost, although the broker says PUBREC to the one that it has no room for.
        """
        for most in (1, 2, 5, 9):
            broker = ReferenceBroker(most)
            self.exchange(broker, "", 100)
            self.assertLess(broker.connections, 8, most)
            self.lines.clear()

    def test_a_bound_that_is_announced_is_kept(self) -> None:
        """MQTT 5: one connection is enough."""
        for most in (1, 5, 30):
            broker = ReferenceBroker(most, version=5)
            self.exchange(broker, "protocolVersion = 5", 100)
            self.assertEqual(broker.connections, 1, most)
            self.lines.clear()

    def test_room_that_finished_messages_take(self) -> None:
        """
        A broker that was killed waits for PUBRELs that it had before: what is published
        then arrives, or is refused, and it is not asked for ever.
        """
        for version in (4, 5):
            broker = ReferenceBroker(20, version)
            self.exchange(broker, f"protocolVersion = {version}", 100)
            # As it was when it last saved itself.
            broker.held = set(range(60, 80))
            broker.connections = 0
            self.run_lua("for i = 1, 50 do c:publish('b', i, {qos = 2}) end")
            self.client.reset()
            self.turn(2)
            self.reactor.advance(0.2)
            self.turn()
            self.until_served(broker, 20)
            self.turn(3)
            refused = sum(b"reasonCode=151" in each for each in self.lines)
            self.assertEqual(len(broker.delivered), 150 - refused)
            self.assertLess(refused, 8)
            self.assertEqual(broker.held, set())
            self.assertLess(broker.connections, 8)
            self.lines.clear()


class AnnouncedTests(MemoryBrokerTestCase):
    """What a broker of MQTT 5 announces is kept; what is beyond it is C{limit}."""

    def announced(self, *properties: bytes, options: str = "") -> RemoteBroker:
        self.begin(f"protocolVersion = 5, {options}")
        broker = self.accepted()
        broker.packets()
        broker.says(announce(*properties))
        self.said("connected returnCode=0 sessionPresent=false")
        return broker

    def publish(self, options: str, payload: str = "'x'", topic: str = "a") -> None:
        self.run_lua(
            f"print(c:publish('{topic}', {payload}, {{ {options}, callback = function(n)"
            " print('callback', n, n == mqtt.ErrorCode.LIMIT) end}))"
        )

    def test_maximum_qos(self) -> None:
        broker = self.announced(bytes([MAXIMUM_QOS, 1]))
        self.publish("qos = 2")
        self.said("nil", "callback\t-10\ttrue")
        self.publish("qos = 1")
        self.said("1")
        self.assertEqual(
            broker.packets(), [packet(0x32, text(b"a") + number(1) + b"\0x")]
        )

    def test_retain_available(self) -> None:
        broker = self.announced(bytes([RETAIN_AVAILABLE, 0]))
        self.publish("retain = true")
        self.said("nil", "callback\t-10\ttrue")
        self.publish("retain = false")
        self.said("1", "callback\t0\tfalse")
        self.assertEqual(broker.packets(), [packet(0x30, text(b"a") + b"\0x")])

    def test_maximum_packet_size(self) -> None:
        """Of the whole packet, to the byte; subscriptions too."""
        broker = self.announced(bytes([MAXIMUM_PACKET_SIZE]) + b"\0\0\0\x96")
        # 1 byte for the kind, 2 for the length, topic 3, properties 1, id 2.
        for qos, most in ((0, 143), (1, 141)):
            self.publish(f"qos = {qos}", f"('x'):rep({most + 1})")
            self.said("nil", "callback\t-10\ttrue")
            self.publish(f"qos = {qos}", f"('x'):rep({most})")
            self.turn(2)
            self.lines.clear()
            (sent,) = broker.packets()
            self.assertEqual(len(sent), 150)
        for method, most in (("subscribe", 141), ("unsubscribe", 142)):
            self.run_lua(
                f"print(c:{method}(('x'):rep({most + 1}), {{callback = print}}))"
                f" assert(c:{method}(('x'):rep({most})))"
            )
            self.said("nil", "-10")
            (sent,) = broker.packets()
            self.assertEqual(len(sent), 150)

    def test_nothing_is_beyond_what_is_not_announced(self) -> None:
        broker = self.announced()
        self.publish("qos = 2, retain = true", "('x'):rep(100000)")
        self.said("1")
        self.assertEqual(len(broker.packets()), 1)

    def test_what_was_queued_before(self) -> None:
        """Its callback hears of it then; the rest goes on."""
        self.begin("protocolVersion = 5")
        self.publish("qos = 2")
        self.publish("qos = 1")
        self.publish("qos = 0, retain = true")
        self.publish("qos = 0")
        broker = self.accepted()
        broker.packets()
        self.said("1", "2", "3", "4")
        broker.says(announce(bytes([MAXIMUM_QOS, 1]), bytes([RETAIN_AVAILABLE, 0])))
        self.said(
            "connected returnCode=0 sessionPresent=false",
            "callback\t-10\ttrue",
            "callback\t-10\ttrue",
            "callback\t0\tfalse",
        )
        self.assertEqual(
            broker.packets(),
            [packet(0x32, text(b"a") + number(2) + b"\0x"), packet(0x30, b"\0\1a\0x")],
        )

    def test_what_was_queued_without_a_callback_warns(self) -> None:
        """At the line that asked, whoever called the function with that line."""
        self.begin("protocolVersion = 5")
        self.run_lua(
            """
            local long = ("x"):rep(100)
            local function ask()
              c:publish("a", "x", {qos = 2})
              c:subscribe(long)
              c:unsubscribe(long)
            end
            local function outer()
              ask()
              return true
            end
            outer()
            """
        )
        broker = self.accepted()
        broker.says(
            announce(
                bytes([MAXIMUM_QOS, 0]), bytes([MAXIMUM_PACKET_SIZE]) + b"\0\0\0\x32"
            )
        )
        self.said("connected returnCode=0 sessionPresent=false")
        self.assertWarned(
            "test.lua:4: QoS 2 is beyond the broker's Maximum QoS of 0 (option qos)"
            " (limit; no callback was given)",
            "test.lua:5: the packet is beyond the broker's Maximum Packet Size of 50",
            "test.lua:6: the packet is beyond the broker's Maximum Packet Size of 50",
        )

    def test_a_refused_publish_without_a_callback_warns_once(self) -> None:
        self.announced(bytes([MAXIMUM_QOS, 0]))
        self.run_lua("for i = 1, 3 do c:publish('a', 'x', {qos = 1}) end")
        self.assertWarned("test.lua:1: QoS 1 is beyond the broker's Maximum QoS of 0")

    def test_a_broker_that_takes_less_than_before(self) -> None:
        """What was not acknowledged is not sent to it again."""
        broker = self.announced(options=RETRY)
        self.publish("qos = 2")
        self.publish("qos = 1")
        self.said("1", "2")
        broker.reset()
        self.said("closed")
        self.reactor.advance(0.2)
        self.turn()
        broker = self.accepted()
        broker.packets()
        broker.says(announce(bytes([MAXIMUM_QOS, 1]), present=True))
        self.said("connected returnCode=0 sessionPresent=true", "callback\t-10\ttrue")
        self.assertEqual(
            broker.packets(), [packet(0x3A, text(b"a") + number(2) + b"\0x")]
        )
        broker.says(answer(PUBACK, 2))
        self.said("callback\t0\tfalse", "published packetId=2 reasonCode=0")

    def test_values_that_cannot_be(self) -> None:
        """A protocol error: one error, and no connection."""
        for properties in (
            bytes([RECEIVE_MAXIMUM, 0, 0]),
            bytes([MAXIMUM_PACKET_SIZE, 0, 0, 0, 0]),
            bytes([MAXIMUM_QOS, 1, MAXIMUM_QOS, 1]),
            bytes([MAXIMUM_QOS]),
            bytes([1, 1]),
        ):
            self.begin("protocolVersion = 5")
            broker = self.accepted()
            broker.says(announce(properties))
            self.said("error code=-11 message=the broker sent a bad CONNACK")
            self.turn()
            self.assertTrue(broker.gone)
            self.nothing_open()

    def test_3_1_1_has_none(self) -> None:
        broker = self.connect()
        self.publish("qos = 2, retain = true")
        self.said("1", "callback\t0\tfalse")
        self.assertEqual(broker.packets(), [message(b"a", b"x", 2, 1, retain=True)])


globals().update(for_each_lua(AnnouncedTests))
