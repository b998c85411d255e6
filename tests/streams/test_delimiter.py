"""Looking for a delimiter in data that grows."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.streams.delimiter import Search
from tests.support.chunks import cut

# Few letters, so that delimiters are met and half met.
LETTERS = st.sampled_from([b"a", b"b", b"\x00"])
TEXT = st.lists(LETTERS, max_size=60).map(b"".join)


class SearchTests(SynchronousTestCase):
    @given(
        TEXT,
        st.lists(st.integers(0, 60)),
        st.lists(LETTERS, min_size=1, max_size=6).map(b"".join),
    )
    def test_finds_what_find_finds(
        self, data: bytes, places: list[int], delimiter: bytes
    ) -> None:
        search, grown = Search(delimiter), b""
        for chunk in cut(data, places):
            grown += chunk
            found = search.find(grown)
            expected = grown.find(delimiter)
            if expected >= 0:
                self.assertEqual(found, expected)
                return
            self.assertIsNone(found)

    def steps(self, length: int, delimiter: bytes) -> int:
        """Lines of Python that run while single bytes arrive."""
        search, data, count = Search(delimiter), bytearray(), 0

        def trace(frame: Any, event: str, argument: Any) -> Any:
            nonlocal count
            count += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            for _ in range(length):
                data += b"a"
                search.find(data)
        finally:
            sys.settrace(before)
        return count

    def test_work_is_linear(self) -> None:
        """Twice the bytes, one at a time, and twice the delimiter: twice the work."""
        small = self.steps(1000, b"a" * 500 + b"b")
        large = self.steps(2000, b"a" * 1000 + b"b")
        self.assertTrue(large < 2.2 * small, (small, large))
