"""What lies between sockets in memory: addresses, directions, and faults."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from twisted.internet.abstract import isIPv6Address

if TYPE_CHECKING:
    from tests.memory.sockets import DatagramSocket, StreamSocket

Address = tuple[str, int]

LOOPBACK, LOOPBACK6 = "127.0.0.1", "::1"
WILDCARDS = ("", "0.0.0.0", "::")


def failure_of(number: int) -> OSError:
    """The error that the system raises with that number."""
    return OSError(number, os.strerror(number))


class Flow:
    """
    One direction of a connection.

    @ivar from_client: whether the end that connected sends here
    @ivar amount: bytes that were sent before those at hand
    @ivar stalled: the sender gets nothing more off its hands
    """

    def __init__(
        self, sender: StreamSocket, receiver: StreamSocket, from_client: bool
    ) -> None:
        self._sender = sender
        self._receiver = receiver
        self.from_client = from_client
        self.amount = 0
        self.stalled = False

    @property
    def room(self) -> float:
        """Bytes that the receiver still takes."""
        return 0 if self.stalled else self._receiver.room

    @property
    def receiver(self) -> StreamSocket:
        return self._receiver

    def send(self, data: bytes) -> None:
        """The sender's system takes it: it is on its way."""
        self._receiver.room -= len(data)
        self._sender.network.wire.sent(self, data)
        self.amount += len(data)

    @property
    def server(self) -> Address:
        """The address that was connected to."""
        end = self._receiver if self.from_client else self._sender
        return end.name

    def deliver(self, *pieces: bytes) -> None:
        """The receiver gets it, each piece with one read."""
        for piece in pieces:
            if self._receiver.closed:
                # Nobody is there any more: the system answers with a reset.
                self._sender.arrive(failure_of(errno.ECONNRESET))
            elif piece:
                self._receiver.arrive(piece)

    def finish(self) -> None:
        """The receiver reads the end; the other direction goes on."""
        self._receiver.arrive(b"")

    def reset(self) -> None:
        """Both ends lose the connection."""
        for end in (self._receiver, self._sender):
            end.arrive(failure_of(errno.ECONNRESET))

    def cut(self) -> None:
        """The receiver loses the connection; the sender has done it."""
        self._receiver.arrive(failure_of(errno.ECONNRESET))


class Wire:
    """
    What happens on the way; here nothing.  A test that needs a fault gives its
    reactor's C{network.wire} one with other methods.  What it does not deliver is
    lost; it can keep it for later.
    """

    def sent(self, flow: Flow, data: bytes) -> None:
        """An end of a connection has sent so much at once."""
        flow.deliver(data)

    def finished(self, flow: Flow) -> None:
        """It has sent all that it will."""
        flow.finish()

    def datagram(
        self, network: Network, data: bytes, source: Address, to: Address
    ) -> None:
        """A datagram is on its way."""
        network.deliver(data, source, to)


class Network:
    """
    Who listens where.

    @ivar wire: what all bytes and datagrams go through
    """

    def __init__(self) -> None:
        self.wire = Wire()
        self.listening: dict[Address, StreamSocket] = {}
        self.datagram_sockets: dict[Address, list[DatagramSocket]] = {}
        self._ports = count(49152)

    def free_port(self) -> int:
        """A port that nobody has had."""
        return next(self._ports)

    def listener(self, to: Address) -> StreamSocket | None:
        """Who accepts connections to this address."""
        for address in self._candidates(to):
            if address in self.listening:
                return self.listening[address]
        return None

    def deliver(self, data: bytes, source: Address, to: Address) -> None:
        """Whoever is bound there gets a datagram; if nobody is, its sender hears of it."""
        for address in self._candidates(to):
            # As the system does it, the one that was bound last gets it.
            for each in reversed(self.datagram_sockets.get(address, [])):
                if each.takes_from(source):
                    each.arrive(data, source)
                    return
        for address in self._candidates(source):
            for each in self.datagram_sockets.get(address, []):
                each.refuse(to)

    def _candidates(self, to: Address) -> Iterator[Address]:
        host, port = to[0].removeprefix("::ffff:"), to[1]
        yield host, port
        for wildcard in ("::",) if isIPv6Address(host) else WILDCARDS:
            yield wildcard, port


def join(client: StreamSocket, server: StreamSocket) -> None:
    """Make a connection of two sockets."""
    client.flow = Flow(client, server, True)
    server.flow = Flow(server, client, False)
    client.peer_name, server.peer_name = server.name, client.name
    client.state = server.state = "connected"
