"""Sockets in memory, as far as Twisted's transports ask for them."""

from __future__ import annotations

import errno
import math
import socket
import struct
from collections import deque
from itertools import count
from typing import Any, Literal

from tests.memory.network import (
    LOOPBACK,
    LOOPBACK6,
    WILDCARDS,
    Address,
    Flow,
    Network,
    failure_of,
    join,
)

RECEIVE_BUFFER = 64 * 1024
"""Bytes that a socket takes before they are read."""

_numbers = count(1_000_000)
# More than any real descriptor has.


class _Socket:
    """
    @ivar name: its own address and port
    @ivar options: what was set, by level and name
    """

    def __init__(self, network: Network, family: int) -> None:
        self.network = network
        self.family = family
        self.name: Address = ("", 0)
        self.options: dict[tuple[int, int], Any] = {}
        self.closed = False
        self._number = next(_numbers)

    def fileno(self) -> int:
        return self._number

    def setblocking(self, blocking: bool) -> None:
        assert not blocking

    def setsockopt(self, level: int, name: int, value: Any) -> None:
        self.options[level, name] = value

    def getsockopt(self, level: int, name: int) -> Any:
        return self.options.get((level, name), 0)

    def option(self, level: int, name: int) -> bool:
        return bool(self.options.get((level, name)))

    def full_name(self, name: Address) -> tuple[Any, ...]:
        """An address in the form that its family has."""
        host, port = name
        if self.family != socket.AF_INET6:
            return host, port
        return host if ":" in host else "::ffff:" + host, port, 0, 0

    def getsockname(self) -> tuple[Any, ...]:
        return self.full_name(self.name)

    def name_towards(self, host: str) -> Address:
        """What a peer at that address sees of it."""
        own, port = self.name
        if own in WILDCARDS:
            six = ":" in host and not host.startswith("::ffff:")
            own = LOOPBACK6 if six else LOOPBACK
        return own, port or self.network.free_port()


class StreamSocket(_Socket):
    """
    One end of a connection, or what listens for some.

    C{new}, then C{connecting} or C{listening}, then C{connected}.

    @ivar room: bytes that it still takes from its peer
    @ivar owner: the transport that it belongs to
    @ivar ending: how it has ended its side
    @ivar problem: the errno that an attempt to connect ended with
    """

    def __init__(self, network: Network, family: int = socket.AF_INET) -> None:
        super().__init__(network, family)
        self.state: Literal["new", "connecting", "listening", "connected"] = "new"
        self.peer_name: Address = ("", 0)
        self.flow: Flow | None = None
        self.owner: Any = None
        self.room: float = RECEIVE_BUFFER
        self.ending: Literal["half", "closed", "reset"] | None = None
        self.problem = 0
        self._arrived: deque[bytes | OSError] = deque()
        self._backlog: deque[StreamSocket] = deque()

    # What a reactor asks.

    @property
    def readable(self) -> bool:
        return bool(self._arrived or self._backlog or self._broken)

    @property
    def unread(self) -> int:
        """Bytes, an end or an error, and clients that were not taken yet."""
        whole = [len(each) if isinstance(each, bytes) else 1 for each in self._arrived]
        return len(whole) + sum(whole) + len(self._backlog)

    @property
    def writable(self) -> bool:
        if self.state == "connecting":
            return bool(self.problem)
        return self.state == "connected" and bool(self._peer_room or self._broken)

    @property
    def _broken(self) -> OSError | None:
        last = self._arrived[-1] if self._arrived else None
        return last if isinstance(last, OSError) else None

    @property
    def _peer_room(self) -> float:
        return self.flow.room if self.flow is not None else 0

    # Listening.

    def bind(self, name: tuple[Any, ...]) -> None:
        self.name = name[0], name[1] or self.network.free_port()
        if self.name in self.network.listening and not self.option(
            socket.SOL_SOCKET, socket.SO_REUSEPORT
        ):
            raise failure_of(errno.EADDRINUSE)

    def listen(self, backlog: int) -> None:
        self.state = "listening"
        self.network.listening[self.name] = self

    def call(self, client: StreamSocket) -> None:
        """A client connects; it is accepted later."""
        server = StreamSocket(self.network, self.family)
        server.name = client.peer_name
        join(client, server)
        self._backlog.append(server)

    def accept(self) -> tuple[StreamSocket, tuple[Any, ...]]:
        if not self._backlog:
            raise failure_of(errno.EWOULDBLOCK)
        client = self._backlog.popleft()
        return client, client.getpeername()

    # Connecting.

    def connect_ex(self, name: tuple[Any, ...]) -> int:
        if self.state == "connected":
            return errno.EISCONN
        if self.state == "new":
            self.name = self.name_towards(name[0])
            self.peer_name = name[0], name[1]
            self.state = "connecting"
            listener = self.network.listener(self.peer_name)
            if listener is not None:
                listener.call(self)
        return errno.EINPROGRESS

    def getsockopt(self, level: int, name: int) -> Any:
        if (level, name) == (socket.SOL_SOCKET, socket.SO_ERROR):
            return self.problem
        return super().getsockopt(level, name)

    def getpeername(self) -> tuple[Any, ...]:
        return self.full_name(self.peer_name)

    # Bytes.

    def arrive(self, what: bytes | OSError) -> None:
        """Bytes, with C{b""} the end, or with an error the loss of the connection."""
        if self._broken is None and not self.closed:
            self._arrived.append(what)

    def recv(self, size: int) -> bytes:
        if not self._arrived:
            raise failure_of(errno.EWOULDBLOCK)
        first = self._arrived[0]
        if isinstance(first, OSError):
            raise first
        if len(first) > size:
            self._arrived[0] = first[size:]
            first = first[:size]
        elif first:
            self._arrived.popleft()
        self.room += len(first)
        return first

    def read_all(self) -> list[bytes]:
        """All bytes that are here, as they were sent."""
        pieces = []
        while self._arrived and isinstance(self._arrived[0], bytes):
            piece = self.recv(1 << 30)
            if not piece:
                break
            pieces.append(piece)
        return pieces

    @property
    def peer(self) -> StreamSocket | None:
        """The other end."""
        return self.flow.receiver if self.flow is not None else None

    def send(self, data: bytes | memoryview) -> int:
        if self._broken is not None:
            raise failure_of(errno.EPIPE)
        flow = self.flow
        if flow is None or self.ending is not None:
            raise failure_of(errno.EPIPE)
        piece = bytes(data[: int(min(len(data), self._peer_room))])
        if data and not piece:
            raise failure_of(errno.EWOULDBLOCK)
        if piece:
            flow.send(piece)
        return len(piece)

    def sendmsg(self, pieces: list[bytes | memoryview]) -> int:
        return self.send(b"".join(pieces))

    def shutdown(self, how: int) -> None:
        if how != socket.SHUT_RD and self.ending is None and self.flow is not None:
            self.ending = "half"
            self.network.wire.finished(self.flow)

    def close(self) -> None:
        linger = self.options.get((socket.SOL_SOCKET, socket.SO_LINGER))
        if self.state == "listening":
            self.network.listening.pop(self.name, None)
        elif self.flow is not None and not self.closed:
            unread = any(isinstance(each, bytes) and each for each in self._arrived)
            if unread or linger == struct.pack("ii", 1, 0):
                self.ending = "reset"
                self.flow.cut()
            else:
                self.shutdown(socket.SHUT_WR)
                self.ending = "closed"
        self.closed = True
        # What still comes is taken, and answered by a reset.
        self.room = math.inf


class DatagramSocket(_Socket):
    """A UDP socket in memory.  The addresses it has sent to need not exist."""

    def __init__(self, network: Network, family: int = socket.AF_INET) -> None:
        super().__init__(network, family)
        self.peer: Address | None = None
        self.writable = True
        self._arrived: deque[tuple[bytes, Address]] = deque()
        self._refused = False

    @property
    def readable(self) -> bool:
        return bool(self._arrived or self._refused)

    def bind(self, name: tuple[Any, ...]) -> None:
        self.name = name[0], name[1] or self.network.free_port()
        bound = self.network.datagram_sockets.setdefault(self.name, [])
        if bound and not (
            self.option(socket.SOL_SOCKET, socket.SO_REUSEADDR)
            or self.option(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        ):
            raise failure_of(errno.EADDRINUSE)
        bound.append(self)

    def connect(self, name: tuple[Any, ...]) -> None:
        self.peer = name[0], name[1]

    def takes_from(self, source: Address) -> bool:
        return self.peer is None or self.peer == source

    def arrive(self, data: bytes, source: Address) -> None:
        self._arrived.append((data, source))

    def recvfrom(self, size: int) -> tuple[bytes, tuple[Any, ...]]:
        if self._refused:
            self._refused = False
            raise failure_of(errno.ECONNREFUSED)
        if not self._arrived:
            raise failure_of(errno.EWOULDBLOCK)
        data, source = self._arrived.popleft()
        return data[:size], self.full_name(source)

    def sendto(self, data: bytes, to: tuple[Any, ...]) -> int:
        source = self.name_towards(to[0])
        self.network.wire.datagram(self.network, data, source, (to[0], to[1]))
        return len(data)

    def send(self, data: bytes) -> int:
        if self._refused:
            self._refused = False
            raise failure_of(errno.ECONNREFUSED)
        if self.peer is None:
            raise failure_of(errno.EDESTADDRREQ)
        return self.sendto(data, self.peer)

    def refuse(self, to: Address) -> None:
        """A host says that nobody is there, which only a connected socket hears."""
        self._refused = self._refused or self.peer == to

    def close(self) -> None:
        bound = self.network.datagram_sockets.get(self.name, [])
        if self in bound:
            bound.remove(self)
        self.closed = True
