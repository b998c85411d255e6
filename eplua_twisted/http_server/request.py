"""A request to an HTTP server of a script, and the answer to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from twisted.internet.defer import Deferred
from zope.interface import implementer

from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.errors import OperationError
from eplua_twisted.http_engine.answers import NO_BODY, Fields, phrase
from eplua_twisted.http_engine.request_reader import (
    NOT_IN_HOST,
    Refused,
    RequestHead,
)
from eplua_twisted.http_server.compression import accepts, compressed, varies
from eplua_twisted.http_server.conditions import is_cached
from eplua_twisted.http_server.roles import Client, RequestOwner
from eplua_twisted.streams.write_buffer import WHOLE

ANSWERED = ("state", "Already answered, or the client is gone")
BEGUN = ("state", "The answer has begun: only write and finish go on with it")

MAX_UNSENT = 1024 * 1024
"""Bytes that may wait for a slow client before a write is not done at once."""

NO_FIELDS = Fields([])
LEAVES, STAYS = b"Connection: close\r\n", b"Connection: keep-alive\r\n"

State = Literal["waiting", "begun", "ended"]


@implementer(IResource)
class HTTPServerRequest:
    """
    One exchange.  It is a resource from when the script is told of it until the
    answer is complete, or the client gone.

    States: C{waiting} for an answer, C{begun} when it comes in pieces, C{ended}.

    @ivar complete: the body has come
    @ivar served: somebody was asked for the answer
    @ivar awaits_continue: the client wants to be told that it may send the body
    @ivar uri: path and query, whichever form the target has (RFC 9112, 3.2)
    """

    __slots__ = (
        "_chunked",
        "_chunks",
        "_client",
        "_left",
        "_server",
        "_size",
        "_state",
        "awaits_continue",
        "complete",
        "head",
        "id",
        "served",
        "uri",
    )

    def __init__(
        self,
        server: RequestOwner[HTTPServerRequest],
        client: Client[HTTPServerRequest],
        head: RequestHead,
    ) -> None:
        self._server = server
        self._client = client
        self._chunks: list[bytes] = []
        self._size = 0
        self._left: int | None = None
        self._chunked = False
        self._state: State = "waiting"
        self.head = head
        self.uri, authority = _split(head.target)
        if authority is not None:
            # RFC 9112, 3.2.2: it counts, and not the header.
            head.headers = [
                (name, authority if name.lower() == b"host" else value)
                for name, value in head.headers
            ]
        self.complete = self.served = self.awaits_continue = False
        self.id = 0

    @property
    def client(self) -> Client[HTTPServerRequest]:
        return self._client

    @property
    def path(self) -> bytes:
        """The target without its query, escapes as they were sent."""
        return self.uri.partition(b"?")[0]

    @property
    def head_bytes(self) -> bytes:
        """A C{GET} as it came, for a protocol that goes on from there."""
        lines = [b"GET %s HTTP/1.1" % self.uri]
        lines += [b"%s: %s" % pair for pair in self.head.headers]
        return b"\r\n".join([*lines, b"", b""])

    @property
    def keeps_alive(self) -> bool:
        """The client may send another request."""
        return self.head.keep_alive

    @property
    def body(self) -> bytes:
        return b"".join(self._chunks)

    def body_received(self, data: bytes) -> None:
        """@raise Refused: it is longer than the server takes"""
        self._size += len(data)
        if self._size > self._server.options.max_body_size:
            raise Refused(413)
        self._chunks.append(data)

    # The answer's head.

    def _begin(self, status: int, fields: Fields, length: int | None) -> bytes:
        """
        The head, for an answer with a body of that length; C{None} when it comes in
        pieces.
        """
        client, minor = self._client, self.head.minor
        self._state = "begun"
        start = self._server.heads.begin(status, minor)
        if fields.dated:
            start = start.partition(b"Date: ")[0]
        if fields.connection is not None and b"close" in fields.connection:
            client.leaving = True
        framing = b""
        if status == 205:
            # It has none either, but says so (RFC 9110, 15.3.6).
            self._left = length = 0
        if status in NO_BODY:
            self._left = 0
        elif length is not None:
            framing = b"Content-Length: %d\r\n" % length
        elif minor:
            self._chunked = self.head.method != b"HEAD"
            framing = b"Transfer-Encoding: chunked\r\n"
        else:
            # The end of the connection is the end of the body.
            client.leaving = True
        connection = b""
        if fields.connection is None:
            leaves = client.leaving or not self.head.keep_alive
            if leaves == bool(minor):
                connection = LEAVES if leaves else STAYS
        return b"%b%b%b%b\r\n" % (start, fields.text, framing, connection)

    def _check_waiting(self) -> None:
        if self._state == "begun":
            raise OperationError(*BEGUN)
        if self._state != "waiting":
            raise OperationError(*ANSWERED)

    def send_head(self, status: int, fields: Fields, length: int | None) -> None:
        """
        Begin an answer whose pieces follow.

        @param length: bytes of the body; C{None} when that is not known
        """
        self._check_waiting()
        self._left = length
        self._client.out.write(self._begin(status, fields, length))

    # What scripts ask.

    @operation("http_response_send", gone=ANSWERED)
    def send(self, status: int, body: bytes, *flat: bytes) -> Deferred[None] | None:
        """
        Answer as a whole.  The script goes no further with an answer that has begun
        already: the client sees the connection end too early.

        @return: C{None}, or fires with it, when the system has all of it, or nearly;
            fails with C{state}, or what the connection was lost by
        """
        if self._state == "begun":
            self.abort()
            raise OperationError(*BEGUN)
        return self.answer_with(status, self._server.heads.fields(flat), body)

    def answer_with(
        self, status: int, fields: Fields, body: bytes
    ) -> Deferred[None] | None:
        """As L{send}; conditions of the client are heeded."""
        self._check_waiting()
        if status == 200:
            packs = self._server.options.compress and varies(fields, body)
            if packs:
                fields = Fields([*fields.pairs, (b"Vary", b"Accept-Encoding")])
            if (fields.tag is not None or fields.modified is not None) and is_cached(
                self.head, fields.tag, fields.modified
            ):
                status, body = 304, b""
                fields = fields.without(b"Content-Type")
            elif packs and accepts(self.head, b"gzip"):
                fields, body = compressed(fields, body)
        elif status == 205:
            body = b""
        out = self._client.out
        text = self._begin(status, fields, len(body))
        if self.head.method != b"HEAD" and status not in NO_BODY:
            if len(body) > WHOLE:
                out.write(text)
                text = body
            else:
                text += body
        out.write(text)
        waits = None if out.amount < MAX_UNSENT else out.when_below(MAX_UNSENT)
        self._end()
        return waits

    @operation("http_response_head", gone=ANSWERED)
    def begin(self, status: int, *flat: bytes) -> None:
        """Begin an answer that comes in pieces: fails with C{state}"""
        fields = self._server.heads.fields(flat)
        length = None if fields.length is None else int(fields.length)
        self.send_head(status, fields, length)

    @operation("http_response_write", gone=ANSWERED)
    def write(self, data: bytes) -> Deferred[None] | None:
        """
        @return: C{None}, or fires with it, when less than C{MAX_UNSENT} bytes wait;
            fails with C{state}, C{limit} at 16 times that, C{protocol} for more than
            the head has announced, or what the connection was lost by
        """
        if self._state == "ended":
            raise OperationError(*ANSWERED)
        out = self._client.out
        if self._left is not None:
            if len(data) > self._left:
                raise OperationError(
                    "protocol",
                    f"more than the Content-Length ({self._left} bytes left)",
                )
            self._left -= len(data)
        if out.amount and out.amount + len(data) > 16 * MAX_UNSENT:
            raise OperationError("limit", f"{out.amount} bytes wait to be sent already")
        head = b""
        if self._state == "waiting":
            head = self._begin(200, NO_FIELDS, None)
        if not data or self.head.method == b"HEAD":
            if head:
                out.write(head)
        elif not self._chunked:
            out.write(head + data)
        elif len(data) <= WHOLE:
            out.write(b"%b%x\r\n%b\r\n" % (head, len(data), data))
        else:
            out.write(b"%b%x\r\n" % (head, len(data)))
            out.write(data)
            out.write(b"\r\n")
        return None if out.amount < MAX_UNSENT else out.when_below(MAX_UNSENT)

    @operation("http_response_finish", gone=ANSWERED)
    def finish(self) -> None:
        """
        All was written.  Fails with C{state}, and with C{protocol} for less than the
        head has announced; then the client sees the connection end too early.
        """
        if self._state == "waiting":
            self.send_head(200, NO_FIELDS, None)
        if self._state == "ended":
            raise OperationError(*ANSWERED)
        if self._left and self.head.method != b"HEAD":
            left = self._left
            self.abort()
            raise OperationError(
                "protocol", f"less than the Content-Length ({left} bytes left)"
            )
        if self._chunked:
            self._client.out.write(b"0\r\n\r\n")
        self._end()

    @query("http_response_fail")
    def fail(self) -> bytes:
        """
        The script raised, or lost the response without an answer.

        @return: method and target, for the log
        """
        self.answer(500)
        return self.head.method + b" " + self.uri

    @query("http_response_is_open")
    def is_open(self) -> bool:
        """The number is that of a request: it is not answered, and its client is there."""
        return True

    def answer(self, status: int, *headers: tuple[bytes, bytes]) -> None:
        """An answer of our own, if there is none yet; half of one is cut off."""
        if self._state == "begun":
            self.abort()
        elif self._state == "waiting":
            text = b"%d %s\n" % (status, phrase(status))
            fields = Fields([(b"Content-Type", b"text/plain"), *headers])
            waits = self.answer_with(status, fields, text)
            if waits is not None:
                # Nobody waits for it: a client that goes is no error.
                waits.addErrback(lambda _: None)

    @property
    def ended(self) -> bool:
        """The answer is complete, or the client gone."""
        return self._state == "ended"

    def soon(self, go_on: Callable[[], object]) -> None:
        """Call on the reactor's next turn, whatever becomes of the request."""
        self._server.clock.callLater(0, go_on)

    # The end.

    def _end(self) -> None:
        """The answer is complete; the next request waits until most of it is sent."""
        self._state = "ended"
        if self.id:
            self._server.resources.remove(self.id)
        out = self._client.out
        if out.amount:
            out.when_below(1).addCallbacks(
                lambda _: self._client.answered(self), lambda _: None
            )
        else:
            self._client.answered(self)

    def lost(self) -> None:
        """The client has gone before its answer was complete."""
        if self._state == "ended":
            return
        self._state = "ended"
        self._server.lost(self)
        if self.id:
            self._server.resources.remove(self.id)

    def close(self) -> None:
        """The runtime stops: nobody will answer."""
        self._client.leaving = True
        self.answer(503)

    def abort(self) -> None:
        """Close now."""
        self._client.abort()

    def pause(self) -> None:
        """Nothing to do: a connection brings no more before this is answered."""

    def resume(self) -> None:
        """See L{pause}."""


def _split(target: bytes) -> tuple[bytes, bytes | None]:
    """
    Path and query of a request's target; and the host and port, when it is the whole URL
    that a proxy's client sends.

    @raise Refused: the URL has no host, or one that cannot be
    """
    if target[:1] == b"/" or target == b"*":
        return target, None
    _, _, rest = target.partition(b"://")
    at = next((i for i, each in enumerate(rest) if each in b"/?#"), len(rest))
    authority, path = rest[:at], rest[at:]
    if not authority or NOT_IN_HOST.search(authority):
        raise Refused(400)
    return path if path[:1] == b"/" else b"/" + path, authority
