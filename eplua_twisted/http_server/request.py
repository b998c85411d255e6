"""A request to an HTTP server of a script, and the answer to it."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.web.http import (
    CACHED,
    NO_BODY_CODES,
    Request,
    stringToDatetime,
)
from zope.interface import implementer

from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.errors import OperationError
from eplua_twisted.http_server.connection import HTTPServerChannel
from eplua_twisted.streams.write_buffer import SLICE, WriteBuffer

ANSWERED = ("state", "Already answered, or the client is gone")

VALIDATORS = {b"etag", b"last-modified"}
SINGLE = VALIDATORS | {b"connection", b"content-length", b"content-type", b"date"}

MAX_UNSENT = 1024 * 1024
"""Bytes that may wait for a slow client before a write is not done at once."""


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode("ascii")
    except ValueError:
        return b"Unknown"


@implementer(IResource)
class HTTPServerRequest(Request):
    """
    One exchange.  It is a resource from when the script is told of it until the
    answer is complete, or the client gone.
    """

    channel: HTTPServerChannel
    content: Any
    id = 0

    def __init__(self, channel: HTTPServerChannel, queued: object = False) -> None:
        super().__init__(channel, False, parsePOSTFormSubmission=False)
        self._server = channel.server
        self._out: WriteBuffer | None = None
        self._left: int | None = None
        self._ended = False
        self._validates = False

    # The request, as it arrives.

    def gotLength(self, length: int | None) -> None:
        # Bounded by the option maxBodySize, and wanted as a whole anyway.
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        if self.content.tell() + len(data) > self._server.max_body:
            self.channel.refuse(413)
        else:
            self.content.write(data)

    def process(self) -> None:
        self._server.serve(self)

    def flat_headers(self) -> list[bytes]:
        """Names and values by turns."""
        flat: list[bytes] = []
        for name, values in self.requestHeaders.getAllRawHeaders():
            for value in values:
                flat += (name, value)
        return flat

    # The answer.

    def _begin(self, status: int, headers: tuple[bytes, ...]) -> None:
        if self.startedWriting or self._out is not None or self._ended:
            raise OperationError(*ANSWERED)
        self.setResponseCode(status, _phrase(status))
        own = self.responseHeaders
        own.setRawHeaders(b"Date", [self._server.date()])
        for name, value in zip(headers[::2], headers[1::2], strict=True):
            lower = name.lower()
            if lower not in SINGLE:
                own.addRawHeader(name, value)
                continue
            own.setRawHeaders(name, [value])
            if lower == b"connection" and value.lower() == b"close":
                self.channel.leaving = True
            self._validates = self._validates or lower in VALIDATORS

    def _is_cached(self) -> bool:
        """Whether the client has it already, by what the script says of it."""
        if self.code != 200 or self.method not in (b"GET", b"HEAD"):
            return False
        cached = False
        own = self.responseHeaders
        for tag in own.getRawHeaders(b"ETag") or ():
            cached = self.setETag(tag) is CACHED
        for when in own.getRawHeaders(b"Last-Modified") or ():
            try:
                seconds = stringToDatetime(when)
            except (ValueError, KeyError, IndexError):
                # Sent as the script has it, but good for no comparison.
                continue
            own.removeHeader(b"Last-Modified")
            if self.requestHeaders.hasHeader(b"If-None-Match"):
                # Then the date does not count (RFC 9110, 13.1.3).
                self.lastModified = seconds
            else:
                cached = self.setLastModified(seconds) is CACHED or cached
        return cached

    @operation("http_response_send", gone=ANSWERED)
    def send(self, status: int, body: bytes, *headers: bytes) -> Deferred[None] | None:
        """
        Answer as a whole.

        @return: C{None}, or fires with it, when the system has all of it, or nearly;
            fails with C{state}, or what the connection was lost by
        """
        self._begin(status, headers)
        own = self.responseHeaders
        if self._validates and self._is_cached():
            status, body = self.code, b""
            own.removeHeader(b"Content-Type")
        if status in NO_BODY_CODES:
            own.removeHeader(b"Content-Length")
        else:
            own.setRawHeaders(b"Content-Length", [b"%d" % len(body)])
        if len(body) <= SLICE:
            self.write(body)
            self.finish()
            return None
        self._left = len(body)
        waits = self._pass_on(body)
        self.end()
        return waits

    @operation("http_response_head", gone=ANSWERED)
    def head(self, status: int, *headers: bytes) -> None:
        """Begin an answer that comes in pieces: fails with C{state}"""
        self._begin(status, headers)
        length = self.responseHeaders.getRawHeaders(b"Content-Length")
        if length is not None:
            self._left = int(length[-1])
            self.responseHeaders.setRawHeaders(b"Content-Length", length[-1:])
        self._out = WriteBuffer(self)

    @operation("http_response_write", gone=ANSWERED)
    def write_piece(self, data: bytes) -> Deferred[None] | None:
        """
        @return: C{None}, or fires with it, when less than C{MAX_UNSENT} bytes wait;
            fails with C{state}, C{limit} at 16 times that, C{protocol} for more than
            the head has announced, or what the connection was lost by
        """
        if self._ended:
            raise OperationError(*ANSWERED)
        if self._out is None:
            self.head(200)
        return self._pass_on(data)

    def _pass_on(self, data: bytes) -> Deferred[None] | None:
        if self._out is None:
            self._out = WriteBuffer(self)
        out = self._out
        if self._left is not None:
            if len(data) > self._left:
                raise OperationError(
                    "protocol",
                    f"more than the Content-Length ({self._left} bytes left)",
                )
            self._left -= len(data)
        if out.amount and out.amount + len(data) > 16 * MAX_UNSENT:
            raise OperationError("limit", f"{out.amount} bytes wait to be sent already")
        out.write(data)
        self.channel.flush()
        return None if out.amount < MAX_UNSENT else out.when_below(MAX_UNSENT)

    @operation("http_response_finish", gone=ANSWERED)
    def end(self) -> None:
        """
        All was written.  Fails with C{state}, and with C{protocol} for less than the
        head has announced; then the client sees the connection end too early.
        """
        if self._ended:
            raise OperationError(*ANSWERED)
        if self._out is None:
            self.head(200)
        self._ended = True
        if self._left and self.method != b"HEAD":
            left = self._left
            self.abort()
            raise OperationError(
                "protocol", f"less than the Content-Length ({left} bytes left)"
            )
        assert self._out is not None
        self._out.when_empty(self.finish)

    @query("http_response_fail")
    def fail(self) -> None:
        """The script raised, or lost the response without an answer."""
        self.answer(500)

    @query("http_response_is_open")
    def is_open(self) -> bool:
        return True

    def answer(self, status: int, *headers: bytes) -> None:
        """An answer of our own, if there is none yet; half of one is cut off."""
        if self._out is not None:
            if not self._ended:
                self.abort()
            return
        text = b"%d %s\n" % (status, _phrase(status))
        self.send(status, text, b"Content-Type", b"text/plain", *headers)

    def finish(self) -> None:
        self._ended = True
        self._server.environment.resources.remove(self.id)
        super().finish()

    def connectionLost(self, reason: Failure) -> None:
        self._ended = True
        super().connectionLost(reason)
        if self._out is not None:
            self._out.fail(reason.value or ConnectionDone())
        self._server.lost(self)
        self._server.environment.resources.remove(self.id)

    # Resources.

    def close(self) -> None:
        """The runtime stops: nobody will answer."""
        self.answer(503)

    def abort(self) -> None:
        """Close now."""
        if self.channel is not None:
            self.channel.abort()

    def pause(self) -> None:
        """Nothing to do: a connection brings no more before this is answered."""

    def resume(self) -> None:
        """See L{pause}."""
