"""MQTT in memory: queues, pressure, pings, and bytes cut anywhere."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt import client as paho

from tests.support.mqtt import (
    PINGREQ,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    MemoryBrokerTestCase,
    answer,
    connack,
    message,
    number,
    packet,
    text,
)


class QueueTests(MemoryBrokerTestCase):
    """What is asked for before there is a connection."""

    def test_publish_keeps_order_and_gives_ids(self) -> None:
        """Nothing goes before the broker has accepted; then all, in order."""
        self.begin("clientId = 'x'")
        self.run_lua(
            "print(c:subscribe('a'), c:publish('a', 1), c:publish('a', 2, {qos = 1}),"
            " c:publish('a', 3, {qos = 2}), c:unsubscribe('b'), c:publish('a', 4))"
        )
        broker = self.accepted()
        self.assertEqual(len(broker.packets()), 1)
        broker.says(connack())
        self.assertEqual(
            broker.packets(),
            [
                packet(0x82, number(1) + text(b"a") + b"\0"),
                message(b"a", b"1"),
                message(b"a", b"2", 1, 3),
                message(b"a", b"3", 2, 4),
                packet(0xA2, number(5) + text(b"b")),
                message(b"a", b"4"),
            ],
        )
        self.said("1\t2\t3\t4\t5\t6", "connected returnCode=0 sessionPresent=false")

    def test_what_waits_is_bounded(self) -> None:
        """1000, or what maxQueue says; more is an error for the callback."""
        for options, bound in (("", 1000), ("maxQueue = 5", 5)):
            self.begin(options)
            self.run_lua(
                f"""
                for i = 1, {bound} do assert(c:publish("a", i, {{qos = i % 3}})) end
                print(c:publish("a", "x", {{callback = function(n)
                  print(n == mqtt.ErrorCode.LIMIT)
                end}}))
                """
            )
            self.said("nil", "true")
            broker = self.accepted()
            broker.says(connack())
            sent: list[bytes] = []
            while packets := broker.packets():
                sent += [each for each in packets if each[0] & 0xF0 == 0x30]
                for each in packets:
                    if each[0] & 0xF6 in (0x32, 0x34):
                        kind = PUBACK if each[0] & 2 else PUBREC
                        broker.says(answer(kind, int.from_bytes(each[5:7], "big")))
                    elif each[0] == PUBREL:
                        broker.says(answer(PUBCOMP, int.from_bytes(each[2:4], "big")))
            self.assertEqual(len(sent), bound)
            self.turn(3)
            self.lines.clear()
            self.run_lua("assert(c:publish('a', 'x')) c:disconnect()")
            self.turn(3)
            self.lines.clear()

    def test_hundreds_in_one_loop(self) -> None:
        broker = self.connect()
        self.run_lua("for i = 1, 500 do c:publish('a/' .. i, i, {retain = true}) end")
        self.assertEqual(
            broker.packets(),
            [message(b"a/%d" % i, b"%d" % i, retain=True) for i in range(1, 501)],
        )

    def test_slow_broker(self) -> None:
        """Bytes that wait are bounded."""
        broker = self.connect()
        broker.stall()
        self.run_lua(
            """
            local n = 0
            while c:publish("a", ("x"):rep(1024 * 1024), {callback = function(code)
              if code ~= 0 then print(code, n) end
            end}) do n = n + 1 end
            """
        )
        self.said("-10\t16")


class KeepAliveTests(MemoryBrokerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.patch(paho, "time_func", lambda: self.reactor.seconds())

    def test_pings_within_the_period(self) -> None:
        """Within the period, for as long as they are answered."""
        broker = self.connect("keepAlivePeriod = 10")
        self.pass_time(0.5)
        for _ in range(5):
            self.pass_time(10)
            self.assertEqual(broker.packets(), [PINGREQ])
            broker.says(PINGRESP)
        self.said()

    def test_a_ping_without_an_answer_ends_the_connection(self) -> None:
        broker = self.connect("keepAlivePeriod = 10")
        self.pass_time(25)
        self.turn()
        self.assertTrue(broker.gone)
        self.said("closed")
        self.nothing_open()

    def test_zero_sends_no_pings(self) -> None:
        broker = self.connect()
        self.pass_time(1000)
        self.assertEqual(broker.packets(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_period_of_the_broker(self) -> None:
        """MQTT 5, 3.2.2.3.14."""
        self.begin("protocolVersion = 5, keepAlivePeriod = 100")
        broker = self.accepted()
        broker.packets()
        broker.says(packet(0x20, b"\0\0\3\x13\0\4"))
        self.pass_time(6)
        self.assertEqual(broker.packets(), [PINGREQ])
        self.lines.clear()


class FlowTests(MemoryBrokerTestCase):
    def test_slow_script(self) -> None:
        """Reading stops while the runtime is behind, and goes on where it was."""
        broker = self.connect()
        self.press()
        self.assertTrue(broker.paused)
        broker.says(message(b"a", b"1"), message(b"a", b"2"))
        self.said()
        self.release()
        self.assertFalse(broker.paused)
        self.said(
            *(
                f"message dup=false payload={i} qos=0 retain=false topic=a"
                for i in (1, 2)
            )
        )

    def test_loss_while_behind(self) -> None:
        """What has arrived is told."""
        broker = self.connect()
        self.press()
        broker.push(message(b"a", b"1"))
        broker.reset()
        self.run_lua("c:publish('b', '')")
        self.said("message dup=false payload=1 qos=0 retain=false topic=a", "closed")
        self.release()

    def test_refused_while_behind(self) -> None:
        """What the broker said is told, not only that it has gone."""
        self.begin()
        broker = self.accepted()
        self.press()
        broker.push(connack(5))
        broker.reset()
        self.release()
        self.said("error code=5 message=Connection refused: not authorized")
        self.nothing_open()

    def test_connecting_while_behind(self) -> None:
        self.press()
        self.begin()
        broker = self.accepted()
        self.assertTrue(broker.paused)
        self.release()
        broker.says(connack())
        self.said("connected returnCode=0 sessionPresent=false")

    @settings(max_examples=50, deadline=None)
    @given(
        st.lists(
            st.tuples(st.binary(max_size=300), st.integers(0, 2)),
            min_size=1,
            max_size=8,
        ),
        st.data(),
    )
    def test_cut_anywhere(
        self, messages: list[tuple[bytes, int]], data: st.DataObject
    ) -> None:
        """However the broker's bytes are cut, the same messages come of them."""
        broker = self.connect()
        self.run_lua(
            "c:removeEventListener('message')"
            " c:addEventListener('message', function(e) print(e.payload) end)"
        )
        stream = b"".join(
            message(b"a", payload, qos, index)
            + (answer(PUBREL, index) if qos == 2 else b"")
            for index, (payload, qos) in enumerate(messages, 1)
        )
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            broker.says(stream[:size])
            stream = stream[size:]
        self.assertEqual(self.lines, [payload for payload, _ in messages])
        broker.reset()
        self.turn(3)
        self.lines.clear()
