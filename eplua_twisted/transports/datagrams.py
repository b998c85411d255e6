"""UDP ports: Twisted's, which read in batches."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.protocol import AbstractDatagramProtocol
from twisted.internet.udp import MulticastPort
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.traffic import Counter
from eplua_twisted.transports.poller import Watched
from eplua_twisted.transports.sockets import IPAddress

MAX_READ = 65536
"""Bytes of the longest datagram that there can be, and one more."""

BATCH = 4
"""
Datagrams that are handed over together, at most.  Larger batches would delay the answers
to the first of them, for which the peer waits.
"""

BATCHES, BYTES = 16, 256 * 1024
"""How many batches, and about how many bytes, are read before others have their turn."""

Datagrams = list[tuple[bytes, IPAddress]]
"""Each with the address that it came from."""


class DatagramReceiver(Protocol):
    """What is told of the datagrams of a port.  It never raises."""

    def datagrams_received(self, datagrams: Datagrams) -> None: ...

    def connection_refused(self) -> None:
        """The peer's host says that nobody is to be reached there; the port goes on."""


class ToProtocol:
    """A receiver that tells a protocol of Twisted's."""

    log = Logger()

    def __init__(self, port: DatagramPort) -> None:
        self._port = port

    def datagrams_received(self, datagrams: Datagrams) -> None:
        """C{DatagramProtocol.datagramReceived} of each."""
        port = self._port
        for data, address in datagrams:
            if not port.reads:
                return
            try:
                port.protocol.datagramReceived(data, address[:2])
            except BaseException:  # noqa: BLE001 - as Twisted's ports do
                self.log.failure("Unhandled error in a protocol")

    def connection_refused(self) -> None:
        """C{DatagramProtocol.connectionRefused}, where the port has a peer."""
        if self._port.connected_to is not None:
            self._port.protocol.connectionRefused()


class DatagramPort(MulticastPort):
    """
    A UDP port under any reactor.  What it reads goes to a L{DatagramReceiver}.

    @ivar reads: it reads: it is neither paused nor closed
    @ivar receiver: its protocol, unless it is given another one
    @ivar counter: counts the bytes that come
    """

    reads = False

    def __init__(
        self,
        port: int,
        protocol: AbstractDatagramProtocol,
        interface: str = "",
        max_size: int = 8192,
        reactor: object = None,
        listen_multiple: bool = False,
    ) -> None:
        """
        @param interface: the address to bind to
        @param max_size: bytes of a datagram that are read
        """
        MulticastPort.__init__(
            self,
            port,
            protocol,
            interface,
            max_size,
            reactor,  # type: ignore[arg-type]
            listen_multiple,
        )
        self.receiver: DatagramReceiver = ToProtocol(self)
        self.counter = Counter()

    @property
    def connected_to(self) -> object:
        """The peer's address, which C{connect} has fixed; or nothing."""
        return self._connectedAddr

    def startReading(self) -> None:
        self.reads = True
        MulticastPort.startReading(self)

    def stopReading(self) -> None:
        self.reads = False
        MulticastPort.stopReading(self)

    def doRead(self) -> None:
        """
        C{IReadDescriptor.doRead}: datagrams that are here already are handed over
        together.  When that is done there may be more, as who gets an answer at once
        may send the next one at once: to look costs less than the way through the reactor.
        """
        receive, size, left = self.socket.recvfrom, self.maxPacketSize, BYTES
        together = BATCH
        for _ in range(BATCHES):
            batch: Datagrams = []
            unreachable, before = False, left
            try:
                while len(batch) < together and left > 0:
                    datagram = receive(size)
                    batch.append(datagram)
                    left -= len(datagram[0])
                together = min(2 * together, BATCH)
            except BlockingIOError:
                if not batch:
                    return
                # The next one may come alone, too.
                together = len(batch)
            except OSError:
                # An ICMP message has left it on a socket with a peer.
                unreachable = True
            self.counter.bytes_in += before - left
            if batch:
                self.receiver.datagrams_received(batch)
            if unreachable and self.reads:
                self.receiver.connection_refused()
            if left <= 0 or not self.reads:
                return

    def connectionLost(self, reason: Failure | None = None) -> None:
        """
        Twisted's reactors take the error that an ICMP message leaves on a socket for its
        end.  It is none: the port goes on.
        """
        if reason is None:
            MulticastPort.connectionLost(self)
            return
        self.startReading()
        self.doRead()


class PolledPort(Watched, DatagramPort):  # type: ignore[misc]
    """The same, watched by a L{Poller<eplua_twisted.transports.poller.Poller>}."""

    watched_for = 0

    def startReading(self) -> None:
        self.reads = True
        Watched.startReading(self)

    def stopReading(self) -> None:
        self.reads = False
        Watched.stopReading(self)

    def hung_up(self) -> None:
        """An error waits: it is read as a datagram is."""
        self.doRead()

    def connectionLost(self, reason: Failure | None = None) -> None:
        """It was closed, or the reactor ends."""
        MulticastPort.connectionLost(self)
