"""A connection: what was accepted, or made, as its protocol knows it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Literal, cast

from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import (
    IConsumer,
    IHalfCloseableDescriptor,
    IHalfCloseableProtocol,
    IProducer,
    IProtocol,
    IPullProducer,
    IPushProducer,
    IReadWriteDescriptor,
    ISystemHandle,
    ITransport,
)
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.transports.backlog import Backlog
from eplua_twisted.transports.closing import close
from eplua_twisted.transports.interfaces import Maker
from eplua_twisted.transports.named import Named
from eplua_twisted.transports.poller import IN, OUT, Poller, Watched, Why
from eplua_twisted.transports.sizes import READ, READS, SMALL


@implementer(
    IConsumer,
    IHalfCloseableDescriptor,
    IPushProducer,
    IReadWriteDescriptor,
    ISystemHandle,
    ITransport,
)
class Connection(Named, Watched):
    """
    It does what Twisted's do, with two differences: L{write} sends at once what the
    system takes, and a producer is paused when the system does not take all.

    From the beginning it is C{connected}; C{disconnecting} from L{loseConnection} until
    all is sent; and C{disconnected} then.  Its writing side, C{open} at first, can end
    before: it is C{ending} from L{loseWriteConnection} until all is sent, and C{ended}.

    @ivar protocol: gone when it is C{disconnected}, as C{socket}
    @ivar most: bytes that are read at once
    @ivar reads: how often, before others have their turn
    """

    __slots__ = (
        "__weakref__",
        "_aborting",
        "_broken",
        "_connector",
        "_direct",
        "_number",
        "_output",
        "_queue",
        "addr",
        "bytes_in",
        "bytes_out",
        "connected",
        "disconnected",
        "disconnecting",
        "producer",
        "producerPaused",
        "protocol",
        "sessionno",
        "socket",
        "streamingProducer",
    )

    log = Logger()
    TLS = False
    most = READ
    reads = READS

    def __init__(
        self,
        sock: socket.socket,
        protocol: IProtocol | None,
        address: object,
        port: object,
        session: int,
        reactor: Poller,
    ) -> None:
        """
        What Twisted's ports make of a client that they have accepted.

        @param address: the peer's, as the system says it
        """
        sock.setblocking(False)
        self.reactor = reactor
        self.watched_for = 0
        self.socket = sock
        self.sessionno = session
        self._number = sock.fileno()
        self.addr = address
        self._connector: Maker | None = None
        self._queue: Backlog | None = None
        # Whether a write goes to the system at once: nothing is before it.
        self._direct = True
        self._broken = self._aborting = False
        self._output: Literal["open", "ending", "ended"] = "open"
        self.connected = 1
        self.disconnected = self.disconnecting = self.bytes_in = self.bytes_out = 0
        reactor.traffic.opened(self)
        self.producer: IProducer | None = None
        self.producerPaused = self.streamingProducer = False
        if protocol is not None:
            self.protocol = protocol
            self.startReading()

    def made_by(self, connector: Maker) -> None:
        """It was made, and not accepted: its connector is told of its end."""
        self._connector = connector

    def fileno(self) -> int:
        return self._number

    def getHandle(self) -> socket.socket:
        """C{ISystemHandle}"""
        return self.socket

    # Reading.

    def doRead(self) -> Why:  # type: ignore[override]
        """C{IReadDescriptor.doRead}"""
        for _ in range(self.reads):
            try:
                data = self.socket.recv(self.most)
            except BlockingIOError:
                return None
            except OSError:
                return CONNECTION_LOST
            if not data:
                # The system tells once that it is broken: a write may have heard it.
                return CONNECTION_LOST if self._broken else CONNECTION_DONE
            self.bytes_in += len(data)
            self.protocol.dataReceived(data)
            if len(data) < self.most or not self.watched_for & IN:
                break
        return None

    def pauseProducing(self) -> None:
        self.stopReading()

    def resumeProducing(self) -> None:
        if self.connected and not self.disconnecting and not self._aborting:
            self.startReading()

    def stopProducing(self) -> None:
        self.loseConnection()

    # Writing.

    def write(self, data: bytes) -> None:
        """C{ITransport.write}.  It never calls the protocol."""
        if not isinstance(data, bytes):
            raise TypeError("Data must be bytes")
        if not self._direct:
            self._enqueue(data)
            return
        late = self.reactor.late
        if late is not None and 0 < len(data) <= SMALL:
            late.append(self)
            queue = self._queue = Backlog((data,))
            queue.held, self._direct = len(data), False
            return
        try:
            sent = self.socket.send(data)
        except OSError as problem:
            # Full, or broken: the queued attempt finds out, outside of this call.
            sent = 0
            if problem.errno not in (errno.EWOULDBLOCK, errno.ENOBUFS):
                self._broken = True
        self.bytes_out += sent
        if self.reactor.alone:
            self.reactor.hold()
        if sent < len(data):
            self._enqueue(memoryview(data)[sent:])

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        try:
            data = b"".join(iovec)
        except TypeError:
            raise TypeError("Data must be bytes") from None
        self.write(data)

    def _open(self) -> None:
        """Whatever kept a write from going to the system at once may be over."""
        self._direct = bool(
            self.connected
            and not self._queue
            and not self.disconnecting
            and self._output == "open"
            and not self._aborting
            and (self.producer is None or self.streamingProducer)
        )

    def _enqueue(self, data: bytes | memoryview) -> None:
        if not self.connected or self._output == "ended" or self._aborting or not data:
            return
        queue = self._queue
        if queue is None:
            queue = self._queue = Backlog()
            queue.held = 0
        queue.append(data)
        if not queue.held:
            self._wait_for_room()
            return
        queue.held += len(data)
        if queue.is_enough and self.flush() is not None:
            # Broken: the next attempt finds out, outside of this call.
            self._broken = True
            self._wait_for_room()

    def _wait_for_room(self) -> None:
        """The system does not take what is in the queue."""
        self._direct = False
        if self.producer is not None and self.streamingProducer:
            self.producerPaused = True
            cast(IPushProducer, self.producer).pauseProducing()
        self.startWriting()

    def flush(self) -> Why:
        """Send what was held back; see L{Poller.late}."""
        queue = self._queue
        if not queue or self._aborting or self.watched_for & OUT:
            return None
        try:
            self.bytes_out += queue.send(self.socket)
        except OSError as problem:
            if problem.errno not in (errno.EWOULDBLOCK, errno.ENOBUFS):
                return CONNECTION_LOST
        if queue:
            self._wait_for_room()
        else:
            # Whatever else may keep a write from going at once waits for room.
            self._queue, self._direct = None, True
        return None

    def doWrite(self) -> Why:  # type: ignore[override]
        """C{IWriteDescriptor.doWrite}"""
        queue = self._queue
        if queue:
            try:
                self.bytes_out += queue.send(self.socket)
            except OSError as problem:
                full = problem.errno in (errno.EWOULDBLOCK, errno.ENOBUFS)
                return None if full else CONNECTION_LOST
            if queue:
                return None
        self._queue = None
        if self.watched_for & OUT:
            self.stopWriting()
        self._open()
        if self.producer is not None and (
            self.producerPaused or not self.streamingProducer
        ):
            self.producerPaused = False
            cast(IPullProducer, self.producer).resumeProducing()
        elif self.disconnecting:
            return CONNECTION_DONE
        elif self._output == "ending":
            self._end_writing()
        return None

    def outgoing(self) -> int:
        """Bytes that were written and the system has not taken."""
        return 0 if self._queue is None else self._queue.amount

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """C{IConsumer.registerProducer}"""
        if self.producer is not None:
            raise RuntimeError(
                f"Cannot register producer {producer}, because producer"
                f" {self.producer} was never unregistered."
            )
        if self.disconnected:
            producer.stopProducing()
            return
        self.producer = producer
        self.streamingProducer = streaming
        self._open()
        if not streaming:
            cast(IPullProducer, producer).resumeProducing()
            if self.producer is producer:
                # What was written before would have it asked again, had it been queued.
                self.startWriting()

    def unregisterProducer(self) -> None:
        """C{IConsumer.unregisterProducer}"""
        self.producer = None
        self._open()
        if self.connected and self.disconnecting:
            self.startWriting()

    def stopConsuming(self) -> None:
        """The producer ends the connection."""
        self.unregisterProducer()
        self.loseConnection()

    # The end.

    def loseConnection(self) -> None:
        """C{ITransport.loseConnection}"""
        if not self.connected or self.disconnecting or self._aborting:
            return
        self._direct = False
        self.stopReading()
        if self._output == "ended":
            self.stopWriting()
            self.connectionLost(Failure(CONNECTION_DONE))
        else:
            self.startWriting()
            self.disconnecting = 1

    def loseWriteConnection(self) -> None:
        """C{ITCPTransport.loseWriteConnection}"""
        if self.connected and self._output == "open" and not self._aborting:
            self._output = "ending"
            self._direct = False
            self.startWriting()

    def _end_writing(self) -> None:
        self._output = "ended"
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        self._tell_half("writeConnectionLost", None)

    def readConnectionLost(self, reason: Failure) -> None:
        """C{IHalfCloseableDescriptor.readConnectionLost}"""
        self._tell_half("readConnectionLost", reason)

    def writeConnectionLost(self, reason: Failure) -> None:
        """C{IHalfCloseableDescriptor.writeConnectionLost}"""
        self.connectionLost(reason)

    def _tell_half(
        self,
        which: Literal["readConnectionLost", "writeConnectionLost"],
        reason: Failure | None,
    ) -> None:
        """@param reason: ends the connection if its protocol knows no halves"""
        protocol: object = IHalfCloseableProtocol(self.protocol, None)
        if protocol is None:
            if reason is not None:
                self.connectionLost(reason)
            return
        try:
            getattr(protocol, which)()
        except BaseException:  # noqa: BLE001 - as Twisted's transports do
            failure = Failure()
            self.log.failure("Unhandled error in a protocol", failure)
            self.connectionLost(failure)

    def abortConnection(self) -> None:
        """C{ITCPTransport.abortConnection}"""
        if self.disconnected or self._aborting:
            return
        self._aborting = True
        self._direct = False
        self.reactor.watch(self, 0)
        reason = Failure(ConnectionAborted())
        self.reactor.callLater(0, partial(self.connectionLost, reason))

    def connectionLost(self, reason: Failure) -> None:
        """It is over; called more than once when somebody closes it from within."""
        if self.disconnected:
            return
        self.disconnected, self.connected, self._direct = 1, 0, False
        self._queue = None
        self.reactor.traffic.closed(self)
        producer, self.producer = self.producer, None
        try:
            if producer is not None:
                producer.stopProducing()
        finally:
            self.reactor.watch(self, 0)
            close(self.socket, orderly=not reason.check(ConnectionAborted))
            protocol = self.protocol
            del self.protocol, self.socket
            try:
                protocol.connectionLost(reason)
            finally:
                connector, self._connector = self._connector, None
                if connector is not None:
                    connector.connectionLost(reason)
