"""One connection of an HTTP server: its requests in order, its times, its end."""

from __future__ import annotations

from typing import Literal

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    IPushProducer,
)
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline, MovingDeadline
from eplua_twisted.border.values import to_bytes
from eplua_twisted.http_engine.answers import refusal
from eplua_twisted.http_engine.request_reader import Refused, RequestHead, RequestReader
from eplua_twisted.http_server.bounds import (
    HALF_CLOSED,
    HANDSHAKE_TIMEOUT,
    HEAD_TIMEOUT,
    LINGER,
    MAX_AHEAD,
    SLOWEST_BODY,
)
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.http_server.roles import Server
from eplua_twisted.http_server.stalled import WatchedProducer
from eplua_twisted.streams.endpoints import host_and_port, set_stream_options
from eplua_twisted.streams.write_buffer import WriteBuffer
from eplua_twisted.transports.interfaces import StreamTransport

State = Literal["open", "refused", "taken", "closed"]


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class HTTPConnection(StreamProtocol):
    """
    Requests of one client, answered one after the other.

    States: C{open}; C{refused} when the last answer was sent and nothing is read any
    more; C{taken} when another protocol speaks here; C{closed}.

    @ivar peer: the client's address and port, as Lua gets them
    @ivar leaving: the connection ends with the request that is being answered
    """

    log = Logger()
    transport: StreamTransport  # type: ignore[assignment]
    _taken: IProtocol
    out: WriteBuffer

    def __init__(self, server: Server[HTTPServerRequest, HTTPConnection]) -> None:
        self.server = server
        self.peer: tuple[bytes | None, int | None] = (None, None)
        self.leaving = False
        self._state: State = "open"
        self._reader: RequestReader | None = None
        # A list: never long, and an empty deque takes ten times the memory.
        self._requests: list[HTTPServerRequest] = []
        self._refusal: int | None = None
        self._ahead: bytes | None = None
        self._shaking = server.secure
        self._serving = self._paused = self._half_closed = self._head_runs = False
        clock = server.clock
        self._now = clock.seconds
        # When the body of a request began to be awaited, and what has come of it.
        self._body_since: float | None = None
        self._body_size = 0
        self._time = MovingDeadline(clock, self._due)  # for idle clients, heads, bodies
        # These are made when first needed: a connection costs little memory.
        self._ending: Deadline | None = None
        self._watched: WatchedProducer | None = None

    # Time.

    def _due(self) -> None:
        if self._shaking:
            self.abort()
        elif self._reader is not None and self._reader.amid and not self._half_closed:
            self._refuse_in_turn(408)
        elif self._requests:
            # The client has closed its side, and was written nothing since.
            self.abort()
        else:
            self._close()

    def _wait(self) -> None:
        """Set the time for what is awaited of the client."""
        timeout = self.server.options.timeout
        reader = self._reader
        if reader is not None and reader.in_body:
            if timeout:
                if self._body_since is None:
                    self._body_since = self._now()
                taken = self._now() - self._body_since
                left = 2 * timeout + self._body_size / SLOWEST_BODY - taken
                self._time.move(min(timeout, max(0.001, left)))
        elif reader is not None and reader.amid:
            if not self._head_runs:
                self._time.move(min(HEAD_TIMEOUT, timeout or HEAD_TIMEOUT))
            self._head_runs = True
            return
        elif self._requests:
            self._time.clear()
        else:
            self._time.move(timeout)
        self._head_runs = False

    # Reading.

    def connectionMade(self) -> None:
        host, port = host_and_port(self.transport.getPeer())
        self.peer = (None if host is None else to_bytes(host), port)
        # A piece of an answer does not wait until the client confirms the one before.
        set_stream_options(self.transport, no_delay=True, keep_alive=False)
        self.out = WriteBuffer(self)
        self._time.move(
            HANDSHAKE_TIMEOUT if self.server.secure else self.server.options.timeout
        )

    def handshakeCompleted(self) -> None:
        """C{IHandshakeListener}"""
        self._shaking = False
        self._time.move(self.server.options.timeout)

    def dataReceived(self, data: bytes) -> None:
        if self._state == "taken":
            self._taken.dataReceived(data)
        elif self._state != "open" or self._refusal is not None:
            return
        elif self._ahead is not None:
            self._ahead += data
            if len(self._ahead) > MAX_AHEAD:
                self._pause()
        else:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        reader = self._reader
        if reader is None:
            reader = self._reader = self.server.readers.take(self)
        try:
            self._ahead = reader.feed(data)
        except Refused as refused:
            self._refuse_in_turn(refused.status)
            return
        except Exception:  # noqa: BLE001 - a bug is one request's 500
            self.log.failure("a request could not be served")
            self._refuse_in_turn(500)
            return
        if self._ahead is not None:
            self._decide()
        if self._state == "open":
            if len(self._requests) > 1:
                self._pause()
            elif reader.amid:
                self._wait()

    def give_reader(self) -> RequestReader | None:
        """As L{Holder.give_reader<eplua_twisted.http_server.readers.Holder>}."""
        given = None
        if self._reader is not None and self._reader.idle and self._ahead is None:
            given, self._reader = self._reader, None
        return given

    def _pause(self) -> None:
        """Read no more before what is here is answered."""
        if not self._paused:
            self._paused = True
            # What is not read is not awaited.
            self._time.clear()
            self.transport.pauseProducing()

    # What the reader tells.

    def head_received(self, head: RequestHead) -> None:
        options = self.server.options
        if head.length is not None and head.length > options.max_body_size:
            raise Refused(413)
        request = HTTPServerRequest(self.server, self, head)
        self._requests.append(request)
        self._body_since, self._body_size = None, 0
        if head.awaits_continue:
            request.awaits_continue = True
            self._continue()

    def _continue(self) -> None:
        """Ask for the body that a client announced, in its turn."""
        first = self._requests[0]
        if first.awaits_continue and not first.complete:
            first.awaits_continue = False
            self.out.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def body_received(self, data: bytes) -> None:
        self._body_size += len(data)
        self._requests[-1].body_received(data)

    def request_received(self) -> None:
        self._requests[-1].complete = True
        self._time.clear()
        if len(self._requests) == 1:
            self._serve()

    # One request after the other.

    def _serve(self) -> None:
        """Have the first request served, and those that follow."""
        if self._serving:
            return
        self._serving = True
        try:
            while self._requests and self._state == "open":
                first = self._requests[0]
                if not first.complete or first.served:
                    break
                first.served = True
                self.server.serve(first)
        finally:
            self._serving = False

    def answered(self, request: HTTPServerRequest) -> None:
        """The first request has its answer, all of it."""
        self._requests.pop(0)
        if self._state != "open":
            return
        if not request.keeps_alive or self.leaving:
            self._requests.clear()
            self._close()
            return
        if self._requests:
            self._continue()
            if self._ahead is not None and len(self._requests) == 1:
                self._decide()
            self._serve()
        self._go_on()

    def _go_on(self) -> None:
        """Read on; or end, when that is all that is left."""
        if self._state != "open":
            return
        if not self._requests:
            if self._refusal is not None:
                self._refuse(self._refusal)
                return
            if self._half_closed:
                self._close()
                return
            self._wait()
        if self._paused and len(self._requests) <= 1 and self._ahead is None:
            self._paused, self._body_since, self._head_runs = False, None, False
            self._wait()
            self.transport.resumeProducing()

    def _decide(self) -> None:
        """In its turn: whether a request that asks for another protocol gets it."""
        if len(self._requests) > 1:
            return
        request, rest = self._requests[0], self._ahead
        self._ahead = None
        assert rest is not None and self._reader is not None
        if self.server.takes_upgrade(request):
            self._take_over(request, rest)
            return
        try:
            self._ahead = self._reader.decline_upgrade(request.head, rest)
        except Refused as refused:
            self._refuse_in_turn(refused.status)

    def _take_over(self, request: HTTPServerRequest, rest: bytes) -> None:
        self._time.cancel()
        self._leave_reader()
        self._requests.clear()
        self.out.when_empty(lambda: None)
        self._state = "taken"
        if self._paused:
            self.transport.resumeProducing()
        taken = self.server.upgrade(request)
        if taken is None:
            self._state = "open"
            self._refuse(503)
            return
        self._taken = taken
        if rest:
            taken.dataReceived(rest)

    # Refusals.

    def _refuse_in_turn(self, status: int) -> None:
        """Refuse what has come, when what came before it has its answer."""
        if self._requests and not self._requests[-1].complete:
            self._requests.pop()
        self._refusal = status
        self._time.clear()
        if not self._requests:
            self._refuse(status)

    def _refuse(self, status: int) -> None:
        """Answer with a status and end, without taking what else the client sends."""
        if self._state != "open":
            return
        self._state = "refused"
        self._time.cancel()
        self._requests.clear()
        self.transport.write(refusal(status))
        # Closing on bytes that are still under way would take back the answer: the
        # client has some time to read it, and to close.  TLS knows no half of it.
        if not self.server.secure:
            self.out.when_empty(self.transport.loseWriteConnection)
        if self._paused:
            self.transport.resumeProducing()
        self._end_within(LINGER)

    def _end_within(self, seconds: float) -> None:
        """The client has so much time to take what it is sent, and to close."""
        self._ending = Deadline(self.server.clock, self.abort)
        self._ending.restart(seconds)

    # Writing.

    def write(self, data: bytes) -> None:
        """For L{WriteBuffer}."""
        if self._half_closed:
            self._time.move(HALF_CLOSED)
        self.transport.write(data)

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """For L{WriteBuffer}."""
        clock, timeout = self.server.clock, self.server.options.timeout
        self._watched = WatchedProducer(producer, clock, timeout, self)
        self.transport.registerProducer(self._watched, streaming)

    def unregisterProducer(self) -> None:
        """For L{WriteBuffer}."""
        self.transport.unregisterProducer()

    # The end.

    def _close(self) -> None:
        """Close when all was sent, or has had its time."""
        if self._state == "open":
            self._state = "closed"
            self._time.cancel()
            self._end_within(max(LINGER, self.server.options.timeout))
            self.out.when_empty(self.transport.loseConnection)

    def close(self) -> None:
        """The server stops: what was asked for is answered still."""
        self.leaving = True
        if self._state == "open" and not self._requests:
            self._close()

    def abort(self) -> None:
        """Close now."""
        self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """The client has closed its side; it may still read its answer."""
        if self._state == "taken":
            self.transport.loseConnection()
            return
        self._half_closed = True
        if self._requests and not self._requests[-1].complete:
            self._requests.pop()
        if self._state == "open":
            if self._requests:
                self._time.move(HALF_CLOSED)
            else:
                self._close()
        elif self._state == "refused":
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """The refusal is on its way: the client closes, or L{LINGER} ends it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        for deadline in (self._time, self._watched, self._ending):
            if deadline is not None:
                deadline.cancel()
        state, self._state = self._state, "closed"
        requests, self._requests = self._requests, []
        if state == "taken":
            self._taken.connectionLost(reason)
        else:
            self.out.fail(reason.value or ConnectionLost())
            for request in requests:
                request.lost()
        self._leave_reader()
        self.server.left(self)

    def _leave_reader(self) -> None:
        self._reader = None
        self.server.readers.leave(self)
