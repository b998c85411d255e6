"""MQTT packets in a stream of bytes: their kinds, and where each of them ends."""

from __future__ import annotations

from eplua_twisted.errors import OperationError

CONNACK = 0x20
PUBLISH = 0x30
PUBREL = 0x62

MAX_CONTROL = 64 * 1024
"""
Bytes of a packet that is no message, and of a message's properties: each property, and
each code of a SUBACK, costs many times of that while it is read.
"""

BATCH = 64
"""Packets that are handed on together at most: then the script is told of them."""


def varint(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """
    A variable byte integer (MQTT 3.1.1, 2.2.3).

    @return: it, and where it ends; C{None} when it is not all there
    @raise OperationError: C{protocol}: it has more than four bytes
    """
    value = shift = 0
    for index in range(at, min(at + 4, len(data))):
        byte = data[index]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, index + 1
        shift += 7
    if len(data) - at < 4:
        return None
    raise OperationError("protocol", "the broker sent a packet of no known length")


def length_of(size: int) -> bytes:
    """The same integer as bytes."""
    if size < 128:
        return bytes((size,))
    encoded = bytearray()
    while size > 127:
        encoded.append(size & 127 | 128)
        size >>= 7
    encoded.append(size)
    return bytes(encoded)


class PacketBuffer:
    """
    What has arrived, handed on in whole packets: those that L{select} has chosen are
    given by L{packet}.
    """

    def __init__(self, limit: int, version: int) -> None:
        """
        @param limit: bytes that a packet may have after its length
        @param version: 5, where packets have properties, or 4
        """
        self._limit = limit
        self._five = version == 5
        self._buffer = bytearray()
        self._position = self._end = 0

    def feed(self, data: bytes) -> None:
        """More has arrived."""
        self._buffer += data

    @property
    def readable(self) -> int:
        """Bytes of the selected packets that were not read yet."""
        return self._end - self._position

    def peek(self) -> bytes:
        """The selected packets that were not read yet."""
        return bytes(self._buffer[self._position : self._end])

    def packet(self) -> tuple[int, bytes] | None:
        """The first byte of the next selected packet, and what follows its length."""
        buffer, start = self._buffer, self._position
        if start == self._end:
            return None
        body = start + 2
        length = buffer[start + 1]
        if length > 127:
            measured = varint(buffer, start + 1)
            assert measured is not None
            length, body = measured
        self._position = body + length
        return buffer[start], bytes(buffer[body : self._position])

    def select(self, count: int) -> int | None:
        """
        Choose the packets that come after those chosen last.  PUBREL comes alone: what
        came before it is for the script to handle first.

        @param count: how many at most
        @return: the first byte of the first one; C{None} when it is not all there
        @raise OperationError: C{protocol}: the first one cannot be a packet;
            C{limit}: it is too large
        """
        start = self._end
        end = self._packet_end(start)
        if end is None:
            self._drop(start)
            return None
        self._position, self._end = start, end
        first = self._buffer[start]
        if first != PUBREL and count > 1:
            self._select_more(count - 1)
        return first

    def _select_more(self, count: int) -> None:
        for _ in range(count):
            try:
                end = self._packet_end(self._end)
            except OperationError:
                # Raised again when it is the first one: those before it are good.
                return
            if end is None or self._buffer[self._end] == PUBREL:
                return
            self._end = end

    def _packet_end(self, start: int) -> int | None:
        buffer = self._buffer
        if len(buffer) < start + 2:
            return None
        length = buffer[start + 1]
        end = start + 2 + length
        if length > 127:
            measured = varint(buffer, start + 1)
            if measured is None:
                return None
            length, end = measured[0], sum(measured)
            if length > MAX_CONTROL or length > self._limit:
                self._check_large(start, measured[1], length)
        return end if end <= len(buffer) else None

    def _check_large(self, start: int, body: int, length: int) -> None:
        buffer = self._buffer
        if length > self._limit:
            raise OperationError(
                "limit",
                f"the broker sent a packet of {length} bytes (option maxMessageSize)",
            )
        if buffer[start] & 0xF0 != PUBLISH:
            raise OperationError(
                "protocol", f"the broker sent {length} bytes that are no message"
            )
        if self._five and len(buffer) >= body + length:
            properties = self._properties_of(buffer[start], body)
            if properties > MAX_CONTROL:
                raise OperationError(
                    "limit",
                    f"the broker sent {properties} bytes of properties (at most"
                    f" {MAX_CONTROL}; no option moves this bound)",
                )

    def _properties_of(self, first: int, body: int) -> int:
        """Bytes of the properties of a message."""
        buffer = self._buffer
        at = body + 2 + int.from_bytes(buffer[body : body + 2], "big")
        measured = varint(buffer, at + 2 if first & 6 else at)
        return measured[0] if measured else 0

    def _drop(self, count: int) -> None:
        if count:
            del self._buffer[:count]
            self._position = self._end = 0
