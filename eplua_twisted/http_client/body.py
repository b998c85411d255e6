"""The bodies of HTTP: one to send, and one that arrives."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IConsumer, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.decoders import Decoder
from eplua_twisted.http_client.response import COMPLETE

TINY = 1024
"""Bytes; an object for each piece that is smaller would be more than the piece."""


@implementer(IBodyProducer)
class SentBody:
    """
    A body that is all here: it goes to the transport in one piece.

    @ivar data: all of it
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.length: int = len(data)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        consumer.write(self.data)
        return succeed(None)

    def pauseProducing(self) -> None:
        """It was all written."""

    def resumeProducing(self) -> None:
        """It was all written."""

    def stopProducing(self) -> None:
        """It was all written."""


class ReceivedBody(Protocol):
    """
    Takes a body as it arrives, undoes its encodings and hands it on in pieces.

    @ivar size: bytes handed on
    """

    transport: IPushProducer | None  # type: ignore[assignment]

    def __init__(
        self,
        decoder: Decoder | None,
        limit: int,
        take: Callable[[bytes], None],
        over: Callable[[Failure | None], None],
    ) -> None:
        """
        @param decoder: what undoes its encodings
        @param limit: the most bytes to hand on, 0 for no limit
        @param take: gets each piece
        @param over: called once, at the end: with C{None} after the last piece, or
            with why there will be none
        """
        self._decoder = decoder
        self._limit = limit
        self._take = take
        self._over: Callable[[Failure | None], None] | None = over
        self._paused = False
        self._end: Failure | None = None
        self.size = 0

    def dataReceived(self, data: bytes) -> None:
        if self._over is None:
            return
        if self._decoder is None:
            self.size += len(data)
            if self._limit and self.size > self._limit:
                self._refuse()
            else:
                self._take(data)
        else:
            self._decoder.feed(data)
            self._decode()

    def _decode(self) -> None:
        assert self._decoder is not None
        try:
            while not self._paused and self._over is not None:
                piece = self._decoder.read()
                if not piece:
                    return
                self.size += len(piece)
                if self._limit and self.size > self._limit:
                    self._refuse()
                else:
                    self._take(piece)
        except OperationError:
            self._finish(Failure())

    def _refuse(self) -> None:
        problem = f"the body is longer than {self._limit} bytes (option maxSize)"
        self._finish(Failure(OperationError("limit", problem)))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._end = reason
        # While paused, the decoder may have more.
        if not self._paused:
            self._conclude(reason)

    def _conclude(self, reason: Failure) -> None:
        if reason is not COMPLETE and reason.check(ResponseDone) is None:
            self._finish(reason)
            return
        try:
            if self._decoder is not None:
                self._decoder.finish()
        except OperationError:
            self._finish(Failure())
        else:
            self._finish(None)

    def _finish(self, failure: Failure | None) -> None:
        over, self._over = self._over, None
        if over is not None:
            over(failure)

    def abandon(self) -> None:
        """
        Discard the rest and do not report the end.  If the body is not all here, its
        connection is closed; else that may serve another request already.
        """
        self._over = None
        if self._end is None and self.transport is not None:
            self.transport.stopProducing()

    def pause(self) -> None:
        """Hand on no more, and read no more."""
        self._paused = True
        if self.transport is not None and self._end is None:
            self.transport.pauseProducing()

    def resume(self) -> None:
        """Go on."""
        self._paused = False
        if self._decoder is not None:
            self._decode()
        if self._paused:
            return
        if self._end is not None:
            self._conclude(self._end)
        elif self.transport is not None:
            self.transport.resumeProducing()


class Pieces:
    """The pieces of a body, until it is wanted whole; small ones are put together."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[bytes | bytearray] = []

    def add(self, piece: bytes) -> None:
        pieces = self._pieces
        if len(piece) < TINY and pieces:
            last = pieces[-1]
            if not isinstance(last, bytearray):
                last = bytearray()
                pieces.append(last)
            last += piece
        else:
            pieces.append(piece)

    def take(self) -> bytes:
        """All of them."""
        pieces, self._pieces = self._pieces, []
        if len(pieces) == 1 and isinstance(pieces[0], bytes):
            return pieces[0]
        return b"".join(pieces)
