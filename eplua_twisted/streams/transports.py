"""
TCP transports that send at once.

Twisted's C{write} only queues: the bytes go out when the reactor has seen that
the socket is writable, which costs two C{epoll_ctl} and a turn of the reactor
for each answer.  These try C{send} first and queue only what is left.  All else
is Twisted's; in particular a C{write} still never calls back into the protocol,
so a connection that turns out to be broken is reported on the next turn.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol, TypeVar, cast

from twisted.internet import main, tcp
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IProtocolFactory, IPushProducer
from twisted.internet.posixbase import PosixReactorBase
from twisted.internet.protocol import ClientFactory
from zope.interface import directlyProvides, providedBy

from eplua_twisted.border.clock import SteadyReactor

R = TypeVar("R")


class StreamTransport(Protocol):
    """What our protocols ask of the transport of a connection, with TLS or without."""

    def write(self, data: bytes) -> None: ...

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...

    def loseConnection(self) -> None: ...

    def loseWriteConnection(self) -> None: ...

    def abortConnection(self) -> None: ...

    def getHost(self) -> IAddress: ...

    def getPeer(self) -> IAddress: ...


class EagerWrites(tcp.Connection):
    """Mixed into C{tcp.Server} and C{tcp.Client}."""

    # A message of 64 KiB and what TLS adds to it are read at once.
    bufferSize = 2**17
    _corked: list[bytes] | None = None

    def cork(self) -> None:
        """Keep what is written until L{uncork}: it leaves in one piece."""
        self._corked = []

    def uncork(self) -> None:
        """Send what was kept."""
        kept, self._corked = self._corked, None
        if kept:
            self.write(b"".join(kept))

    def write(self, data: bytes) -> None:
        if self._corked is not None:
            self._corked.append(data)
            return
        if (
            self.TLS
            or self._tempDataLen
            or self.dataBuffer
            or not data
            or not self.connected
            or self.disconnecting
            or self._writeDisconnected
            or self._writeDisconnecting
            or self._aborting
        ):
            tcp.Connection.write(self, data)
            return
        try:
            sent = self.socket.send(data)
        except OSError as problem:
            # Full, or broken: the queued attempt finds out, outside of this call.
            sent = 0
            if problem.errno not in (errno.EWOULDBLOCK, errno.ENOBUFS):
                # The system tells it once: a read would see an end in good order.
                self.doRead = self._read_of_broken  # type: ignore[method-assign]
        if sent < len(data):
            tcp.Connection.write(self, memoryview(data)[sent:].tobytes())

    def _read_of_broken(self) -> ConnectionLost | ConnectionDone | None:
        """What arrived before the connection broke can still be read."""
        why = super().doRead()
        return main.CONNECTION_LOST if why is main.CONNECTION_DONE else why

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        self.write(b"".join(iovec))

    def outstanding(self) -> int:
        """Bytes that were written and the peer has not, as far as is known."""
        waiting = len(self.dataBuffer) - self.offset + self._tempDataLen
        return waiting + self.unacknowledged()

    def unacknowledged(self) -> int:
        """Bytes that the system has taken and the peer has not; 0 if it does not say."""
        # Late, as most programs never ask.
        with suppress(ImportError, OSError):
            from fcntl import ioctl
            from termios import TIOCOUTQ

            # SIOCOUTQ, which has the same number on Linux.
            waiting = ioctl(self.fileno(), TIOCOUTQ, bytes(4))
            return int.from_bytes(waiting, sys.byteorder)
        return 0

    def _isSendBufferFull(self) -> bool:
        # Whatever could not be sent pauses the producer, so that it knows what
        # is left; bufferSize cannot say so, it is the size of a recv as well.
        return bool(self._tempDataLen or self.dataBuffer)


class Server(EagerWrites, tcp.Server):
    """An accepted connection."""


class Client(EagerWrites, tcp.Client):
    """A connection made."""


class Port(tcp.Port):
    """A listening port with eager connections."""

    transport = Server


class Connector(tcp.Connector):
    """Makes an eager connection."""

    def _makeTransport(self) -> Client:
        client: Client = Client(  # type: ignore[no-untyped-call]
            self.host, self.port, self.bindAddress, self, self.reactor
        )
        return client


class EagerReactor:
    """
    A reactor whose TCP connections write at once.  All but C{listenTCP} and
    C{connectTCP} is the reactor's own.
    """

    def __init__(self, reactor: object) -> None:
        self._reactor = reactor
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> object:
        return getattr(self._reactor, name)

    def listenTCP(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int = 50,
        interface: str = "",
    ) -> Port:
        """C{IReactorTCP.listenTCP}"""
        listening = Port(port, factory, backlog, interface, self._reactor)
        listening.startListening()
        return listening

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: ClientFactory,
        timeout: float = 30.0,
        bindAddress: tuple[str, int] | None = None,
    ) -> Connector:
        """C{IReactorTCP.connectTCP}"""
        connector = Connector(host, port, factory, timeout, bindAddress, self._reactor)
        connector.connect()
        return connector


def eager(reactor: R) -> R:
    """The reactor with eager TCP, if it has sockets; else as it is."""
    real = isinstance(reactor, (PosixReactorBase, SteadyReactor))
    return cast(R, EagerReactor(reactor)) if real else reactor
