"""Memory for large blocks of bytes that come and go."""

from __future__ import annotations

from functools import cache

HEAP = 16 * 1024 * 1024
"""Bytes; glibc keeps twice as much."""


@cache
def keep_heap() -> None:
    """
    For who is about to handle more than some 100 KiB at once, again and again: glibc would
    give the pages back to the system each time, to have them zeroed for the next, which is
    up to half the time of a 1 MiB request.  Having seen a block of this size freed it keeps
    as much (C{mallopt(3)}, on the dynamic mmap threshold).  The block's own pages are never
    touched.
    """
    bytes(HEAP)
