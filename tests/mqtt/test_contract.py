"""mqtt.Client, the sentences of its contract that no other file has, in memory."""

from __future__ import annotations

from paho.mqtt import client as paho
from twisted.internet.error import ConnectionRefusedError as Refused

from tests.support import for_each_lua
from tests.support.mqtt import (
    DISCONNECT,
    PINGREQ,
    PINGRESP,
    PUBACK,
    MemoryBrokerTestCase,
    answer,
    connack,
    message,
    packet,
)

UNHEARD = "Connection refused (refused; no error listener was given)"


class UnheardTests(MemoryBrokerTestCase):
    """A failed connect that nobody hears of warns, at the line that connected."""

    def test_without_a_listener(self) -> None:
        self.run_lua("\n\nc = mqtt.Client.connect('mqtt://127.0.0.1:1', {})")
        self.refused(Refused())
        self.said()
        self.assertWarned("test.lua:3: " + UNHEARD)
        self.nothing_open()

    def test_from_within_a_function(self) -> None:
        """The line of the call of connect, also as a tail call."""
        self.run_lua(
            "local function make()\n  return mqtt.Client.connect('127.0.0.1')\nend\n"
            "local function other()\n  local c = mqtt.Client.connect('127.0.0.1')\n"
            "  return c\nend\nmake()\nother()"
        )
        self.reactor.refuse(number=0)
        self.turn(2)
        self.reactor.refuse(number=1)
        self.turn(2)
        # A tail call leaves no trace of where it was: the line is the caller's.
        self.assertWarned("test.lua:8: " + UNHEARD, "test.lua:5: " + UNHEARD)

    def test_once_while_it_fails_again_and_again(self) -> None:
        """With reconnect; when a connection was there, the next row of failures warns."""
        self.run_lua(
            "c = mqtt.Client.connect('127.0.0.1', {reconnect = {maxDelay = 1000}})"
        )
        for _ in range(3):
            self.refused(Refused())
            self.reactor.advance(1)
            self.turn()
        self.assertWarned("test.lua:1: " + UNHEARD)
        broker = self.accepted()
        broker.says(connack())
        self.turn(2)
        broker.reset()
        self.turn(2)
        self.reactor.advance(1)
        self.turn()
        self.refused(Refused())
        self.turn()
        self.assertWarned("test.lua:1: " + UNHEARD)

    def test_not_when_somebody_hears_of_it(self) -> None:
        """A listener, or a task that waits for any event."""
        self.begin()
        self.refused(Refused())
        self.said("error code=-3 message=Connection refused")
        self.run_lua(
            "task.start(function()"
            " print(mqtt.Client.connect('127.0.0.1'):wait('connected')) end)"
        )
        self.refused(Refused())
        self.said("nil\tConnection refused\trefused")
        self.assertWarned()

    def test_certificates_too(self) -> None:
        """What fails before there is an attempt."""
        self.run_lua(
            "mqtt.Client.connect('h', {tls = {certificateAuthority = '/no/such'}})"
        )
        self.turn(2)
        self.assertWarned("test.lua:1: certificateAuthority")

    def test_requests(self) -> None:
        """Those that cannot be taken, once for each line."""
        self.connect().reset()
        self.turn(2)
        self.lines.clear()
        self.run_lua(
            "for i = 1, 3 do c:publish('a', 'x') end\nc:subscribe('a')\nc:unsubscribe('a')"
        )
        self.assertWarned(
            *(
                f"test.lua:{line}: Not connected (state; no callback"
                for line in (1, 2, 3)
            )
        )


class UnknownTests(MemoryBrokerTestCase):
    def test_unknown_options_warn_once(self) -> None:
        """HC3 scripts write these tables, that of TLS too; lastWill has strange fields."""
        self.run_lua(
            """
            for i = 1, 2 do
              mqtt.Client.connect("127.0.0.1", {keepalive = 5, lastWill = {topic = "a", x = 1}})
            end
            mqtt.Client.connect("127.0.0.1", {tls = {cert = "x"}})
            """
        )
        self.assertWarned(
            "test.lua:3: 'connect' does not know \"keepalive\"; known: callback, cleanS",
            "test.lua:5: 'connect' does not know \"cert\"; known: allowUnauthorized",
        )

    def test_unknown_options_of_methods_warn_once(self) -> None:
        self.connect()
        self.run_lua("for i = 1, 2 do c:publish('a', 'x', {quos = 1}) end")
        self.assertWarned("test.lua:1: 'publish' does not know \"quos\"; known: ")

    def test_constants_are_the_script_s(self) -> None:
        """What it does to them changes nothing here."""
        self.run_lua(
            """
            print(mqtt.QoS.AT_MOST_ONCE, mqtt.QoS.AT_LEAST_ONCE, mqtt.QoS.EXACTLY_ONCE)
            print(mqtt.ConnectReturnCode.CONNECTION_ACCEPTED,
              mqtt.ConnectReturnCode.UNACCEPTABLE_PROTOCOL_VERSION,
              mqtt.ConnectReturnCode.IDENTIFIER_REJECTED,
              mqtt.ConnectReturnCode.SERVER_UNAVAILABLE,
              mqtt.ConnectReturnCode.BAD_USERNAME_OR_PASSWORD,
              mqtt.ConnectReturnCode.NOT_AUTHORIZED)
            mqtt.ErrorCode.REFUSED = "gone"
            mqtt.ErrorCode = nil
            """
        )
        self.begin()
        self.refused(Refused())
        self.said(
            "0\t1\t2", "0\t1\t2\t3\t4\t5", "error code=-3 message=Connection refused"
        )


class WaitTests(MemoryBrokerTestCase):
    def test_own_disconnect_is_closed(self) -> None:
        """While connecting, and while connected, for each event."""
        for state in ("connecting", "connected"):
            self.begin()
            if state == "connected":
                broker = self.accepted()
                broker.says(connack())
                self.turn(2)
                self.lines.clear()
            self.run_lua(
                """
                c:removeEventListener("closed")
                for _, name in ipairs({"message", "published", "error"}) do
                  task.start(function() print(c:wait(name)) end)
                end
                c:disconnect()
                print("disconnect has returned")
                """
            )
            self.said(
                "disconnect has returned", *["nil\tOperation canceled\tclosed"] * 3
            )
            self.run_lua("task.start(function() print(c:wait('message')) end)")
            self.said("nil\tOperation canceled\tclosed")
            self.nothing_open()

    def test_closed_still_comes_to_who_waits_for_it(self) -> None:
        broker = self.connect()
        self.run_lua(
            "task.start(function() print(type(c:wait('closed')), c:wait('message')) end)"
            " c:disconnect()"
        )
        self.assertEqual(broker.packets(), [DISCONNECT])
        self.said("closed", "table\tnil\tOperation canceled\tclosed")

    def test_connected_when_it_is(self) -> None:
        """At once, with the table, as often as it is asked; not when it is no more."""
        self.begin()
        broker = self.accepted()
        broker.says(connack(0, True))
        self.turn(2)
        self.lines.clear()
        self.run_lua(
            "task.start(function()"
            " for i = 1, 3 do print(c:wait('connected').sessionPresent) end end)"
        )
        self.said("true", "true", "true")
        broker.reset()
        self.said("closed")
        self.run_lua("task.start(function() print(c:wait('connected', 10)) end)")
        self.said("nil\tConnection reset by peer\treset")

    def test_nothing_is_missed(self) -> None:
        """Events queue from connect on."""
        self.run_lua("c = mqtt.Client.connect('127.0.0.1')")
        broker = self.accepted()
        broker.says(connack(), message(b"a", b"1"), message(b"a", b"2"))
        self.turn(2)
        self.run_lua(
            "task.start(function() print(c:wait('message').payload,"
            " c:wait('message').payload, c:wait('connected').returnCode) end)"
        )
        self.said("1\t2\t0")

    def test_why_the_broker_disconnected(self) -> None:
        """MQTT 5 says it (3.14.2.1)."""
        self.run_lua(
            "c = mqtt.Client.connect('127.0.0.1', {protocolVersion = 5})"
            " task.start(function() print(c:wait('message')) end)"
        )
        broker = self.accepted()
        broker.says(packet(0x20, b"\0\0\0"), packet(0xE0, b"\x8e\0"))
        self.said("nil\tthe broker disconnected: Session taken over\teof")


class QueuedTests(MemoryBrokerTestCase):
    """What is published before connected."""

    def test_bytes_are_bounded(self) -> None:
        """As they are when connected; the message names the option."""
        for connected in (False, True):
            if connected:
                self.connect("maxWriteBuffer = 1000")
            else:
                self.begin("maxWriteBuffer = 1000")
            # On another line, as each line warns once.
            self.run_lua(
                "\n" * connected
                + "for i = 1, 20 do print(c:publish('a', ('x'):rep(99), {qos = 1})) end"
            )
            self.assertEqual(self.lines.count(b"nil"), 9)
            self.assertWarned(
                f"test.lua:{1 + connected}: more than 1000 bytes wait (option maxWriteBuffer)"
                " (limit; no callback was given)"
            )
            self.lines.clear()
            self.run_lua("c:disconnect()")
            self.turn(2)
            self.pass_time(6)
            self.lines.clear()

    def test_requests_are_bounded(self) -> None:
        """Subscriptions count; the message names the option."""
        self.begin("maxQueue = 2")
        self.run_lua("c:subscribe('a') c:publish('a', 'x')\nc:unsubscribe('a')")
        self.assertWarned("test.lua:2: 2 requests wait (option maxQueue) (limit; no")

    def test_callbacks_come_when_it_is_sent(self) -> None:
        self.begin()
        for call in ("publish('a', 'x', ", "subscribe('a', ", "unsubscribe('a', "):
            self.run_lua(f"c:{call}{{callback = function(n) print('sent', n) end}})")
        self.said()
        self.accepted().says(connack())
        self.said("connected returnCode=0 sessionPresent=false", *["sent\t0"] * 3)

    def test_callbacks_hear_that_it_never_will_be(self) -> None:
        """In order, with the number of the error."""
        self.begin()
        self.run_lua(
            "for i = 1, 12 do c:publish('a', 'x',"
            " {callback = function(n) print(i, n) end}) end"
        )
        self.refused(Refused())
        self.said(
            *(f"{i}\t-3" for i in range(1, 13)),
            "error code=-3 message=Connection refused",
        )

    def test_own_disconnect_drops_them(self) -> None:
        self.begin()
        self.run_lua("c:publish('a', 'x', {callback = print}) c:disconnect()")
        self.said()
        self.nothing_open()

    def test_with_reconnect_they_wait_on(self) -> None:
        self.begin("reconnect = {maxDelay = 1000}")
        self.run_lua("c:publish('a', 'x', {callback = print})")
        self.refused(Refused())
        self.said("error code=-3 message=Connection refused")
        self.reactor.advance(1)
        self.turn()
        self.accepted().says(connack())
        self.said("connected returnCode=0 sessionPresent=false", "0")


class GoodbyeTests(MemoryBrokerTestCase):
    def test_takes_as_long_as_something_moves(self) -> None:
        """A slow broker gets all; its time runs only while nothing moves."""
        broker = self.connect()
        broker.stall(100_000)
        self.run_lua(
            "for i = 1, 10 do c:publish('a', ('x'):rep(100000)) end c:disconnect()"
        )
        for _ in range(15):
            self.assertFalse(broker.gone)
            self.pass_time(2)
            broker.take(50_000)
        broker.take()
        self.pass_time(2)
        sent = broker.received()
        self.assertEqual(len(sent), 10 * (100_000 + 7) + 2)
        self.assertTrue(sent.endswith(DISCONNECT))
        self.said("closed")

    def test_acknowledgements_are_progress(self) -> None:
        broker = self.connect()
        self.run_lua("for i = 1, 6 do c:publish('a', i, {qos = 1}) end c:disconnect()")
        for i in range(1, 7):
            self.pass_time(4)
            self.assertFalse(broker.gone)
            broker.says(answer(PUBACK, i))
        self.assertEqual(broker.packets()[-1], DISCONNECT)

    def test_pings_go_on_while_the_script_is_behind(self) -> None:
        """A broker that waits for them would close the connection."""
        self.patch(paho, "time_func", lambda: self.reactor.seconds())
        broker = self.connect("keepAlivePeriod = 10")
        self.press()
        self.pass_time(60)
        self.assertGreaterEqual(broker.packets().count(PINGREQ), 4)
        self.assertFalse(broker.gone)
        broker.push(PINGRESP)
        self.release()
        self.pass_time(11)
        self.assertFalse(broker.gone)
        self.assertIn(PINGREQ, broker.packets())
        self.lines.clear()


globals().update(for_each_lua(UnheardTests))
globals().update(for_each_lua(WaitTests))
