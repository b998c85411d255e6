"""Looking for a delimiter in data that grows, in linear time."""

from __future__ import annotations


class Search:
    """
    Looks for a delimiter in data that grows.

    A long addition is searched by C{bytes.find}, a short one byte by byte with
    Knuth, Morris and Pratt's table: so the work is linear in the data even when
    a long delimiter meets single bytes.
    """

    __slots__ = ("_matched", "_seen", "_table", "delimiter")

    def __init__(self, delimiter: bytes) -> None:
        self.delimiter = delimiter
        self._seen = 0
        self._matched: int | None = 0
        self._table: list[int] | None = None

    def find(self, data: bytes | bytearray) -> int | None:
        """
        @param data: what was searched before, with more at its end
        @return: where the delimiter begins
        """
        length = len(self.delimiter)
        if len(data) - self._seen >= length:
            index = data.find(self.delimiter, max(0, self._seen - length + 1))
            if index >= 0:
                return index
            self._seen = len(data)
            self._matched = None
            return None
        if self._matched is None:
            # How much of the delimiter the data ends with; paid for by the long
            # addition that left it open.
            self._matched = 0
            self._seen = max(0, self._seen - length + 1)
        table = self._table or self._prepare()
        delimiter, matched = self.delimiter, self._matched
        for position in range(self._seen, len(data)):
            byte = data[position]
            while matched and delimiter[matched] != byte:
                matched = table[matched - 1]
            if delimiter[matched] == byte:
                matched += 1
                if matched == length:
                    return position + 1 - length
        self._seen, self._matched = len(data), matched
        return None

    def _prepare(self) -> list[int]:
        table = [0] * len(self.delimiter)
        matched = 0
        for position in range(1, len(self.delimiter)):
            byte = self.delimiter[position]
            while matched and self.delimiter[matched] != byte:
                matched = table[matched - 1]
            if self.delimiter[matched] == byte:
                matched += 1
            table[position] = matched
        self._table = table
        return table
