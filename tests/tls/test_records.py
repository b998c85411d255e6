"""Where records end, however their bytes come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tls.records import HEADER, RECORD, Records


def record(size: int) -> bytes:
    """One with so much content, which looks like headers."""
    return b"\x17\x03\x03" + size.to_bytes(2, "big") + b"\x17" * size


class RecordsTests(SynchronousTestCase):
    @given(
        st.lists(st.integers(0, 40) | st.just(RECORD + 256), max_size=8),
        st.lists(st.integers(0, 60), max_size=30),
    )
    def test_each_is_counted_when_its_last_byte_comes(
        self, sizes: list[int], cuts: list[int]
    ) -> None:
        stream = b"".join(map(record, sizes))
        ends, end = [], 0
        for size in sizes:
            end += HEADER + size
            ends.append(end)
        records, at = Records(), 0
        for cut in [*cuts, len(stream)]:
            piece = stream[at : at + cut]
            ended = records.end_in(piece)
            self.assertEqual(ended, sum(at < end <= at + len(piece) for end in ends))
            at += len(piece)

    def test_byte_by_byte(self) -> None:
        records = Records()
        stream = record(3) + record(0) + record(300)
        ended = [records.end_in(stream[at : at + 1]) for at in range(len(stream))]
        at = [index + 1 for index, count in enumerate(ended) if count]
        self.assertEqual((at, sum(ended)), ([8, 13, len(stream)], 3))
