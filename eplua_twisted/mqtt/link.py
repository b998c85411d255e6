"""
What carries MQTT's bytes: TCP and TLS here, WebSockets in L{mqtt_websocket}; and
the L{Link} between that and paho, which takes it for a socket.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.python.failure import Failure

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.endpoints import set_stream_options
from eplua_twisted.streams.write_buffer import WriteBuffer

MAX_UNSENT = 16 * 1024 * 1024
"""Bytes that may wait for a slow broker before C{publish} is refused."""

BATCH = 64
"""Packets that paho may read before the script is told of them."""

CONNACK = 0x20
PUBLISH = 0x30
PUBREL = 0x62
SUBSCRIBE = 0x82
UNSUBSCRIBE = 0xA2


class Carrier(Protocol):
    """
    One connection to a broker; it tells its L{Link} that it is C{carried_by} it and
    C{opened}, what it has C{received}, and that it is C{lost}.
    """

    @property
    def amount(self) -> int:
        """Bytes that the system has not taken yet."""

    def send(self, data: bytes) -> None:
        """Send, or keep until it can be sent."""

    def finish(self) -> None:
        """Close when all is sent."""

    def abort(self) -> None:
        """Close now."""

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Read again."""


class Stream(StreamProtocol):
    """A L{Carrier} over TCP or TLS."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._out: WriteBuffer | None = None

    def connectionMade(self) -> None:
        transport: Any = self.transport
        set_stream_options(transport, True, False)
        self._out = WriteBuffer(transport)
        self._link.carried_by(self)
        self._link.opened()

    def dataReceived(self, data: bytes) -> None:
        self._link.received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._link.lost(reason)

    @property
    def amount(self) -> int:
        return 0 if self._out is None else self._out.amount

    def send(self, data: bytes) -> None:
        assert self._out is not None
        self._out.write(data)

    def finish(self) -> None:
        transport: Any = self.transport
        assert self._out is not None
        self._out.when_empty(transport.loseConnection)

    def abort(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.abortConnection()

    def pause(self) -> None:
        transport: Any = self.transport
        transport.pauseProducing()

    def resume(self) -> None:
        transport: Any = self.transport
        transport.resumeProducing()


class StreamFactory(Factory):
    """Makes the one L{Stream} of a link."""

    noisy = False

    def __init__(self, link: Link) -> None:
        self._link = link

    def buildProtocol(self, addr: IAddress | None) -> Stream:
        return Stream(self._link)


def varint(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """
    A remaining length (MQTT 3.1.1, 2.2.3).

    @return: it, and where it ends; C{None} when it is not all there
    @raise OperationError: C{protocol}: it has more than four bytes
    """
    value = shift = 0
    for index in range(at, min(at + 4, len(data))):
        byte = data[index]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, index + 1
        shift += 7
    if len(data) - at < 4:
        return None
    raise OperationError("protocol", "the broker sent a packet of no known length")


class Link:
    """
    One connection, or the wish for one, as paho sees it: a socket that never
    blocks (paho's C{SocketLike}).

    What paho sends before there is a connection, and before the broker has
    accepted it, is held back.  What comes from the broker is handed on in whole
    packets, so that between them paho is at rest and events can be told.

    @ivar held: packets that wait for the broker's acceptance
    @ivar before: packets that have to go before what paho sends again
    @ivar accepted: the broker has accepted the connection
    @ivar closed: paho has closed its socket
    @ivar over: what the connection ended with, when it has
    """

    def __init__(
        self, limit: int, arrived: Callable[[], None], ended: Callable[[Link], None]
    ) -> None:
        self._limit = limit
        self._arrived = arrived
        self._ended = ended
        self._connect = b""
        self._out: list[bytes] = []
        self._buffer = bytearray()
        self._position = self._end = 0
        self._carrier: Carrier | None = None
        self._attempt: Deferred[Any] | None = None
        self._pressed = False
        self._asked: dict[int, bytes] = {}
        self.held: list[bytes] = []
        self.before: list[bytes] = []
        self.accepted = False
        self.closed = False
        self.over: Failure | None = None

    # What paho calls.

    def recv(self, size: int) -> bytes:
        start, end = self._position, self._position + size
        if end > self._end:
            end = self._end
            if start == end:
                raise BlockingIOError
        self._position = end
        return bytes(self._buffer[start:end])

    def send(self, data: bytes | bytearray) -> int:
        """Paho sends whole packets, as all are taken whole."""
        packet = bytes(data)
        kind = packet[0]
        if kind in (SUBSCRIBE, UNSUBSCRIBE):
            self._asked[request_id(packet)] = packet
        if self.accepted:
            self._out.append(packet)
        elif self._connect:
            self.held.append(packet)
        else:
            self._connect = packet
        return len(packet)

    def close(self) -> None:
        self.closed = True

    def fileno(self) -> int:
        return -1

    def setblocking(self, flag: bool) -> None:
        """It never blocks."""

    def pending(self) -> int:
        return self._end - self._position

    # What the session calls.

    def attempt(self, attempt: Deferred[Any]) -> None:
        """@param attempt: fires when it has led to L{opened}"""
        self._attempt = attempt
        attempt.addCallbacks(self._connected, self.lost)

    def _connected(self, protocol: object) -> None:
        self._attempt = None

    def accept(self) -> None:
        """The broker takes packets from now on."""
        self.accepted = True
        self._out += self.before
        self.before = []

    def release(self) -> None:
        """What was held back goes after what paho has sent again."""
        self._out += self.held
        self.held = []

    def flush(self) -> None:
        """Let what was sent go, all at once."""
        if self._out and self._carrier is not None and self.over is None:
            data = b"".join(self._out) if len(self._out) > 1 else self._out[0]
            self._out.clear()
            self._carrier.send(data)

    def answered(self, packet_id: int) -> None:
        """A SUBSCRIBE or UNSUBSCRIBE has its answer."""
        self._asked.pop(packet_id, None)

    def inherit(self, link: Link) -> None:
        """
        Take over what an earlier link leaves: requests without an answer, and
        QoS 0 messages that were never sent.  Others paho sends again itself.
        """
        self._asked = dict(link._asked)
        self.before = list(link._asked.values())
        self.held = [each for each in link.held if each[0] & 0xF6 == PUBLISH]

    @property
    def amount(self) -> int:
        """Bytes that the system has not taken yet."""
        return 0 if self._carrier is None else self._carrier.amount

    def next_packets(self) -> int | None:
        """
        Let paho read on: one packet, or as many as are here up to one that has to
        be looked at (the first of all, and PUBREL).

        @return: the first byte of the first one; C{None} when it is not all there
        @raise OperationError: C{protocol}: it is not MQTT or too large
        """
        start = self._end
        end = self._packet_end(start)
        if end is None:
            self._consumed(start)
            return None
        first = self._buffer[start]
        self._position = start
        if self.accepted and first != PUBREL:
            for _ in range(BATCH):
                self._end = end
                try:
                    end = self._packet_end(end)
                except OperationError:
                    # Raised when it is the first one: those before are good.
                    break
                if end is None or self._buffer[self._end] == PUBREL:
                    break
        else:
            self._end = end
        return first

    def _packet_end(self, start: int) -> int | None:
        buffer = self._buffer
        if len(buffer) < start + 2:
            return None
        length = buffer[start + 1]
        end = start + 2 + length
        if length > 127:
            measured = varint(buffer, start + 1)
            if measured is None:
                return None
            length, end = measured[0], sum(measured)
            if length > self._limit:
                raise OperationError(
                    "limit",
                    f"the broker sent a packet of {length} bytes"
                    " (option maxMessageSize)",
                )
        return end if end <= len(buffer) else None

    def _consumed(self, count: int) -> None:
        if count:
            del self._buffer[:count]
            self._position = self._end = 0

    def peek(self) -> bytes:
        """The packet that paho is to read."""
        return bytes(self._buffer[self._position : self._end])

    def pause(self) -> None:
        self._pressed = True
        if self._carrier is not None and self.over is None:
            self._carrier.pause()

    def resume(self) -> None:
        self._pressed = False
        if self._carrier is not None and self.over is None:
            self._carrier.resume()

    def finish(self) -> None:
        """Close when all is sent."""
        self.flush()
        if self._carrier is not None and self.over is None:
            self._carrier.finish()

    def abort(self) -> None:
        """Close now, or give the attempt up."""
        if self._attempt is not None:
            self._attempt.cancel()
        elif self._carrier is not None and self.over is None:
            self._carrier.abort()

    # What the carrier calls.

    def carried_by(self, carrier: Carrier) -> None:
        """There is a connection, which may have to shake hands first."""
        self._carrier = carrier

    def opened(self) -> None:
        """The connection can be used."""
        assert self._carrier is not None
        if self._pressed:
            self._carrier.pause()
        self._carrier.send(self._connect)

    def received(self, data: bytes) -> None:
        self._buffer += data
        self._arrived()

    def lost(self, failure: Failure) -> None:
        self._attempt = None
        if self.over is None:
            self.over = failure
            self._ended(self)


def request_id(packet: bytes) -> int:
    """The packet id of a SUBSCRIBE or UNSUBSCRIBE."""
    measured = varint(packet, 1)
    assert measured is not None
    at = measured[1]
    return int.from_bytes(packet[at : at + 2], "big")
