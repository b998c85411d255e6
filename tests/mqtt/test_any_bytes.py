"""Whatever a broker sends: messages, or an error that is specified; never more."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from eplua_twisted.mqtt import stream as stream_module
from tests.support.mqtt import (
    MemoryBrokerTestCase,
    RemoteBroker,
    connack,
    message,
    number,
    packet,
    text,
)

# Packets that a broker may send, with bodies that are right, nearly right, or not.
identifiers = st.integers(0, 5).map(number)
properties = st.one_of(
    st.just(b"\0"),
    st.binary(max_size=20).map(lambda each: bytes([len(each)]) + each),
    st.binary(max_size=12),
    st.builds(
        lambda identifier, value: bytes([1 + len(value), identifier]) + value,
        st.integers(0, 45),
        st.binary(max_size=9),
    ),
)
bodies = st.one_of(
    st.binary(max_size=30),
    st.builds(
        lambda a, b, c: a + b + c, identifiers, st.binary(max_size=1), properties
    ),
    st.builds(
        lambda a, b, c: a + b + c, identifiers, properties, st.binary(max_size=5)
    ),
    st.builds(
        lambda topic, identifier, more, payload: (
            text(topic) + identifier + more + payload
        ),
        st.sampled_from([b"", b"a", b"a/b", b"\xff", b"\0", "ä".encode()]),
        st.one_of(st.just(b""), identifiers),
        properties,
        st.binary(max_size=10),
    ),
)
packets = st.builds(packet, st.integers(0, 255), bodies)
streams = st.lists(st.one_of(packets, st.binary(max_size=40)), max_size=12).map(
    b"".join
)


class AnyBytesTests(MemoryBrokerTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_lua(
            """
            ends = 0
            function begin(version)
              ends = 0
              c = mqtt.Client.connect("127.0.0.1", {protocolVersion = version})
              for _, name in ipairs({"closed", "error"}) do
                c:addEventListener(name, function(e)
                  ends = ends + 1
                  assert(e.code == nil or e.code > 0 and e.code <= 255
                    or e.code == -11 or e.code == -10 or e.code == -2, e.code)
                end)
              end
              c:addEventListener("message", function(e)
                assert(#e.topic > 0 and e.payload and e.qos)
              end)
              c:subscribe({"a", "b"}, {qos = 2})
              c:unsubscribe("a")
              for qos = 0, 2 do c:publish("a", "x", {qos = qos}) end
            end
            """
        )

    def feed(self, broker: RemoteBroker, stream: bytes, data: st.DataObject) -> None:
        """Cut anywhere; then the broker closes: one end, and no error but that."""
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=3))
        for start, end in pairwise([0, *sorted(cuts), len(stream)]):
            if not broker.gone:
                broker.says(stream[start:end])
                self.reactor.settle()
        if not broker.gone:
            broker.close()
        self.reactor.settle()
        self.run_lua("print(ends) c:disconnect()")
        self.reactor.settle()
        self.assertEqual((self.lines, self.errors), ([b"1"], []))
        self.lines.clear()

    @settings(max_examples=200, deadline=None)
    @given(streams, st.sampled_from([4, 5]), st.data())
    def test_after_connack(
        self, stream: bytes, version: int, data: st.DataObject
    ) -> None:
        self.run_lua(f"begin({version})")
        broker = self.accepted()
        broker.says(connack() if version == 4 else packet(0x20, b"\0\0\0"))
        self.feed(broker, stream, data)

    @settings(max_examples=100, deadline=None)
    @given(
        st.one_of(streams, st.builds(packet, st.just(0x20), bodies)),
        st.sampled_from([4, 5]),
        st.data(),
    )
    def test_before_connack(
        self, stream: bytes, version: int, data: st.DataObject
    ) -> None:
        self.run_lua(f"begin({version})")
        self.feed(self.accepted(), stream, data)


class BoundedTests(MemoryBrokerTestCase):
    """What a broker can make a client keep."""

    def test_messages_that_never_end(self) -> None:
        """Not more than maxMessageSize is kept."""
        broker = self.connect("maxMessageSize = 100000")
        head = packet(0x30, bytes(99_000))[:4]
        broker.says(head)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(98):
            broker.says(bytes(1000))
        self.assertLess(tracemalloc.get_traced_memory()[1], 1_000_000)
        self.assertFalse(broker.gone)

    def test_answers_that_the_broker_does_not_read(self) -> None:
        """Then nothing more is read from it, until it does."""
        self.patch(stream_module, "MAX_ANSWERS", 10_000)
        broker = self.connect()
        broker.stall()
        # Each of these is answered by two bytes.
        for _ in range(20):
            self.assertFalse(broker.paused)
            broker.says(b"\xc0\0" * 250)
        broker.says(b"\xc0\0")
        self.assertTrue(broker.paused)
        # Pressure of the script's comes and goes meanwhile.
        self.press()
        self.release()
        self.assertTrue(broker.paused)
        broker.take()
        self.reactor.settle()
        self.assertFalse(broker.paused)
        broker.says(message(b"a", b"x"))
        self.said("message dup=false payload=x qos=0 retain=false topic=a")

    def test_codes_that_nobody_asked_for(self) -> None:
        """A SUBACK with more of them than topics."""
        for kind in (0x90, 0xB0):
            broker = self.connect()
            method = "subscribe" if kind == 0x90 else "unsubscribe"
            self.run_lua(f"c:{method}('a')")
            broker.says(packet(kind, number(1) + bytes(60_000)))
            self.said("closed")
