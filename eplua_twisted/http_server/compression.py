"""Answers that leave compressed, for clients that accept it."""

from __future__ import annotations

import zlib

from eplua_twisted.http_engine.answers import Fields
from eplua_twisted.http_engine.request_reader import RequestHead

SMALLEST = 256
"""Bytes of a body below which its head is most of an answer."""

LEVEL = 5

TEXT = (b"text/", b"application/json", b"application/javascript", b"image/svg+xml")


def accepts(head: RequestHead, coding: bytes) -> bool:
    """Whether a client accepts a content coding (RFC 9110, 12.5.3)."""
    for element in b",".join(head.values(b"accept-encoding")).lower().split(b","):
        name, _, weight = element.partition(b";")
        if name.strip() == coding:
            quality = weight.strip().removeprefix(b"q=").strip()
            return quality.strip(b"0.") != b"" or not weight
    return False


def varies(fields: Fields, body: bytes) -> bool:
    """
    Whether an answer is another one for clients that accept gzip.

    @param fields: the script's own
    """
    named = dict(fields.pairs)
    kind = named.get(b"Content-Type", b"").lower()
    return (
        len(body) >= SMALLEST
        and kind.startswith(TEXT)
        and b"Content-Encoding" not in named
        and b"Content-Range" not in named
    )


def compressed(fields: Fields, body: bytes) -> tuple[Fields, bytes]:
    """Header fields and body of an answer, with gzip."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
    body = compressor.compress(body) + compressor.flush()
    # A strong tag is for one sequence of bytes (RFC 9110, 8.8.1).
    pairs = [
        (name, b"W/" + value if name == b"ETag" and value[:1] == b'"' else value)
        for name, value in (*fields.pairs, (b"Content-Encoding", b"gzip"))
    ]
    return Fields(pairs), body
