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


def compressed(head: RequestHead, fields: Fields, body: bytes) -> tuple[Fields, bytes]:
    """
    Header fields and body of an answer, with gzip where it is of use and accepted.

    @param fields: the script's own
    """
    named = dict(fields.pairs)
    kind = named.get(b"Content-Type", b"").lower()
    if (
        len(body) < SMALLEST
        or not kind.startswith(TEXT)
        or b"Content-Encoding" in named
        or b"Content-Range" in named
    ):
        return fields, body
    pairs = [*fields.pairs, (b"Vary", b"Accept-Encoding")]
    if accepts(head, b"gzip"):
        compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
        body = compressor.compress(body) + compressor.flush()
        # A strong tag is for one sequence of bytes (RFC 9110, 8.8.1).
        pairs = [
            (name, b"W/" + value if name == b"ETag" and value[:1] == b'"' else value)
            for name, value in (*pairs, (b"Content-Encoding", b"gzip"))
        ]
    return Fields(pairs), body
