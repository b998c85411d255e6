"""Content encodings: what goes in at any pace comes out whole, in bounded pieces."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable

import brotli
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.decoders import PIECE, Decoder, decoder
from tests.support import ALL_BYTES


def bare_deflate(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


ENCODERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": brotli.compress,
}


def undo(each: Decoder, chunks: Iterable[bytes]) -> bytes:
    result = []
    for chunk in chunks:
        each.feed(chunk)
        while piece := each.read():
            result.append(piece)
    each.finish()
    return b"".join(result)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]


class DecoderTests(SynchronousTestCase):
    def make(self, *encodings: bytes) -> Decoder:
        found = decoder(encodings)
        assert found is not None
        return found

    def problem(self, encoding: bytes, *chunks: bytes) -> OperationError:
        problem: OperationError = self.assertRaises(
            OperationError, undo, self.make(encoding), chunks
        )
        return problem

    def test_every_encoding(self) -> None:
        for name, encode in ENCODERS.items():
            self.assertEqual(undo(self.make(name), [encode(ALL_BYTES)]), ALL_BYTES)

    def test_bare_deflate(self) -> None:
        """Many servers send it without the zlib format around it."""
        self.assertEqual(
            undo(self.make(b"deflate"), [bare_deflate(ALL_BYTES)]), ALL_BYTES
        )

    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from([*ENCODERS, b"bare"]),
        st.binary(max_size=2000),
        st.lists(st.integers(0, 50), max_size=30),
    )
    def test_any_cut(self, name: bytes, data: bytes, sizes: list[int]) -> None:
        encode = bare_deflate if name == b"bare" else ENCODERS[name]
        each = self.make(b"deflate" if name == b"bare" else name)
        self.assertEqual(undo(each, cut(encode(data), sizes)), data)

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(list(ENCODERS)), st.binary(max_size=300))
    def test_any_garbage(self, name: bytes, data: bytes) -> None:
        """What is none of it is refused, never raised as anything else."""
        try:
            undo(self.make(name), [data])
        except OperationError as problem:
            self.assertEqual(problem.code, "protocol")

    def test_several_layers(self) -> None:
        data = brotli.compress(gzip.compress(ALL_BYTES))
        for encodings in ((b"gzip, br",), (b"gzip", b"br"), (b"GZIP,identity, br",)):
            self.assertEqual(undo(self.make(*encodings), [data]), ALL_BYTES)

    def test_too_many_layers(self) -> None:
        problem = self.assertRaises(OperationError, decoder, [b"gzip," * 5])
        self.assertEqual(problem.code, "limit")

    def test_none_and_unknown(self) -> None:
        self.assertIsNone(decoder([]))
        self.assertIsNone(decoder([b"identity", b""]))
        self.assertIsNone(decoder([b"zstd"]))

    def test_pieces_are_bounded(self) -> None:
        """A bomb goes off a piece at a time."""
        for name, encode in ENCODERS.items():
            each = self.make(name)
            each.feed(encode(bytes(10_000_000)))
            total = 0
            while piece := each.read():
                self.assertLessEqual(len(piece), 2 * PIECE)
                total += len(piece)
            self.assertEqual(total, 10_000_000)
            each.finish()

    def test_several_members(self) -> None:
        """RFC 1952, section 2.2."""
        data = gzip.compress(b"one") + gzip.compress(b"two")
        self.assertEqual(undo(self.make(b"gzip"), [data]), b"onetwo")
        self.assertEqual(
            undo(self.make(b"gzip"), cut(data, [1] * len(data))), b"onetwo"
        )

    def test_padding(self) -> None:
        self.assertEqual(
            undo(self.make(b"gzip"), [gzip.compress(b"x") + bytes(100)]), b"x"
        )

    def test_no_body(self) -> None:
        """An answer to HEAD has the header and nothing to undo."""
        for name in ENCODERS:
            self.assertEqual(undo(self.make(name), []), b"")

    def test_truncated(self) -> None:
        for name, encode in ENCODERS.items():
            problem = self.problem(name, encode(ALL_BYTES)[:-9])
            self.assertEqual(problem.code, "protocol")
            self.assertIn("it ends too early", problem.message)

    def test_broken(self) -> None:
        for name in ENCODERS:
            problem = self.problem(name, b"\xff\xff\xff\xff<html>")
            self.assertEqual(problem.code, "protocol")
            self.assertIn("the body is not valid", problem.message)
