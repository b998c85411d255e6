"""What carries MQTT's bytes: TCP and TLS here, WebSockets in L{websocket}."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from eplua_twisted.streams.endpoints import set_stream_options
from eplua_twisted.streams.write_buffer import WriteBuffer

MAX_ANSWERS = 32 * 1024 * 1024
"""Bytes that may wait for a broker before nothing more is read from it."""


class ByteTransport(Protocol):
    """One connection to a broker, as its L{Receiver} knows it."""

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


class Receiver(Protocol):
    """Who is told what happens on a L{ByteTransport}."""

    def connected(self, transport: ByteTransport) -> None:
        """There is a connection, which may have to shake hands first."""

    def opened(self) -> None:
        """It can be used."""

    def received(self, data: bytes) -> None:
        """Bytes of the broker's."""

    def lost(self, failure: Failure) -> None:
        """It is over."""


class Transport(Protocol):
    """What a L{Stream} uses of its Twisted transport."""

    def write(self, data: bytes) -> None: ...

    def loseConnection(self) -> None: ...

    def abortConnection(self) -> None: ...

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...

    def unregisterProducer(self) -> None: ...

    def getPeer(self) -> object: ...


class Valve:
    """
    Lets a transport read, or not: not while somebody has paused it, and not while the
    peer does not take what is sent to it.  What comes from a broker is answered, so
    that one which sends and never reads would fill the memory.
    """

    def __init__(self, transport: Transport, out: WriteBuffer) -> None:
        """@param out: where what the peer does not take waits"""
        self._transport = transport
        self._out = out
        self._paused = False
        self._choked = False

    def pause(self) -> None:
        """Stop reading."""
        self._paused = True
        self._transport.pauseProducing()

    def resume(self) -> None:
        """Read again, if the peer does."""
        self._paused = False
        if not self._choked:
            self._transport.resumeProducing()

    def look(self) -> None:
        """Something has been answered."""
        if self._out.amount > MAX_ANSWERS and not self._choked:
            self._choked = True
            self._transport.pauseProducing()
            self._out.when_below(MAX_ANSWERS // 2).addCallback(self._taken)

    def _taken(self, result: None) -> None:
        self._choked = False
        if not self._paused:
            self._transport.resumeProducing()


class Stream(StreamProtocol):
    """A L{ByteTransport} over TCP or TLS."""

    transport: Transport  # type: ignore[assignment]
    _out: WriteBuffer
    _valve: Valve

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def connectionMade(self) -> None:
        set_stream_options(self.transport, True, False)
        self._out = WriteBuffer(self.transport)
        self._valve = Valve(self.transport, self._out)
        self._receiver.connected(self)
        self._receiver.opened()

    def dataReceived(self, data: bytes) -> None:
        self._receiver.received(data)
        self._valve.look()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._receiver.lost(reason)

    @property
    def amount(self) -> int:
        return self._out.amount

    def send(self, data: bytes) -> None:
        self._out.write(data)

    def finish(self) -> None:
        self._out.when_empty(self.transport.loseConnection)

    def abort(self) -> None:
        self.transport.abortConnection()

    def pause(self) -> None:
        self._valve.pause()

    def resume(self) -> None:
        self._valve.resume()
