"""
One connection of an HTTP server: twisted.web's, with bounds on time and size.

Twisted's own timeout begins anew with each byte; here the head of a request has
to be complete within C{HEAD_TIMEOUT}, however its bytes trickle in.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.values import to_bytes
from eplua_twisted.streams.endpoints import host_and_port

HEAD_TIMEOUT = 15.0
"""Seconds from the first byte of a request to the end of its headers."""

LINGER = 2.0
"""Seconds a client has to take a refusal, and the last answer, before it is cut off."""


TLS_HANDSHAKE = b"\x16\x03"
"""How a client begins that takes this for a TLS port: it would wait for an answer."""


class Server(Protocol):
    """The server, as its connections and their requests know it."""

    @property
    def environment(self) -> Environment: ...

    @property
    def timeout(self) -> float:
        """Seconds that a client may be idle; 0 for no limit."""

    @property
    def max_body(self) -> int:
        """The most bytes of a request's body."""

    @property
    def make_request(self) -> Any:
        """Makes a request of a connection, as Twisted's C{requestFactory} does."""

    def serve(self, request: Any) -> None:
        """A request is there, made by L{make_request}."""

    def lost(self, request: Any) -> None:
        """The client has not waited for the answer to a request."""

    def date(self) -> bytes:
        """The time of day, as the header C{Date} has it."""

    def left(self, client: HTTPServerChannel) -> None:
        """A connection is gone."""


class HTTPServerChannel(HTTPChannel):
    """
    Requests of one client, one after the other.

    @ivar peer: the client's address and port, as Lua gets them
    @ivar leaving: the connection ends with the request that is being answered
    """

    transport: Any
    requestFactory: Any
    timeOut: Any

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.requestFactory = server.make_request
        self.timeOut = server.timeout or None
        self.peer: tuple[bytes | None, int | None] = (None, None)
        self.leaving = False
        self._head: bytes | None = None
        self._in_body = False
        self._complete = False
        self._refused = False
        self._head_until: float | None = None
        clock = server.environment.reactor
        self._ending = Deadline(clock, self.forceAbortClient)
        self._stalled = Deadline(clock, self.forceAbortClient)
        self._taken: Any = None

    def callLater(self, period: float, call: Callable[[], object]) -> IDelayedCall:
        """C{TimeoutMixin} would ask the global reactor."""
        later: IDelayedCall = self.server.environment.reactor.callLater(period, call)
        return later

    # Reading.

    def connectionMade(self) -> None:
        super().connectionMade()
        self._addresses = self.transport.getPeer(), self.transport.getHost()
        host, port = host_and_port(self._addresses[0])
        self.peer = (None if host is None else to_bytes(host), port)

    # Twisted asks for these with each request; the system is asked once.

    def getPeer(self) -> Any:
        return self._addresses[0]

    def getHost(self) -> Any:
        return self._addresses[1]

    def dataReceived(self, data: bytes) -> None:
        if self._taken is not None:
            self._taken.dataReceived(data)
        elif not self._refused:
            self._complete = False
            super().dataReceived(data)
            if not (self._complete or self._in_body or self._handlingRequest):
                self._expect_head(data)

    def _expect_head(self, data: bytes) -> None:
        """A part of a request's head has come: its time is running."""
        if self._head_until is None and data.startswith(TLS_HANDSHAKE):
            self.refuse(400)
            return
        now = self.server.environment.reactor.seconds()
        if self._head_until is None:
            idle = self.server.timeout or HEAD_TIMEOUT
            self._head_until = now + min(HEAD_TIMEOUT, idle)
        if not self._refused and not self.transport.disconnecting:
            self.setTimeout(max(0, self._head_until - now))

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(431 if self.requests else 414)

    def timeoutConnection(self) -> None:
        if self._head_until is not None:
            self.refuse(408)
        else:
            super().timeoutConnection()

    def allHeadersReceived(self) -> None:
        if self._head_until is not None:
            self._head_until = None
            self.setTimeout(self.server.timeout or None)
        if self._refused:
            return
        limit = self.server.max_body
        if self.length is not None and self.length > limit:
            self.refuse(413)
            return
        super().allHeadersReceived()
        self._in_body = self.length != 0

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        if self.leaving:
            request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
            return False
        return bool(super().checkPersistence(request, version))

    def rawDataReceived(self, data: bytes) -> None:
        if self._taken is not None:
            self._taken.dataReceived(data)
        elif not self._refused:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        self._in_body = False
        if not self._refused:
            self._complete = True
            super().allContentReceived()

    def refuse(self, status: int) -> None:
        """Answer with a status and end, without taking what else the client sends."""
        if self._refused:
            return
        self._refused = True
        self.setTimeout(None)
        reason = HTTPStatus(status).phrase.encode()
        self.transport.write(
            b"HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            % (status, reason)
        )
        # Closing on bytes that are still under way would take back the answer: the
        # client has some time to read it, and to close.  TLS knows no half of it.
        if not self.isSecure():
            self.transport.loseWriteConnection()
        self._ending.restart(LINGER)

    # Writing.

    def writeHeaders(
        self, version: bytes, code: bytes, reason: bytes, headers: Any
    ) -> None:
        """Kept until the body's first bytes, so that both leave in one piece."""
        lines = [version, b" ", code, b" ", reason, b"\r\n"]
        for name, values in headers.getAllRawHeaders():
            for value in values:
                lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n")
        self._head = b"".join(lines)

    def write(self, data: bytes) -> None:
        if self._head is not None:
            data, self._head = self._head + data, None
        self.transport.write(data)

    def writeSequence(self, iovec: Any) -> None:
        self.write(b"".join(iovec))

    def flush(self) -> None:
        """Send the head now, if it still waits."""
        if self._head is not None:
            self.write(b"")

    def pauseProducing(self) -> None:
        super().pauseProducing()
        if self.server.timeout:
            self._stalled.start(self.server.timeout)

    def resumeProducing(self) -> None:
        self._stalled.cancel()
        super().resumeProducing()

    # The end of a request, and of the connection.

    def requestDone(self, request: Any) -> None:
        self.flush()
        self.persistent = self.persistent and not self.leaving
        super().requestDone(request)

    def take(self, protocol: Any) -> None:
        """From now on another protocol speaks here."""
        self._taken = protocol
        self.requests.clear()

    def release(self) -> None:
        """Let go of the transport, for another protocol to take it."""
        self.setTimeout(None)
        self.transport.unregisterProducer()

    def loseConnection(self) -> None:
        self._ending.start(max(LINGER, self.server.timeout))
        super().loseConnection()

    def close(self) -> None:
        """The server stops: what was asked for is answered still."""
        self.leaving = True
        if self._taken is not None:
            return
        if self._in_body or self._handlingRequest:
            for request in self.requests:
                request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        elif not self._refused:
            self.loseConnection()

    def abort(self) -> None:
        """Close now."""
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stalled.cancel()
        self._ending.cancel()
        if self._taken is not None:
            self._taken.connectionLost(reason)
        else:
            super().connectionLost(reason)
        self.server.left(self)
