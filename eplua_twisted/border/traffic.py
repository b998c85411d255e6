"""Bytes that have come and gone, by the kind of what carries them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

Kind = Literal["tcp", "unix", "udp"]


class Counted(Protocol):
    """
    What carries bytes: a connection, or a port of datagrams.  It counts them itself, with
    an addition for each piece.

    @ivar bytes_in: those that have come
    @ivar bytes_out: those that the system has taken
    """

    @property
    def kind(self) -> Kind: ...

    bytes_in: int
    bytes_out: int


class Counter:
    """L{Counted} for what cannot count itself."""

    __slots__ = ("bytes_in", "bytes_out", "kind")

    def __init__(self, kind: Kind) -> None:
        self.kind: Kind = kind
        self.bytes_in = self.bytes_out = 0


class Traffic:
    """All that carries the bytes of one runtime, and what it has carried."""

    def __init__(self) -> None:
        self._open: set[Counted] = set()
        self._closed: dict[Kind, list[int]] = {}
        self.opened = self._open.add

    def closed(self, counted: Counted) -> None:
        """It carries nothing any more; harmless when that is known."""
        if counted in self._open:
            self._open.discard(counted)
            _add(self._closed, counted)

    def __iter__(self) -> Iterator[Counted]:
        return iter(self._open)

    def totals(self) -> dict[Kind, list[int]]:
        """What each kind that there was has carried: bytes in, and out."""
        totals = {kind: [*counts] for kind, counts in self._closed.items()}
        for counted in self._open:
            _add(totals, counted)
        return totals


def _add(totals: dict[Kind, list[int]], counted: Counted) -> None:
    both = totals.setdefault(counted.kind, [0, 0])
    both[0] += counted.bytes_in
    both[1] += counted.bytes_out
