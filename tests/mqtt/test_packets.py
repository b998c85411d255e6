"""MQTT packets in a stream of bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.mqtt.packets import (
    BATCH,
    CONNACK,
    MAX_CONTROL,
    PUBREL,
    PacketBuffer,
    length_of,
    varint,
)
from tests.support.mqtt import packet

LIMIT = 1_000_000
kinds = st.integers(1, 255)
packets = st.lists(
    st.tuples(kinds, st.binary(max_size=300)).map(lambda each: packet(*each)),
    max_size=8,
)


def read_all(buffer: PacketBuffer, count: int = BATCH) -> list[bytes]:
    """What is handed on by now, selection by selection."""
    found = []
    while buffer.select(count) is not None:
        found.append(read(buffer))
    return found


def read(buffer: PacketBuffer) -> bytes:
    """The packets that are selected."""
    whole = b""
    while (found := buffer.packet()) is not None:
        whole += packet(*found)
    return whole


class VarintTests(SynchronousTestCase):
    @given(st.integers(0, 268_435_455), st.binary(max_size=5))
    def test_round_trip(self, value: int, more: bytes) -> None:
        """Whatever follows it."""
        encoded = b""
        rest = value
        while True:
            rest, byte = divmod(rest, 128)
            encoded += bytes([byte | (128 if rest else 0)])
            if not rest:
                break
        self.assertEqual(varint(encoded + more, 0), (value, len(encoded)))
        for cut in range(len(encoded)):
            self.assertIsNone(varint(encoded[:cut], 0))
        self.assertEqual(length_of(value), encoded)

    @given(st.binary(min_size=4, max_size=8))
    def test_more_than_four_bytes(self, data: bytes) -> None:
        """Not a number, and said as soon as it is known."""
        data = bytes(each | 128 for each in data)
        with self.assertRaises(OperationError):
            varint(data, 0)


class PacketBufferTests(SynchronousTestCase):
    def buffer(self, limit: int = LIMIT, version: int = 4) -> PacketBuffer:
        return PacketBuffer(limit, version)

    @given(packets, st.data())
    def test_cut_anywhere(self, whole: list[bytes], data: st.DataObject) -> None:
        """The same packets, in order, each whole."""
        stream = b"".join(whole)
        buffer, found = self.buffer(), []
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            buffer.feed(stream[:size])
            stream = stream[size:]
            found += read_all(buffer, 1)
        self.assertEqual(found, whole)

    @given(st.binary(max_size=2000), st.sampled_from([4, 5]))
    def test_any_bytes(self, data: bytes, version: int) -> None:
        """They are packets, or an error that is specified."""
        buffer = self.buffer(1000, version)
        for byte in data:
            buffer.feed(bytes([byte]))
            try:
                read_all(buffer)
            except OperationError as problem:
                self.assertIn(problem.code, ("protocol", "limit"))
                return

    def test_pubrel_comes_alone(self) -> None:
        """What came before it is handled first."""
        buffer = self.buffer()
        message, release = packet(0x34, b"x"), packet(PUBREL, b"\0\1")
        buffer.feed(message + message + release + release + message)
        self.assertEqual(
            read_all(buffer), [message + message, release, release, message]
        )

    def test_good_packets_before_a_bad_one(self) -> None:
        buffer = self.buffer()
        good = packet(0x30, b"x")
        buffer.feed(good + good + b"\x30\xff\xff\xff\xff\xff")
        self.assertEqual(buffer.select(BATCH), 0x30)
        self.assertEqual(read(buffer), good + good)
        with self.assertRaises(OperationError):
            buffer.select(BATCH)

    def test_nothing_is_selected(self) -> None:
        buffer = self.buffer()
        buffer.feed(packet(0x30, b"x"))
        self.assertIsNone(buffer.packet())

    def refused(
        self, data: bytes, code: str, limit: int = LIMIT, version: int = 4
    ) -> None:
        buffer = self.buffer(limit, version)
        buffer.feed(data)
        with self.assertRaises(OperationError) as caught:
            buffer.select(1)
        self.assertEqual(caught.exception.code, code)

    def test_size_is_refused_before_it_has_come(self) -> None:
        """A message beyond maxMessageSize, and what is no message beyond 64 KiB."""
        self.refused(packet(0x30, b"x" * 1001)[:4], "limit", 1000)
        for kind in (CONNACK, 0x90, 0xE0, 0x10, PUBREL):
            self.refused(packet(kind, b"x" * (MAX_CONTROL + 1))[:4], "protocol")
        self.assertEqual(self.good(packet(0x90, b"x" * MAX_CONTROL)), 4 + MAX_CONTROL)

    def good(self, data: bytes, version: int = 4) -> int:
        """@return: how much of it can be read"""
        buffer = self.buffer(version=version)
        buffer.feed(data)
        self.assertIsNotNone(buffer.select(1))
        return buffer.readable

    def test_properties_are_bounded(self) -> None:
        """Of a message of MQTT 5; its payload is not."""
        for first, identifier in ((0x30, b""), (0x32, b"\0\1")):
            head = b"\0\1a" + identifier
            many = b"\x81\x80\x04" + b"\x26" * (MAX_CONTROL + 1)
            few = b"\x80\x80\x04" + b"\x26" * MAX_CONTROL
            self.refused(packet(first, head + many), "limit", version=5)
            self.good(packet(first, head + few), version=5)
            self.good(packet(first, head + b"\0" + b"x" * 500_000), version=5)
            self.good(packet(first, head + many), version=4)
