"""Reads requests, strictly: llhttp parses them, here they are bounded."""

from __future__ import annotations

import re
from typing import Protocol

from httptools import (
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserUpgrade,
    HttpRequestParser,
)

from eplua_twisted.http_engine.bounds import (
    MAX_REQUEST_HEAD,
    MAX_REQUEST_HEADERS,
)

BAD_REQUEST = 400
NOT_IMPLEMENTED = 501
URI_TOO_LONG = 414
HEADERS_TOO_LARGE = 431
VERSION_NOT_SUPPORTED = 505

VERSIONS = ("1.1", "1.0")

METHODS = frozenset(
    b"ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY"
    b" MKCALENDAR MKCOL MOVE M-SEARCH NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH"
    b" PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK"
    b" UNLOCK UNSUBSCRIBE".split()
)
"""
Those of HTTP; llhttp knows some of other protocols too.  CONNECT is for proxies: to a
client a success would mean that what follows is not for this server.
"""

NOT_IN_HOST = re.compile(rb"[\s/\\?#@,]")
"""What ends a host and port, or stands before them, in a URL (RFC 9110, 7.2)."""


class RequestHead:
    """
    A request as far as its body.

    @ivar target: as it was sent
    @ivar minor: of the version: 1 for HTTP/1.1
    @ivar headers: names and values, as they were sent and in that order
    @ivar keep_alive: the client may send another one on this connection
    @ivar upgrade: it asks for another protocol: what follows is not HTTP, if it gets it
    @ivar length: bytes of the body, where the head tells
    @ivar awaits_continue: the client sends the body when it is told to (RFC 9110, 10.1.1)
    """

    __slots__ = (
        "awaits_continue",
        "headers",
        "keep_alive",
        "length",
        "method",
        "minor",
        "target",
        "upgrade",
    )

    def __init__(
        self,
        method: bytes,
        target: bytes,
        minor: int,
        headers: list[tuple[bytes, bytes]],
        keep_alive: bool,
        upgrade: bool,
    ) -> None:
        self.method = method
        self.target = target
        self.minor = minor
        self.headers = headers
        self.keep_alive = keep_alive
        self.upgrade = upgrade
        self.length: int | None = None
        self.awaits_continue = False

    def values(self, name: bytes) -> list[bytes]:
        """@param name: in lower case"""
        return [value for each, value in self.headers if each.lower() == name]


class RequestEvents(Protocol):
    """Who is told of requests, in the order of what was sent."""

    def head_received(self, head: RequestHead) -> None: ...

    def body_received(self, data: bytes) -> None: ...

    def request_received(self) -> None:
        """The request is complete."""


class Refused(Exception):
    """
    This is not a request that is served; nothing after it can be read.

    @ivar status: what it is answered with
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RequestReader:
    """
    Requests of one connection, one after the other.

    @ivar events: told of them
    @ivar amid: a part of a request has come, and not all of it
    @ivar in_body: its head has
    @ivar ended: the client was told that its last request is the last one: what else
        it sends is not looked at
    """

    __slots__ = (
        "_asks_upgrade",
        "_awaits_continue",
        "_closes",
        "_codings",
        "_fields",
        "_headers",
        "_host",
        "_hosts",
        "_last",
        "_length",
        "_muted",
        "_parser",
        "_problem",
        "_size",
        "_target",
        "_unused",
        "amid",
        "ended",
        "events",
        "in_body",
    )

    def __init__(self, events: RequestEvents) -> None:
        self.events = events
        self._parser = HttpRequestParser(self)
        # What a callback of the parser raised: it tells of some and forgets others.
        self._problem: Exception | None = None
        # Bytes since something was made of them: an unfinished head, a chunk's line.
        self._unused = 0
        self._host: bytes | None = None
        self._muted = self._last = self._asks_upgrade = False
        self.amid = self.in_body = self.ended = False
        self.on_message_begin()
        self.amid = False

    @property
    def idle(self) -> bool:
        """Nothing that was read has a meaning for what comes next."""
        return not (self.amid or self.ended or self._unused)

    def feed(self, data: bytes) -> bytes | None:
        """
        Take bytes; the events are told before this returns.

        @return: C{None}; or what follows a request whose C{upgrade} is set, and which
            C{request_received} was not told of: see L{decline_upgrade}
        @raise Refused: they are no request
        """
        if self.ended:
            return None
        self._unused += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return data[upgrade.args[0] :]
        except HttpParserError as error:
            problem, self._problem = self._problem, None
            if problem is not None:
                raise problem from None
            if self.ended:
                return None
            is_foreign = isinstance(error, HttpParserInvalidMethodError)
            raise Refused(NOT_IMPLEMENTED if is_foreign else BAD_REQUEST) from None
        if self._unused > MAX_REQUEST_HEAD:
            if self.in_body:
                raise Refused(BAD_REQUEST)
            # No header is complete: the longer part is the one that is too long.
            in_target = not self._headers and len(self._target) * 2 > self._unused
            raise Refused(URI_TOO_LONG if in_target else HEADERS_TOO_LARGE)
        return None

    def decline_upgrade(self, head: RequestHead, rest: bytes) -> bytes | None:
        """
        Go on in HTTP after a request that asked for another protocol: its body follows.

        @param rest: what L{feed} returned
        @return: as L{feed}
        """
        lines = [b"%s %s HTTP/1.%d" % (head.method, head.target, head.minor)]
        lines += [
            b"%s: %s" % pair for pair in head.headers if pair[0].lower() != b"upgrade"
        ]
        self._parser = HttpRequestParser(self)
        self._muted = True
        self.feed(b"\r\n".join([*lines, b"", b""]))
        return self.feed(rest) if rest else None

    def _fail(self, problem: Exception) -> None:
        self._problem = problem
        raise problem

    # What llhttp calls.

    def on_message_begin(self) -> None:
        if self.ended:
            # What llhttp would take for one more is not looked at: feed lets it be.
            raise Refused(BAD_REQUEST)
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._fields = self._size = self._hosts = 0
        self._length: int | None = None
        self._awaits_continue = self._closes = False
        self._codings: list[bytes] = []
        self.amid = True

    def on_url(self, url: bytes) -> None:
        self._target += url
        if len(self._target) > MAX_REQUEST_HEAD:
            self._fail(Refused(URI_TOO_LONG))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        self._size += len(name) + len(value)
        if self._fields > MAX_REQUEST_HEADERS or self._size > MAX_REQUEST_HEAD:
            self._fail(Refused(HEADERS_TOO_LARGE))
        if self.in_body:
            # A trailer: nobody asks for it.
            return
        self._headers.append((name, value))
        # Most names are too short or too long to be one of these.
        size = len(name)
        if size == 4:
            if name.lower() == b"host":
                self._hosts += 1
                # One connection asks the same host again and again.
                if value != self._host:
                    if NOT_IN_HOST.search(value):
                        self._fail(Refused(BAD_REQUEST))
                    self._host = value
        elif size == 6:
            if name.lower() == b"expect" and value.lower() == b"100-continue":
                self._awaits_continue = True
        elif size == 10:
            if name.lower() == b"connection" and b"close" in value.lower():
                self._closes = True
        elif size == 14:
            if name.lower() == b"content-length":
                # llhttp has seen that it is one number.
                self._length = int(value)
        elif size == 17 and name.lower() == b"transfer-encoding":
            self._codings += value.lower().split(b",")

    def on_headers_complete(self) -> None:
        self._fields = self._size = self._unused = 0
        self.in_body = True
        if self._muted:
            return
        parser = self._parser
        version = parser.get_http_version()
        method = parser.get_method()
        if version not in VERSIONS:
            self._fail(Refused(VERSION_NOT_SUPPORTED))
        if method not in METHODS:
            self._fail(Refused(NOT_IMPLEMENTED))
        minor = 1 if version == "1.1" else 0
        # RFC 9112, 3.2.
        if self._hosts != 1 and (minor or self._hosts):
            self._fail(Refused(BAD_REQUEST))
        if self._codings:
            self._check_codings(minor)
        # To llhttp what HTTP/1.0 says of keeping counts more (RFC 9112, 9.3).
        keep_alive = parser.should_keep_alive() and not self._closes
        self._asks_upgrade = parser.should_upgrade()
        self._last = not keep_alive
        head = RequestHead(
            method, self._target, minor, self._headers, keep_alive, self._asks_upgrade
        )
        head.length = self._length
        head.awaits_continue = (
            self._awaits_continue
            and minor == 1
            and (bool(self._codings) or bool(self._length))
        )
        try:
            self.events.head_received(head)
        except Exception as problem:  # noqa: BLE001 - raised again by feed
            self._fail(problem)

    def _check_codings(self, minor: int) -> None:
        """Refuse all transfer codings but C{chunked} (RFC 9112, 6.1)."""
        *others, last = [each.strip(b" \t") for each in self._codings]
        # HTTP/1.0 has none: who is between may not see where the body ends.
        if last != b"chunked" or last in others or not minor:
            self._fail(Refused(BAD_REQUEST))
        if others:
            # Nobody here would undo it.
            self._fail(Refused(NOT_IMPLEMENTED))

    def on_body(self, data: bytes) -> None:
        self._unused = 0
        try:
            self.events.body_received(data)
        except Exception as problem:  # noqa: BLE001 - raised again by feed
            self._fail(problem)

    def on_chunk_header(self) -> None:
        self._unused = 0

    def on_message_complete(self) -> None:
        self._muted = self.in_body = self.amid = False
        self._unused = 0
        if self._asks_upgrade:
            self._asks_upgrade = False
            return
        self.ended = self._last
        try:
            self.events.request_received()
        except Exception as problem:  # noqa: BLE001 - raised again by feed
            self._fail(problem)
