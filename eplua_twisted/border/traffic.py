"""Bytes that have come and gone, by the kind of what carries them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from eplua_twisted.errors import OperationError

Kind = Literal["tcp", "unix", "udp"]


Ask = Callable[[], tuple[str, int] | None]
"""Gives host and port."""


def _nowhere() -> None:
    """There is no address."""


def _asked(ask: Ask) -> tuple[str, int] | None:
    try:
        return ask()
    except (OperationError, OSError):
        return None


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

    def ends(self) -> tuple[str, str]:
        """Its own address, and the peer's, for people; empty where there is none."""


def shown(host: str, port: int) -> str:
    """An address, for people."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Counter:
    """
    L{Counted} for a port of datagrams.

    @param local: its own address; raises L{OperationError} where there is none yet
    @param peer: the peer's, if there is one
    """

    __slots__ = ("_local", "_peer", "bytes_in", "bytes_out", "kind")

    def __init__(self, local: Ask = _nowhere, peer: Ask = _nowhere) -> None:
        self.kind: Kind = "udp"
        self._local, self._peer = local, peer
        self.bytes_in = self.bytes_out = 0

    def ends(self) -> tuple[str, str]:
        local, peer = _asked(self._local), _asked(self._peer)
        return (local and shown(*local)) or "", (peer and shown(*peer)) or ""


class Traffic:
    """All that carries the bytes of one runtime, and what it has carried."""

    def __init__(self) -> None:
        # There may be thousands: a set takes three times the memory.
        self._open: dict[Counted, None] = {}
        self._closed: dict[Kind, list[int]] = {}

    def opened(self, counted: Counted) -> None:
        """It carries bytes from now on."""
        self._open[counted] = None

    def closed(self, counted: Counted) -> None:
        """It carries nothing any more; harmless when that is known."""
        if counted in self._open:
            del self._open[counted]
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
