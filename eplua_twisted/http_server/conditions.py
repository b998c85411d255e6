"""Conditional requests and ranges (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re

from eplua_twisted.http_engine.answers import seconds_of
from eplua_twisted.http_engine.request_reader import RequestHead

MAX_RANGES = 8
"""Ranges of one request that are answered one by one; with more it gets the whole."""

ETAG = re.compile(rb'(?:W/)?("[^"]*")|(\*)')
RANGE = re.compile(rb"([0-9]*)-([0-9]*)")


def _matches(tags: bytes, tag: bytes) -> bool:
    """Whether a list of tags has one; whether they are weak does not count."""
    wanted = ETAG.fullmatch(tag)
    return any(
        found[2] or (wanted is not None and found[1] == wanted[1])
        for found in ETAG.finditer(tags)
    )


def is_cached(head: RequestHead, tag: bytes | None, modified: int | None) -> bool:
    """
    Whether the client has the answer already.

    @param tag: the answer's C{ETag}
    @param modified: when it was changed last, in seconds since 1970
    """
    if head.method not in (b"GET", b"HEAD"):
        return False
    tags = head.values(b"if-none-match")
    if tags:
        # Then the date does not count (RFC 9110, 13.1.3).
        return tag is not None and _matches(b",".join(tags), tag)
    since = head.values(b"if-modified-since")
    if not since or modified is None:
        return False
    known = seconds_of(since[0])
    return known is not None and modified <= known


def ranges(
    head: RequestHead, size: int, tag: bytes, modified: int
) -> list[tuple[int, int]] | None:
    """
    The parts of a representation that a client asks for.

    @param size: bytes of the whole
    @return: first and last byte of each part, none of them outside; an empty list when
        no part is inside (416); C{None} for the whole
    """
    values = head.values(b"range")
    if head.method != b"GET" or len(values) != 1:
        return None
    unit, equals, text = values[0].partition(b"=")
    if unit.strip().lower() != b"bytes" or not equals:
        return None
    condition = head.values(b"if-range")
    if condition and condition[0] != tag and seconds_of(condition[0]) != modified:
        return None
    wanted = []
    for each in text.split(b","):
        found = RANGE.fullmatch(each.strip())
        if found is None or found[0] == b"-" or len(found[0]) > 40:
            return None
        if found[1] and found[2] and int(found[2]) < int(found[1]):
            # Not outside, but none (RFC 9110, 14.1.1).
            return None
        wanted.append(found)
    if len(wanted) > MAX_RANGES:
        return None
    parts = [part for each in wanted if (part := _part(each, size)) is not None]
    if sum(last - first + 1 for first, last in parts) > size:
        # They overlap: the whole is less.
        return None
    return parts


def _part(found: re.Match[bytes], size: int) -> tuple[int, int] | None:
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first = int(found[1])
        last = min(int(found[2]), size - 1) if found[2] else size - 1
    return (first, last) if first <= last and first < size else None
