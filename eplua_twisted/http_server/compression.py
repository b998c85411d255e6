"""Answers that leave compressed, for clients that accept it."""

from __future__ import annotations

import zlib

from eplua_twisted.http_engine.request_reader import RequestHead

SMALLEST = 256
"""Bytes of a body below which its head is most of an answer."""

LEVEL = 5

TEXT = (b"text/", b"application/json", b"application/javascript", b"image/svg+xml")

Fields = list[tuple[bytes, bytes]]


def accepts(head: RequestHead, coding: bytes) -> bool:
    """Whether a client accepts a content coding (RFC 9110, 12.5.3)."""
    for element in b",".join(head.values(b"accept-encoding")).lower().split(b","):
        name, _, weight = element.partition(b";")
        if name.strip() == coding:
            quality = weight.strip().removeprefix(b"q=").strip()
            return quality.strip(b"0.") != b"" or not weight
    return False


def compressed(head: RequestHead, headers: Fields, body: bytes) -> tuple[Fields, bytes]:
    """
    Headers and body of an answer, with gzip where it is of use and accepted.

    @param headers: the script's own
    """
    named = {name.lower(): value for name, value in headers}
    kind = named.get(b"content-type", b"").lower()
    if (
        len(body) < SMALLEST
        or not kind.startswith(TEXT)
        or b"content-encoding" in named
        or b"content-range" in named
    ):
        return headers, body
    headers = [*headers, (b"Vary", b"Accept-Encoding")]
    if not accepts(head, b"gzip"):
        return headers, body
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
    body = compressor.compress(body) + compressor.flush()
    return [*headers, (b"Content-Encoding", b"gzip")], body
