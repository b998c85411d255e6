"""A connection to a server, or to a proxy, that carries one exchange at a time."""

from __future__ import annotations

from typing import Literal, Protocol, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IPushProducer, IReadDescriptor
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.response import COMPLETE, Response
from eplua_twisted.http_engine.response_reader import ResponseHead, ResponseReader
from eplua_twisted.streams.endpoints import set_stream_options
from eplua_twisted.streams.heap import keep_heap
from eplua_twisted.transports.interfaces import StreamTransport
from eplua_twisted.transports.wire import wire

SMALL = 64 * 1024
LARGE = 256 * 1024
"""Bytes that Twisted's transports read at a time, where ours are not used: what each read
costs counts for more than its memory when a body is larger than that."""

JOINED = 64 * 1024
"""Bytes of a body that leave together with the head."""


State = Literal["open", "closing", "lost"]


class Keeper(Protocol):
    """What keeps connections."""

    def opened(self, connection: Connection) -> None: ...

    def closed(self, connection: Connection) -> None: ...

    def unused(self, connection: Connection, reusable: bool) -> None:
        """
        An exchange is over.

        @param reusable: another one may follow on this connection; else it closes
        """


class Outgoing:
    """
    A request, ready to be written.

    @ivar repeatable: when a kept connection turns out to be closed, it is sent again
    @ivar last: it asks the server to close the connection
    """

    __slots__ = ("body", "head", "head_only", "last", "repeatable")

    def __init__(
        self, head: bytes, body: bytes, head_only: bool, repeatable: bool, last: bool
    ) -> None:
        self.head = head
        self.body = body
        self.head_only = head_only
        self.repeatable = repeatable
        self.last = last


class _Buffered(Protocol):
    """A connection of Twisted's."""

    bufferSize: int


@implementer(IPushProducer)
class _Body:
    """
    A large body that was given to the transport.

    @ivar waits: it has not taken all of it yet
    """

    waits = False

    def pauseProducing(self) -> None:
        self.waits = True

    def resumeProducing(self) -> None:
        self.waits = False

    def stopProducing(self) -> None:
        """The connection is lost."""


class Connection(TwistedProtocol):
    """
    C{open}: in use from L{send} to the end of the answer, unused before and after that.
    C{closing} from this side, then, or when the peer has closed it, C{lost}.

    @ivar origin: what it is kept for
    @ivar answers: how many it has carried
    @ivar answered: when an exchange has failed: a part of the answer had come
    @ivar promised: the server has said that it keeps it open
    @ivar since: when it was last used, in the reactor's seconds
    """

    transport: StreamTransport  # type: ignore[assignment]

    def __init__(self, keeper: Keeper, origin: object) -> None:
        self._keeper = keeper
        self._reader: ResponseReader | None = None
        self._arrival: Deferred[Response] | None = None
        self._response: Response | None = None
        self._last = False
        self._sent: _Body | None = None
        self._paused = False
        self._state: State = "open"
        self.origin = origin
        self.answers = 0
        self.answered = False
        self.promised = False
        self.since = 0.0

    @property
    def is_open(self) -> bool:
        """Neither end has closed it, as far as is known."""
        return self._state == "open"

    def connectionMade(self) -> None:
        self._keeper.opened(self)
        # The rest of a body does not wait until the server confirms what came before.
        set_stream_options(self.transport, no_delay=True, keep_alive=False)
        self._read_at_a_time(SMALL)

    def _read_at_a_time(self, size: int) -> None:
        socket = wire(self.transport)
        if getattr(socket, "bufferSize", size) != size:
            cast(_Buffered, socket).bufferSize = size

    def is_alive(self) -> bool:
        """
        Whether the peer still keeps it: what has come, and the reactor has not seen yet,
        is read now.  What is not asked for, and the end, mean that it is not.
        """
        descriptor = cast(IReadDescriptor, wire(self.transport))
        if self.is_open and descriptor.doRead() is not None:
            # The reactor finds the same at its next turn.
            self.abort()
        return self.is_open

    # An exchange.

    def send(self, request: Outgoing) -> Deferred[Response]:
        """
        @return: fires when the head of the answer is here; fails with what the
            connection was lost by, or C{protocol}, C{limit}; cancelling it closes the
            connection
        """
        self._reader = ResponseReader(self, request.head_only)
        self._last = request.last
        arrival: Deferred[Response] = Deferred(self._cancelled)
        self._arrival = arrival
        transport = self.transport
        if len(request.body) <= JOINED:
            transport.write(request.head + request.body)
        else:
            self._sent = _Body()
            transport.registerProducer(self._sent, True)
            transport.write(request.head)
            transport.write(request.body)
        return arrival

    def _cancelled(self, arrival: Deferred[Response]) -> None:
        self._fail(Failure(CancelledError()))

    def dataReceived(self, data: bytes) -> None:
        reader = self._reader
        if reader is None:
            # Nobody asked for it.
            self.abort()
            return
        try:
            reader.feed(data)
        except OperationError:
            self._fail(Failure())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._state = "lost"
        self._keeper.closed(self)
        if self._reader is not None:
            if self._is_end(reason):
                try:
                    self._reader.end(True)
                except OperationError:
                    reason = Failure()
            self._fail(reason)

    def _is_end(self, reason: Failure) -> bool:
        """Whether the peer has closed in good order, be it without an end of TLS."""
        if reason.check(ConnectionDone):
            return True
        ended = getattr(self.transport, "ended", False)
        return bool(ended and reason.check(ConnectionLost))

    def head_received(self, head: ResponseHead, codings: list[bytes]) -> None:
        length = head.fields.get(b"content-length")
        if length is not None and len(length[0]) > 5 and length[0].isdigit():
            self._expect(int(length[0]))
        if b"connection" in head.fields:
            self.promised = b"keep-alive" in head.tokens(b"connection")
        response = self._response = Response(self, head, codings)
        arrival, self._arrival = self._arrival, None
        if arrival is not None:
            arrival.callback(response)

    def _expect(self, length: int) -> None:
        self._read_at_a_time(LARGE if length > LARGE else SMALL)
        if length > LARGE:
            keep_heap()

    def body_received(self, data: bytes) -> None:
        if self._response is not None:
            self._response.feed(data)

    def response_received(self, reusable: bool) -> None:
        self._reader = None
        self.answers += 1
        response, self._response = self._response, None
        if self._state == "open":
            self.resume()
            # First, so that what is asked next can go on this connection.
            self._keeper.unused(self, self._is_sent() and reusable and not self._last)
        if response is not None:
            response.finish(COMPLETE)

    def _is_sent(self) -> bool:
        """
        Whether the request is; let go of the transport.  Behind the rest of a body that the
        server has answered without reading it nothing else would get there.
        """
        sent, self._sent = self._sent, None
        if sent is None:
            return True
        self.transport.unregisterProducer()
        return not sent.waits

    def _fail(self, reason: Failure) -> None:
        reader, self._reader = self._reader, None
        self.answered = reader is not None and reader.started
        arrival, self._arrival = self._arrival, None
        response, self._response = self._response, None
        self.abort()
        if arrival is not None:
            arrival.errback(reason)
        elif response is not None:
            response.finish(reason)

    # Its transport.

    def pause(self) -> None:
        if self._state == "open":
            self._paused = True
            self.transport.pauseProducing()

    def resume(self) -> None:
        if self._paused and self._state == "open":
            self._paused = False
            self.transport.resumeProducing()

    def close(self) -> None:
        """Close in good order."""
        self._state = "closing"
        self.transport.loseConnection()

    def abort(self) -> None:
        """Close now; the rest of an answer is not read, nor told of."""
        self._response = None
        if self._state != "lost":
            self._state = "closing"
            self.transport.abortConnection()
