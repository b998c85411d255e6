"""The socket that paho is given."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.python.failure import Failure

from eplua_twisted.mqtt.packets import BATCH, PacketBuffer
from eplua_twisted.mqtt.stream import ByteTransport


class PahoSocket:
    """
    One connection to a broker, or an attempt at one, as L{LeanClient
    <eplua_twisted.mqtt.lean_paho.LeanClient>} sees it: a socket that never blocks.

    What comes from the broker is handed on in whole packets, so that between them
    paho is at rest and the script can be told.  Until there is a connection, CONNECT
    is all that paho sends; it is kept.

    @ivar packet: gives paho the next packet; see L{PacketBuffer.packet}
    @ivar accepted: the broker has accepted the connection
    @ivar closed: paho has closed its socket
    @ivar over: what the connection ended with, when it has
    """

    def __init__(
        self,
        limit: int,
        version: int,
        arrived: Callable[[], None],
        ended: Callable[[PahoSocket], None],
    ) -> None:
        """
        @param limit: bytes of the largest packet
        @param version: of the protocol: 4 or 5
        @param arrived: there may be packets to select
        @param ended: there is no connection any more, or there never was
        """
        self._in = PacketBuffer(limit, version)
        self.packet = self._in.packet
        self._arrived = arrived
        self._ended = ended
        self._out: list[bytes] = []
        self._transport: ByteTransport | None = None
        self._usable = False
        self._attempt: Deferred[IProtocol] | None = None
        self._paused = False
        self.accepted = False
        self.closed = False
        self.over: Failure | None = None

    # What paho calls.

    def send(self, data: bytes | bytearray) -> int:
        """Paho sends whole packets, as all are taken whole."""
        self._out.append(bytes(data))
        return len(data)

    def recv(self, size: int) -> bytes:
        """Of paho's C{SocketLike}: never called, as packets are given whole."""
        raise BlockingIOError

    def close(self) -> None:
        self.closed = True

    def fileno(self) -> int:
        return -1

    def setblocking(self, flag: bool) -> None:
        """It never blocks."""

    def pending(self) -> int:
        return self._in.readable

    # What the session calls.

    def attempt(self, attempt: Deferred[IProtocol]) -> None:
        """@param attempt: fires when it has led to L{opened}"""
        self._attempt = attempt
        attempt.addCallbacks(self._attempted, self.lost)

    def _attempted(self, protocol: object) -> None:
        self._attempt = None

    def flush(self) -> None:
        """Let what paho has sent go, all at once."""
        if self._out and self._usable and self._transport is not None:
            data = b"".join(self._out) if len(self._out) > 1 else self._out[0]
            self._out.clear()
            self._transport.send(data)

    @property
    def amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return 0 if self._transport is None else self._transport.amount

    def select(self) -> int | None:
        """
        Let paho read on: the broker's first packet by itself, later some together.

        @return: the first byte of the first one; C{None} when it is not all there
        @raise OperationError: C{protocol}, C{limit}: see L{PacketBuffer.select}
        """
        return self._in.select(BATCH if self.accepted else 1)

    def peek(self) -> bytes:
        """The packets that paho is to read."""
        return self._in.peek()

    def pause(self) -> None:
        self._paused = True
        if self._transport is not None and self.over is None:
            self._transport.pause()

    def resume(self) -> None:
        self._paused = False
        if self._transport is not None and self.over is None:
            self._transport.resume()

    def finish(self) -> None:
        """Close when all is sent."""
        self.flush()
        if self._transport is not None and self.over is None:
            self._transport.finish()

    def abort(self) -> None:
        """Close now, or give the attempt up."""
        if self._attempt is not None:
            self._attempt.cancel()
        elif self._transport is not None and self.over is None:
            self._transport.abort()

    # What the transport calls: see L{Receiver<eplua_twisted.mqtt.stream.Receiver>}.

    def connected(self, transport: ByteTransport) -> None:
        self._transport = transport

    def opened(self) -> None:
        assert self._transport is not None
        if self._paused:
            self._transport.pause()
        self._usable = True
        self.flush()

    def received(self, data: bytes) -> None:
        self._in.feed(data)
        self._arrived()

    def lost(self, failure: Failure) -> None:
        self._attempt = None
        self._usable = False
        if self.over is None:
            self.over = failure
            self._ended(self)
