"""
The content encodings of HTTP undone, a piece at a time.

What goes in may stand for a thousand times as much, so what comes out is asked for
in pieces of bounded size, and nothing is decoded before it is asked for.  No I/O.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Protocol

from eplua_twisted.errors import OperationError

ACCEPTED = b"gzip, deflate, br"
"""What is undone, as C{Accept-Encoding} says it."""

PIECE = 64 * 1024
MAX_LAYERS = 4


class Decoder(Protocol):
    """Undoes one encoding."""

    def feed(self, data: bytes) -> None:
        """Take what arrived; only when L{read} has given C{b""}."""

    def read(self) -> bytes:
        """
        The next piece, at most about L{PIECE} bytes; C{b""}: feed me.

        @raise OperationError: C{protocol}, this is not what it was said to be
        """

    def finish(self) -> None:
        """
        No more will come, and L{read} has given C{b""}.

        @raise OperationError: C{protocol}, the end is missing
        """


def broken(encoding: str, reason: object) -> OperationError:
    return OperationError("protocol", f"the body is not valid {encoding}: {reason}")


class Inflate:
    """
    C{gzip} (RFC 1952, any number of members) and C{deflate}.

    The latter is the zlib format (RFC 1950), but as many servers send the bare
    one (RFC 1951) the first two bytes decide.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._stream = zlib.decompressobj(31) if encoding == "gzip" else None
        self._data = b""
        self._fed = False

    def feed(self, data: bytes) -> None:
        self._data += data
        self._fed = self._fed or bool(data)

    def read(self) -> bytes:
        stream = self._stream
        if stream is None:
            if len(self._data) < 2:
                return b""
            zlib_format = self._data[0] & 15 == 8 and not (
                int.from_bytes(self._data[:2], "big") % 31
            )
            stream = self._stream = zlib.decompressobj(15 if zlib_format else -15)
        piece = b""
        while not piece:
            if stream.eof:
                if self._encoding != "gzip" or not self._data.startswith(b"\x1f"):
                    # What follows the end is padding.
                    self._data = b""
                    return b""
                stream = self._stream = zlib.decompressobj(31)
            if not self._data:
                # What is decoded already may be more than a piece.
                return self._decompress(stream)
            piece = self._decompress(stream)
            if not piece and not stream.eof:
                return b""
        return piece

    def _decompress(self, stream: zlib._Decompress) -> bytes:
        try:
            piece = stream.decompress(self._data, PIECE)
        except zlib.error as problem:
            raise broken(self._encoding, problem) from None
        self._data = stream.unused_data if stream.eof else stream.unconsumed_tail
        return piece

    def finish(self) -> None:
        if self._fed and (self._stream is None or not self._stream.eof):
            raise broken(self._encoding, "it ends too early")


class Brotli:
    """C{br} (RFC 7932)."""

    def __init__(self) -> None:
        # Loaded by the first body that needs it.
        import brotli

        self._error = brotli.error
        self._stream = brotli.Decompressor()
        self._data = b""
        self._fed = False

    def feed(self, data: bytes) -> None:
        self._data += data
        self._fed = self._fed or bool(data)

    def read(self) -> bytes:
        stream = self._stream
        if stream.is_finished():
            # What follows the end is padding.
            self._data = b""
            return b""
        data = b""
        if stream.can_accept_more_data():
            data, self._data = self._data, b""
        try:
            # Without data too: what is decoded already may be more than a piece.
            piece: bytes = stream.process(data, output_buffer_limit=PIECE)
        except self._error as problem:
            raise broken("br", problem) from None
        return piece

    def finish(self) -> None:
        if self._fed and not self._stream.is_finished():
            raise broken("br", "it ends too early")


class Layers:
    """Several encodings, one upon the other."""

    def __init__(self, layers: Sequence[Decoder]) -> None:
        self._layers = layers

    def feed(self, data: bytes) -> None:
        self._layers[0].feed(data)

    def read(self) -> bytes:
        return self._read(len(self._layers) - 1)

    def _read(self, number: int) -> bytes:
        layer = self._layers[number]
        while True:
            piece = layer.read()
            if piece or not number:
                return piece
            below = self._read(number - 1)
            if not below:
                return b""
            layer.feed(below)

    def finish(self) -> None:
        for layer in self._layers:
            layer.finish()


def decoder(encodings: Sequence[bytes]) -> Decoder | None:
    """
    @param encodings: the values of C{Content-Encoding}, in order
    @return: what undoes them; C{None} when there is none, or one that is not known
        (then the body is given as it is)
    @raise OperationError: C{limit}, more than anybody has a use for
    """
    layers: list[Decoder] = []
    for name in reversed(b",".join(encodings).lower().split(b",")):
        name = name.strip()
        if name in (b"gzip", b"x-gzip"):
            layers.append(Inflate("gzip"))
        elif name == b"deflate":
            layers.append(Inflate("deflate"))
        elif name == b"br":
            layers.append(Brotli())
        elif name not in (b"", b"identity"):
            return None
        if len(layers) > MAX_LAYERS:
            raise OperationError(
                "limit", f"the body has more than {MAX_LAYERS} content encodings"
            )
    if not layers:
        return None
    return layers[0] if len(layers) == 1 else Layers(layers)
