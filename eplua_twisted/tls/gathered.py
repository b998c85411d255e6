"""Small writes over TLS that become one record."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure

MOST = 64_000
"""Bytes that are kept at most: Twisted's number."""


class GatheredWrites(TLSMemoryBIOProtocol):
    """
    What is written while data is being received leaves when that has been handed over;
    what is written at other times leaves on the reactor's next turn.  Twisted's
    C{BufferingTLSTransport} lets all of it wait for the next turn, and has to ask the
    reactor for that: with each answer of a server.
    """

    def __init__(
        self,
        factory: TLSMemoryBIOFactory,
        wrappedProtocol: IProtocol,
        clock: IReactorTime,
    ) -> None:
        super().__init__(factory, wrappedProtocol)
        self._clock_of_writes = clock
        self._written: list[bytes] = []
        self._length = 0
        self._receiving = False
        self._later: IDelayedCall | None = None

    def write(self, data: bytes) -> None:
        """C{ITransport.write}"""
        if not isinstance(data, bytes):
            raise TypeError("Data must be bytes")
        if not self.connected:
            return
        self._written.append(data)
        self._length += len(data)
        if self._length > MOST:
            self._send_written()
        elif not self._receiving and self._later is None:
            self._later = self._clock_of_writes.callLater(0, self._turn)

    def writeSequence(self, sequence: Iterable[bytes]) -> None:
        """C{ITransport.writeSequence}"""
        self.write(b"".join(sequence))

    def _turn(self) -> None:
        self._later = None
        self._send_written()

    def _send_written(self) -> None:
        """Make a record of what was written, and send it."""
        if self._written:
            written, self._written, self._length = self._written, [], 0
            super().write(b"".join(written) if len(written) > 1 else written[0])

    def receiving(self, now: bool) -> None:
        """Something is handed over that has come; or it was."""
        self._receiving = now
        if not now:
            self._send_written()

    def loseConnection(self) -> None:
        """C{ITransport.loseConnection}"""
        self._send_written()
        super().loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._send_written()
        super().connectionLost(reason)
