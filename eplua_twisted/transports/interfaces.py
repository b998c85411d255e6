"""What is asked of the transport of a connection, and of the reactor below it."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IPushProducer,
    IReadDescriptor,
    IWriteDescriptor,
)
from twisted.python.failure import Failure

from eplua_twisted.border import clock


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


class Maker(Protocol):
    """What has made a connection."""

    def connectionLost(self, reason: Failure, /) -> None: ...


class Below(clock.Below, Protocol):
    """What is needed of the reactor."""

    def resolve(self, name: str, /) -> Deferred[str]: ...

    def getReaders(self) -> list[IReadDescriptor]: ...

    def getWriters(self) -> list[IWriteDescriptor]: ...
