"""Directories of files that an HTTP server answers from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from email.utils import formatdate
from mimetypes import guess_type
from secrets import token_hex
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from eplua_twisted.http_engine.answers import Fields
from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.http_server.compression import accepts
from eplua_twisted.http_server.conditions import is_cached, ranges
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.streams.write_buffer import WHOLE

INDEX = b"index.html"

TURN = 16
"""Slices that are sent before the reactor gets its turn, to a client that takes them."""

READY_MADE = ((b"br", b".br"), (b"gzip", b".gz"))
"""Codings of files that may lie beside a file, and what their names end with."""

Pairs = list[tuple[bytes, bytes]]
Piece = bytes | tuple[int, int]
"""Bytes to send; or how many of the file, and from where."""


class StaticFiles:
    """
    The files below a directory.  None outside of it is ever found, whatever the
    path says and wherever symbolic links lead.

    @param prefix: where in the server's paths the directory is; ends with a slash
    """

    def __init__(self, prefix: bytes, directory: bytes) -> None:
        self.prefix = prefix
        self._root = os.path.realpath(directory)

    def find(self, path: bytes) -> bytes | None:
        """
        The file that a path means.

        @param path: as it was sent, without the query
        @return: the file's name; or, for a directory whose path lacks the slash, that
            path with it
        """
        if path + b"/" == self.prefix:
            return self.prefix
        if not path.startswith(self.prefix):
            return None
        names = [
            unquote_to_bytes(each) for each in path[len(self.prefix) :].split(b"/")
        ]
        if names[-1] == b"":
            names[-1] = INDEX
        if any(
            each in (b"", b".", b"..") or b"/" in each or b"\0" in each
            for each in names
        ):
            return None
        try:
            found = os.path.realpath(os.path.join(self._root, *names))
            if not found.startswith(os.path.join(self._root, b"")):
                return None
            if os.path.isdir(found) and os.path.isfile(os.path.join(found, INDEX)):
                return path + b"/"
            return found if os.path.isfile(found) else None
        except OSError:
            # A name that is too long, or a directory that is not ours to read.
            return None


@dataclass
class _Found:
    """A file that is open, and what is said of it."""

    file: BinaryIO
    size: int
    modified: int
    tag: bytes
    headers: Pairs
    whole: bool


def _open(head: RequestHead, name: bytes) -> _Found:
    """
    @raise OSError: it cannot be read
    """
    kind, coding = guess_type(os.fsdecode(name))
    if coding is not None:
        # A file that is compressed is sent as the file it is.
        kind = "application/gzip" if coding == "gzip" else "application/octet-stream"
    headers: Pairs = [
        (b"Content-Type", (kind or "application/octet-stream").encode("ascii"))
    ]
    suffix = b""
    for accepted, ending in READY_MADE:
        # It may be a link, but not to anywhere else.
        if os.path.isfile(name + ending) and not os.path.islink(name + ending):
            if not suffix:
                headers.append((b"Vary", b"Accept-Encoding"))
            if accepts(head, accepted):
                suffix = ending
                headers.append((b"Content-Encoding", accepted))
                break
    file = open(name + suffix, "rb")  # noqa: SIM115 - it is closed when it was sent
    status = os.fstat(file.fileno())
    modified = int(status.st_mtime)
    tag = b'"%x-%x%s"' % (modified, status.st_size, suffix.replace(b".", b"-"))
    headers += [
        (b"Last-Modified", formatdate(modified, usegmt=True).encode("ascii")),
        (b"ETag", tag),
    ]
    return _Found(file, status.st_size, modified, tag, headers, not suffix)


def send_file(request: HTTPServerRequest, name: bytes) -> None:
    """Answer with a file, parts of it, C{Not Modified}, or that there is none."""
    try:
        found = _open(request.head, name)
    except OSError:
        request.answer(403)
        return
    if is_cached(request.head, found.tag, found.modified):
        found.file.close()
        request.answer_with(304, Fields(found.headers).without(b"Content-Type"), b"")
        return
    status, headers, pieces = _parts(request.head, found)
    length = sum(len(each) if isinstance(each, bytes) else each[0] for each in pieces)
    request.send_head(status, Fields(headers), length)
    if request.head.method == b"HEAD" or status == 416:
        pieces = []
    _Sender(request, found.file, pieces).go_on()


def _parts(head: RequestHead, found: _Found) -> tuple[int, Pairs, list[Piece]]:
    """Status, headers and pieces of the answer."""
    headers, size = found.headers, found.size
    if not found.whole:
        return 200, headers, [(size, 0)]
    headers.append((b"Accept-Ranges", b"bytes"))
    wanted = ranges(head, size, found.tag, found.modified)
    if wanted is None:
        return 200, headers, [(size, 0)]
    if not wanted:
        return 416, [(b"Content-Range", b"bytes */%d" % size)], []
    if len(wanted) == 1:
        first, last = wanted[0]
        headers.append((b"Content-Range", b"bytes %d-%d/%d" % (first, last, size)))
        return 206, headers, [(last - first + 1, first)]
    return 206, *_multipart(headers, size, wanted)


def _multipart(
    headers: Pairs, size: int, wanted: list[tuple[int, int]]
) -> tuple[Pairs, list[Piece]]:
    """RFC 9110, 14.6."""
    boundary = token_hex(12).encode("ascii")
    kind = headers[0][1]
    pieces: list[Piece] = []
    for first, last in wanted:
        pieces += (
            b"--%s\r\nContent-Type: %s\r\nContent-Range: bytes %d-%d/%d\r\n\r\n"
            % (boundary, kind, first, last, size),
            (last - first + 1, first),
            b"\r\n",
        )
    pieces.append(b"--%s--\r\n" % boundary)
    headers = [
        (b"Content-Type", b"multipart/byteranges; boundary=" + boundary),
        *headers[1:],
    ]
    return headers, pieces


class _Sender:
    """Sends pieces of a file, as fast as the client takes them."""

    def __init__(
        self, request: HTTPServerRequest, file: BinaryIO, pieces: list[Piece]
    ) -> None:
        self._request = request
        self._file = file
        self._pieces = pieces
        self._left = 0

    def go_on(self, _: object = None) -> None:
        request, out = self._request, self._request.client.out
        for _slice in range(TURN):
            if request.ended:
                self._file.close()
                return
            data = self._next()
            if data is None:
                self._file.close()
                request.finish()
                return
            if not data:
                # Half an answer is cut off.
                self._file.close()
                request.abort()
                return
            waits = request.write(data)
            if waits is not None or out.amount:
                (waits or out.when_below(1)).addCallbacks(self.go_on, self._lost)
                return
        request.soon(self.go_on)

    def _next(self) -> bytes | None:
        """The next bytes; C{None} at the end; none when the file cannot be read on."""
        if not self._left:
            if not self._pieces:
                return None
            piece = self._pieces.pop(0)
            if isinstance(piece, bytes):
                return piece
            self._left, at = piece
            self._file.seek(at)
            if not self._left:
                return self._next()
        try:
            data = self._file.read(min(WHOLE, self._left))
        except OSError:
            return b""
        self._left -= len(data)
        return data

    def _lost(self, _: object) -> None:
        self._file.close()
