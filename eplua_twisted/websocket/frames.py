"""
Whole messages in one frame, which nearly all are (RFC 6455, 5.2): read and written
without the steps that fragments, control frames and extensions need.

Nothing here refuses anything.  What is not such a frame, or not a right one, is left to
autobahn, which finds the connection as it would be without this.
"""

from __future__ import annotations

from random import getrandbits
from struct import Struct

from autobahn.websocket.xormasker import create_xor_masker  # type: ignore[attr-defined]

TEXT = 0x81
BINARY = 0x82
"""The first byte of a frame that is a whole message, and not compressed."""

MASKED = 0x80
"""The bit in the second byte of all that a client sends."""

SHORT = 1024
"""Bytes up to which numbers mask faster than autobahn's C: 0.5 us for 64 of them, not 4."""

_LENGTH_16 = Struct("!BBH")
_LENGTH_64 = Struct("!BBQ")


def is_utf8(data: bytes) -> bool:
    """Whether it may be the payload of a text message."""
    if data.isascii():
        # Most are, and to know that takes a tenth of the time.
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def mask(data: bytes, key: bytes) -> bytes:
    """Mask, or unmask, a payload with a key of 4 bytes (RFC 6455, 5.3)."""
    size = len(data)
    if size > SHORT:
        masked: bytes = create_xor_masker(key, size).process(data)
        return masked
    keys = (key * (size // 4 + 1))[:size]
    number = int.from_bytes(data, "little") ^ int.from_bytes(keys, "little")
    return number.to_bytes(size, "little")


def write_frame(data: bytes, is_binary: bool, masked: bool) -> bytes:
    """A message as one frame; masked if it is a client's."""
    first, bit, size = BINARY if is_binary else TEXT, MASKED if masked else 0, len(data)
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 65536:
        head = _LENGTH_16.pack(first, bit | 126, size)
    else:
        head = _LENGTH_64.pack(first, bit | 127, size)
    if not masked:
        return head + data
    key = getrandbits(32).to_bytes(4, "little")
    return head + key + mask(data, key)


def read_frame(
    data: bytes, start: int, masked: bool, limit: int
) -> tuple[bytes, bool, int] | None:
    """
    The message that begins at C{start}, if it is whole, in one right frame.

    @param masked: whether it must be masked: a client's
    @param limit: the most bytes that it may have; 0 for any
    @return: the payload, whether it is binary, and where the next frame begins; or
        C{None} for what is left to autobahn
    """
    end = len(data)
    if end - start < 2:
        return None
    first, size = data[start], data[start + 1]
    if (first != TEXT and first != BINARY) or (size >= MASKED) is not masked:
        return None
    size &= 127
    at = start + 2
    if size > 125:
        # The shortest form is the right one, and as large as 2 to the 63 is none.
        width, least = (2, 126) if size == 126 else (8, 65536)
        size = int.from_bytes(data[at : at + width], "big")
        at += width
        if end < at or size < least:
            return None
    if limit and size > limit:
        return None
    if not masked:
        after = at + size
        if end < after:
            return None
        payload = data[at:after]
    else:
        after = at + 4 + size
        if end < after:
            return None
        payload = mask(data[at + 4 : after], data[at : at + 4])
    if first == TEXT and not is_utf8(payload):
        return None
    return payload, first == BINARY, after
