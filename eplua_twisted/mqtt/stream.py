"""What carries MQTT's bytes: TCP and TLS here, WebSockets in L{websocket}."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.python.failure import Failure

from eplua_twisted.streams.endpoints import set_stream_options
from eplua_twisted.streams.write_buffer import WriteBuffer


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


class Stream(StreamProtocol):
    """A L{ByteTransport} over TCP or TLS."""

    transport: Transport  # type: ignore[assignment]
    _out: WriteBuffer

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def connectionMade(self) -> None:
        set_stream_options(self.transport, True, False)
        self._out = WriteBuffer(self.transport)
        self._receiver.connected(self)
        self._receiver.opened()

    def dataReceived(self, data: bytes) -> None:
        self._receiver.received(data)

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
        self.transport.pauseProducing()

    def resume(self) -> None:
        self.transport.resumeProducing()


class StreamFactory(Factory):
    """Makes the one L{Stream} of a receiver."""

    noisy = False

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def buildProtocol(self, addr: IAddress | None) -> Stream:
        return Stream(self._receiver)
