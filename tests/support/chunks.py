"""Bytes cut into chunks, as a network may do it."""

from __future__ import annotations

from itertools import pairwise


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data, cut at these places; those behind its end do not count."""
    edges = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(edges) if a != b]
