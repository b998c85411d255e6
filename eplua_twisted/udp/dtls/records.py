"""Records of DTLS on the wire (RFC 6347, 4.1), as far as they can be read without keys."""

from __future__ import annotations

from collections.abc import Iterator

MTU = 1232
"""Bytes of UDP that every path carries: IPv6's 1280 without its headers (RFC 8200)."""

HEADER = 13
"""Bytes before each record; the last two are its length."""

MESSAGE_HEADER = 12
"""Bytes before each fragment of a handshake message (RFC 6347, 4.2.2)."""

HANDSHAKE = 22
"""The first byte of a record with a part of the handshake."""

CLIENT_HELLO = 1
"""The first byte of the message that begins a handshake."""

RANDOM = slice(HEADER + MESSAGE_HEADER + 2, HEADER + MESSAGE_HEADER + 34)
"""Where a C{ClientHello} has its 32 random bytes: after the version."""


def datagrams(records: bytes, mtu: int) -> Iterator[bytes]:
    """
    What OpenSSL wrote, several records on end, as datagrams: each with as many
    whole records as fit.
    """
    start = end = 0
    while end < len(records):
        size = HEADER + int.from_bytes(records[end + HEADER - 2 : end + HEADER], "big")
        if end > start and end + size - start > mtu:
            yield records[start:end]
            start = end
        end += size
    if start < len(records):
        yield records[start:]


def is_plain(datagram: bytes) -> bool:
    """Whether it begins with a record of epoch 0, which has no keys yet."""
    return datagram[3:5] == b"\0\0"


def hello_random(datagram: bytes) -> bytes | None:
    """
    The random bytes of the C{ClientHello} that a datagram begins with.  They are the
    same in all hellos of one handshake (RFC 6347, 4.2.1) and in no other.

    @return: C{None} for any other datagram, and for the later fragments of a hello
    """
    if datagram[:1] != bytes([HANDSHAKE]) or not is_plain(datagram):
        return None
    message = datagram[HEADER : HEADER + MESSAGE_HEADER]
    if message[:1] != bytes([CLIENT_HELLO]) or message[6:9] != b"\0\0\0":
        return None
    random = datagram[RANDOM]
    return random if len(random) == 32 else None
