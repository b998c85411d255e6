"""Reads responses, as tolerantly as curl and Python's requests do."""

from __future__ import annotations

import re
from typing import Literal, Protocol

from eplua_twisted.errors import EOF, OperationError, quoted
from eplua_twisted.http_engine.bounds import (
    MAX_CHUNK_LINE,
    MAX_EMPTY,
    MAX_LENGTH,
    MAX_RESPONSE_HEAD,
    MAX_RESPONSE_HEADERS,
    MAX_TRAILER,
)

State = Literal["head", "length", "chunk", "data", "end", "trailer", "close", "done"]

STATUS_LINE = re.compile(rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t]+(.*))?[ \t]*")
END_OF_HEAD = re.compile(rb"\n\r?\n")
CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]+)[ \t]*(?:;.*)?")
LENGTH = re.compile(rb"\+?([0-9]+)(?:[ \t].*)?")
_FOLDED = re.compile(rb"\n[ \t]")


LOOKED_AT = frozenset(
    b"connection content-encoding content-length content-type location set-cookie"
    b" transfer-encoding www-authenticate".split()
)
"""Fields, in lower case, that somebody looks for in each response."""


class ResponseHead:
    """
    A response as far as its body.

    @ivar minor: of the version: 1 for HTTP/1.1
    @ivar reason: the words after the status
    @ivar headers: names and values, as they were sent and in that order
    @ivar fields: the values of each of L{LOOKED_AT} that there is
    """

    __slots__ = ("fields", "headers", "minor", "reason", "status")

    def __init__(
        self,
        minor: int,
        status: int,
        reason: bytes,
        headers: list[tuple[bytes, bytes]],
        fields: dict[bytes, list[bytes]],
    ) -> None:
        self.minor = minor
        self.status = status
        self.reason = reason
        self.headers = headers
        self.fields = fields

    def tokens(self, name: bytes) -> list[bytes]:
        """The elements of one of L{LOOKED_AT}, in lower case."""
        values = self.fields.get(name)
        if values is None:
            return []
        joined = b",".join(values).lower()
        return [each.strip(b" \t") for each in joined.split(b",") if each.strip()]


class ResponseEvents(Protocol):
    """Who is told of the response."""

    def head_received(self, head: ResponseHead, codings: list[bytes]) -> None:
        """
        @param codings: transfer codings of the body but C{chunked}, in the order in
            which they were applied
        """

    def body_received(self, data: bytes) -> None: ...

    def response_received(self, reusable: bool) -> None:
        """
        The response is complete.

        @param reusable: the connection may serve another request
        """


def protocol_error(what: str, where: bytes = b"") -> OperationError:
    """@param where: what the peer sent there; its beginning is shown"""
    if where:
        shown = quoted(where[:60].rstrip(b"\r\n"))
        what = f'{what} "{shown}"'
    return OperationError("protocol", f"the answer is not HTTP: {what}")


def parse_head(text: bytes) -> ResponseHead:
    """
    @param text: a head without the empty line that ends it
    @raise OperationError: C{protocol}, C{limit}
    """
    lines = text.split(b"\n")
    status = STATUS_LINE.fullmatch(lines[0].removesuffix(b"\r"))
    if status is None:
        raise protocol_error("status line", lines[0])
    headers: list[tuple[bytes, bytes]] = []
    fields: dict[bytes, list[bytes]] = {}
    for line in _unfolded(lines) if _FOLDED.search(text) else lines[1:]:
        name, colon, value = line.partition(b":")
        name = name.rstrip(b" \t")
        if not colon:
            raise protocol_error("header line", line)
        if not name:
            continue
        value = value.strip(b" \t\r")
        headers.append((name, value))
        lowered = name.lower()
        if lowered in LOOKED_AT:
            if lowered in fields:
                fields[lowered].append(value)
            else:
                fields[lowered] = [value]
    if len(headers) > MAX_RESPONSE_HEADERS:
        raise OperationError(
            "limit",
            f"the answer has more than {MAX_RESPONSE_HEADERS} headers (no option"
            " moves this bound)",
        )
    minor, code, reason = status.groups()
    words = b"" if reason is None else reason.rstrip(b" \t\r")
    return ResponseHead(int(minor), int(code), words, headers, fields)


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Header lines, each with those that go on with it (RFC 9112, 5.2)."""
    whole: list[bytes] = []
    for line in lines[1:]:
        if line[:1] not in (b" ", b"\t"):
            whole.append(line)
        elif whole:
            whole[-1] = whole[-1].rstrip(b" \t\r") + b" " + line.strip(b" \t\r")
    return whole


def content_length(head: ResponseHead) -> int | None:
    """
    The length of the body that the head tells; the same one may be there repeatedly.

    @raise OperationError: C{protocol}: it is no number, or there are different ones
    """
    values = head.fields.get(b"content-length")
    if values is None:
        return None
    if len(values) == 1 and values[0].isdigit() and len(values[0]) < 16:
        return int(values[0])
    lengths = set()
    for value in head.tokens(b"content-length"):
        number = LENGTH.fullmatch(value)
        if number is None or len(number[1]) > 25 or int(number[1]) > MAX_LENGTH:
            raise protocol_error("Content-Length", value)
        lengths.add(int(number[1]))
    if len(lengths) > 1:
        raise protocol_error("different Content-Lengths")
    return lengths.pop() if lengths else None


class ResponseReader:
    """
    The response to one request.

    States: C{head}, again after each informational response; then C{length} (so many
    bytes), C{close} (until the connection ends), or C{chunk} (a chunk's size), C{data},
    C{end} (of that chunk's data) and again C{chunk}, and C{trailer}; then C{done}.

    @ivar started: a part of the response has come
    """

    __slots__ = (
        "_buffer",
        "_events",
        "_head_only",
        "_left",
        "_reusable",
        "_searched",
        "_spent",
        "_state",
        "started",
    )

    def __init__(self, events: ResponseEvents, head_only: bool = False) -> None:
        """@param head_only: it answers HEAD: there is no body, whatever it says"""
        self._events = events
        self._head_only = head_only
        self._state: State = "head"
        self._buffer = b""
        # So many bytes of the buffer need not be searched again for an end.
        self._searched = 0
        # Bytes of the body, or of its chunk, that are still to come; before the head, of
        # empty lines that have.
        self._left = 0
        # Bytes of informational heads, or of the trailer.
        self._spent = 0
        self._reusable = False
        self.started = False

    @property
    def done(self) -> bool:
        return self._state == "done"

    def feed(self, data: bytes) -> None:
        """
        Take bytes; the events are told before this returns.

        @raise OperationError: C{protocol}, C{limit}: nothing more can be read
        """
        self.started = True
        if self._state == "length" and len(data) < self._left:
            # By far the most common: in the middle of a body.
            self._left -= len(data)
            self._events.body_received(data)
            return
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        at, size = 0, len(data)
        while at < size:
            state = self._state
            if state == "head":
                at = self._feed_head(data, at)
            elif state in ("length", "data"):
                at = self._feed_data(data, at)
            elif state == "close":
                self._events.body_received(data[at:] if at else data)
                return
            elif state == "done":
                return
            else:
                at = self._feed_line(data, at)

    def end(self, clean: bool) -> None:
        """
        The connection has ended.

        @param clean: the peer has closed it in good order
        @raise OperationError: C{eof}: that was too early; C{reset}
        """
        if self._state == "close" and clean:
            self._complete(False)
        elif self._state != "done":
            if clean:
                raise OperationError(*EOF)
            raise OperationError("reset", "Connection reset by peer")

    # Each of these takes what it can of the data, from a position on, and returns the
    # position that it got to.

    def _keep(self, data: bytes, at: int, overlap: int) -> int:
        """What is here is not enough; its last bytes may be where the end begins."""
        self._buffer = data[at:] if at else data
        self._searched = max(0, len(self._buffer) - overlap)
        return len(data)

    # The head.

    def _feed_head(self, data: bytes, at: int) -> int:
        if not self._spent and not self._searched:
            # Some devices send an empty line after a body, before the next answer.
            begun = at
            while at < len(data) and data[at] in b"\r\n":
                at += 1
            self._left += at - begun
            if self._left > MAX_EMPTY:
                raise protocol_error("it begins with empty lines")
        found = END_OF_HEAD.search(data, at + self._searched)
        size = self._spent + (found.end() if found else len(data)) - at
        if size > MAX_RESPONSE_HEAD:
            raise OperationError(
                "limit",
                f"the answer's head is longer than {MAX_RESPONSE_HEAD} bytes (no option"
                " moves this bound)",
            )
        if found is None:
            start = data[at : at + 5]
            if start != b"HTTP/" and not b"HTTP/".startswith(start):
                # This can never become one.
                raise protocol_error("it begins with", data[at:])
            return self._keep(data, at, 2)
        self._searched = 0
        head = parse_head(data[at : found.start()].removesuffix(b"\r"))
        at = found.end()
        if 100 <= head.status < 200:
            if head.status == 101:
                raise protocol_error("101 Switching Protocols, which was not asked for")
            self._spent = size
        else:
            self._begin_body(head, at == len(data))
        return at

    def _begin_body(self, head: ResponseHead, alone: bool) -> None:
        """@param alone: nothing has come after the head"""
        fields = head.fields
        self._reusable = head.minor > 0
        if b"connection" in fields:
            options = head.tokens(b"connection")
            self._reusable = b"close" not in options and (
                head.minor > 0 or b"keep-alive" in options
            )
        self._spent = 0
        if self._head_only or head.status in (204, 304):
            # Some send a body all the same; then the connection is of no use.
            self._events.head_received(head, [])
            self._complete(self._reusable and alone)
            return
        codings: list[bytes] = []
        if b"transfer-encoding" in fields:
            codings = head.tokens(b"transfer-encoding")
            codings = [each for each in codings if each != b"identity"]
        if b"chunked" in codings:
            if codings.pop() != b"chunked" or b"chunked" in codings:
                raise protocol_error("chunked is not the last transfer coding")
            if b"content-length" in fields:
                # The chunks count (RFC 9112, 6.3), but the two may be a trick.
                self._reusable = False
            self._state = "chunk"
        elif codings:
            self._state = "close"
        else:
            length = content_length(head)
            self._state = "close" if length is None else "length"
            self._left = length or 0
        self._events.head_received(head, codings)
        if self._state == "length" and not self._left:
            self._complete(self._reusable and alone)

    # The body.

    def _feed_data(self, data: bytes, at: int) -> int:
        size = len(data)
        end = at + self._left
        if size < end:
            self._left = end - size
            self._events.body_received(data[at:] if at else data)
            return size
        self._left = 0
        in_chunk = self._state == "data"
        if in_chunk:
            self._state = "end"
        self._events.body_received(data[at:end])
        if not in_chunk and self._state == "length":
            self._complete(self._reusable and size == end)
        return end

    def _feed_line(self, data: bytes, at: int) -> int:
        found = data.find(b"\n", at + self._searched)
        length = (len(data) if found < 0 else found) - at
        bound = MAX_TRAILER if self._state == "trailer" else MAX_CHUNK_LINE
        if self._spent + length > bound:
            raise protocol_error("a chunk's line is too long")
        if found < 0:
            return self._keep(data, at, 0)
        self._searched = 0
        line = data[at:found].removesuffix(b"\r")
        at = found + 1
        if self._state == "chunk":
            self._begin_chunk(line)
        elif self._state == "end":
            if line:
                raise protocol_error("a chunk is longer than its size")
            self._state = "chunk"
        elif line:
            self._spent += length
        else:
            self._complete(self._reusable and at == len(data))
        return at

    def _begin_chunk(self, line: bytes) -> None:
        size = CHUNK_SIZE.fullmatch(line)
        if size is None or len(size[1].lstrip(b"0")) > 15:
            raise protocol_error("chunk size", line)
        self._left = int(size[1], 16)
        self._state = "data" if self._left else "trailer"

    def _complete(self, reusable: bool) -> None:
        self._state = "done"
        self._events.response_received(reusable)
