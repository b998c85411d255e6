"""MQTT in memory: how a connection ends, and what is left then."""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support import for_each_lua
from tests.support.mqtt import (
    DISCONNECT,
    PUBACK,
    SUBACK,
    MemoryBrokerTestCase,
    answer,
    connack,
    message,
    packet,
)


class EndTests(MemoryBrokerTestCase):
    def test_a_lost_connection_is_closed_once(self) -> None:
        """Once, whoever closes; what had arrived comes first."""
        broker = self.connect()
        broker.says(message(b"a", b"x"))
        broker.close()
        self.said("message dup=false payload=x qos=0 retain=false topic=a", "closed")
        self.nothing_open()
        broker = self.connect()
        self.run_lua("c:disconnect({callback = function(n) print('callback', n) end})")
        self.assertEqual(broker.packets(), [DISCONNECT])
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed", "callback\t0")
        self.nothing_open()

    def test_a_disconnect_of_the_broker_is_told(self) -> None:
        """MQTT 5 has a packet for it."""
        self.begin("protocolVersion = 5")
        broker = self.accepted()
        broker.says(packet(0x20, b"\0\0\0"))
        self.said("connected returnCode=0 sessionPresent=false")
        broker.says(packet(0xE0, b"\x8e\0"))
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed")

    def test_disconnect_on_a_dead_client(self) -> None:
        """Harmless, in its error handler and later."""
        self.run_lua(
            """
            c = show(mqtt.Client.connect("127.0.0.1"))
            c:addEventListener("error", function() c:disconnect() c:disconnect() end)
            """
        )
        self.refused(Refused())
        self.run_lua("c:disconnect({callback = function(n) print('callback', n) end})")
        self.said("error code=-3 message=Connection refused", "callback\t0")

    def test_disconnect_in_every_handler(self) -> None:
        for event, packets in (
            ("connected", []),
            ("message", [message(b"a", b"x", 1, 1)]),
            ("subscribed", [answer(SUBACK, 1, b"\0")]),
            ("published", [answer(PUBACK, 2)]),
        ):
            self.begin()
            broker = self.accepted()
            self.run_lua(
                f"c:addEventListener('{event}', function() c:disconnect() c:disconnect() end)"
            )
            broker.says(connack())
            self.run_lua("c:subscribe('a') c:publish('a', 'x', {qos = 1})")
            broker.says(*packets)
            if event != "published":
                broker.says(answer(PUBACK, 2))
            self.turn()
            self.assertTrue(broker.gone, event)
            self.turn(3)
            self.assertEqual(self.lines.count(b"closed"), 1, event)
            self.lines.clear()
            self.nothing_open()

    def test_disconnect_while_connecting(self) -> None:
        """No event at all, in each state of the attempt."""
        for connected in (False, True):
            self.begin("callback = print")
            if connected:
                broker = self.accepted()
            self.run_lua("c:disconnect()")
            if connected:
                self.turn()
                self.assertTrue(broker.gone)
            self.said()
            self.nothing_open()

    def test_disconnect_waits_for_acknowledgements(self) -> None:
        """What was published before is sent, beyond what may be in flight."""
        broker = self.connect()
        self.run_lua(
            "for i = 1, 50 do c:publish('a', i, {qos = 1}) end c:disconnect()"
            " print(c:publish('a', 'late', {callback = function(n) print(n) end}))"
        )
        sent = []
        while not broker.gone:
            self.turn()
            packets = broker.packets()
            sent += packets
            broker.says(
                *(answer(PUBACK, int.from_bytes(each[5:7], "big")) for each in packets)
            )
        sent += broker.packets()
        self.assertEqual(len(sent), 51)
        self.assertEqual(sent[-1], DISCONNECT)
        self.turn(3)
        self.assertEqual(self.lines[0], b"nil")
        self.assertIn(b"-9", self.lines)
        self.assertEqual(self.lines.count(b"closed"), 1)

    def test_disconnect_does_not_wait_for_ever(self) -> None:
        broker = self.connect()
        self.run_lua("c:publish('a', 'x', {qos = 1}) c:disconnect()")
        self.turn()
        self.assertFalse(broker.gone)
        self.pass_time(6)
        self.assertTrue(broker.gone)
        self.said("closed")
        self.nothing_open()

    def test_calls_on_a_dead_client(self) -> None:
        """Nil, and an error number for the callback, later."""
        self.connect().reset()
        self.turn()
        self.lines.clear()
        self.run_lua(
            """
            local function done(n) print("callback", n, n == mqtt.ErrorCode.STATE) end
            print(c:publish("a", "x", {callback = done}))
            print(c:subscribe("a", {callback = done}))
            print(c:unsubscribe("a", {callback = done}))
            print(c:isConnected())
            """
        )
        self.said("nil", "nil", "nil", "false", *["callback\t-9\ttrue"] * 3)


globals().update(for_each_lua(EndTests))
