"""The records that bytes of TLS consist of (RFC 8446, 5.1)."""

from __future__ import annotations

RECORD = 2**14
"""Bytes of data in one record, at most."""

HEADER = 5
"""Bytes before the content of a record; the last two are its length."""


class Records:
    """Where the records of a stream end."""

    __slots__ = ("_head", "_missing")

    def __init__(self) -> None:
        # A header that has begun, or bytes of a record that are still to come.
        self._head = b""
        self._missing = 0

    def end_in(self, data: bytes) -> int:
        """@return: how many records are whole with what has come now"""
        if self._head:
            data = self._head + data
            self._head = b""
        size, end = len(data), self._missing
        if end > size:
            self._missing = end - size
            return 0
        ended = 1 if end else 0
        while size - end >= HEADER:
            end += HEADER + (data[end + 3] << 8) + data[end + 4]
            if end > size:
                self._missing = end - size
                return ended
            ended += 1
        self._head, self._missing = data[end:], 0
        return ended
