"""The far end of a connection, or a UDP port, that the test plays."""

from __future__ import annotations

import math
import socket
import struct
from typing import TYPE_CHECKING, Literal

from tests.memory.network import Address
from tests.memory.sockets import DatagramSocket, StreamSocket

if TYPE_CHECKING:
    from tests.memory.reactor import MemoryReactor


class RemotePeer:
    """
    The far end of a connection, which the test plays.  It takes all that is sent to
    it, until L{stall}.
    """

    def __init__(
        self, reactor: MemoryReactor, own: StreamSocket, other: StreamSocket
    ) -> None:
        self._reactor = reactor
        self._own = own
        self._other = other
        own.room = math.inf

    # What it does.

    def send(self, *chunks: bytes) -> None:
        """Each chunk is read by itself, now, or when reading goes on."""
        for chunk in chunks:
            assert self._own.flow is not None and self._own.ending is None
            self._own.flow.deliver(chunk)
            self._notice()

    def push(self, data: bytes) -> None:
        """
        The other end gets it although it does not want to read just now.  So it is
        when pressure comes between two records of TLS that were read together.
        """
        assert self._own.flow is not None
        self._own.flow.deliver(data)
        self._other.owner.doRead()

    def ask(self, *chunks: bytes) -> bytes:
        """L{send}, and give what is answered at once."""
        self.send(*chunks)
        return self.received()

    def shutdown(self) -> None:
        """Send the end; what the other end sends still arrives."""
        self._own.shutdown(socket.SHUT_WR)
        self._notice()

    def close(self, noticed: bool = True) -> None:
        """
        Send the end; what the other end sends from now on is answered by a reset.

        @param noticed: the reactor sees it at once, and not only at its next turn
        """
        self.received()
        self._own.close()
        if noticed:
            self._notice()

    def reset(self) -> None:
        """Break the connection."""
        self._own.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self._own.close()
        self._notice()

    def stall(self, room: float = 0) -> None:
        """Take only so many bytes more."""
        self._own.room = room

    def take(self, amount: float = math.inf) -> None:
        """Take so many bytes more, on the next turn."""
        self._own.room += amount

    def _notice(self) -> None:
        """The other end sees what is there for it, as far as it reads."""
        while self._other.readable:
            descriptor = self._reactor.reader_of(self._other)
            if descriptor is None:
                return
            unread = self._other.unread
            self._reactor.read(descriptor)
            if self._other.unread == unread:
                # One that was aborted reads nothing, and goes on the next turn.
                return

    # What it sees.

    def received(self) -> bytes:
        """What has come since this was asked last."""
        return b"".join(self.pieces())

    def pieces(self) -> list[bytes]:
        """L{received}, as it was sent."""
        room = self._own.room
        pieces = self._own.read_all()
        # What has come was taken already.
        self._own.room = room
        return pieces

    @property
    def ending(self) -> Literal["half", "closed", "reset"] | None:
        """How the other end has ended: its writing only, in good order, or not."""
        return self._other.ending

    @property
    def silent(self) -> bool:
        """Whether this end has ended its side."""
        return self._own.ending is not None or self._own.closed

    @property
    def gone(self) -> bool:
        """Whether the other end has closed."""
        return self._other.closed

    @property
    def paused(self) -> bool:
        """Whether the other end does not want to read just now."""
        return self._reactor.reader_of(self._other) is None

    @property
    def name(self) -> Address:
        """Its address and port."""
        return self._own.name

    @property
    def peer_name(self) -> Address:
        """The other end's address and port."""
        return self._other.name

    @property
    def no_delay(self) -> bool:
        """Whether the other end has set C{TCP_NODELAY}."""
        return self._other.option(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    @property
    def keep_alive(self) -> bool:
        """Whether the other end has set C{SO_KEEPALIVE}."""
        return self._other.option(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


class RemotePort:
    """A UDP port that the test plays."""

    def __init__(self, reactor: MemoryReactor, host: str, port: int) -> None:
        self._reactor = reactor
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._own = DatagramSocket(reactor.network, family)
        self._own.bind((host, port))

    @property
    def name(self) -> Address:
        """Its address and port."""
        return self._own.name

    def send(self, data: bytes, to: Address) -> None:
        """It is on its way; the receiver reads it on the next turn."""
        self._own.sendto(data, to)

    def received(self) -> list[tuple[bytes, Address]]:
        """The datagrams that have come since this was asked last, with their sources."""
        found = []
        while self._own.readable:
            data, source = self._own.recvfrom(1 << 16)
            found.append((data, (source[0], source[1])))
        return found

    def close(self) -> None:
        self._own.close()
