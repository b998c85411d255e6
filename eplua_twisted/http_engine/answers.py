"""The heads of a server's answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus

NO_BODY = frozenset((204, 304))
"""Statuses whose answers have no body, nor its length (RFC 9110, 6.4.1)."""

CAPITALS = {
    b"content-md5": b"Content-MD5",
    b"dnt": b"DNT",
    b"etag": b"ETag",
    b"p3p": b"P3P",
    b"te": b"TE",
    b"www-authenticate": b"WWW-Authenticate",
    b"x-xss-protection": b"X-XSS-Protection",
}
MAX_NAMES = 1000

KEPT = 64
"""Sets of header fields that are kept for other answers."""

MAX_KEPT = 1024
"""Bytes of header fields that are kept."""


def phrase(status: int) -> bytes:
    """The words for a status."""
    try:
        return HTTPStatus(status).phrase.encode("ascii")
    except ValueError:
        return b"Unknown"


def seconds_of(date: bytes) -> int | None:
    """
    A date of HTTP as seconds since 1970; C{None} for what is none.  The zone is that of
    Greenwich, also where none is told (RFC 9110, 5.6.7).
    """
    try:
        told = parsedate_to_datetime(date.decode("ascii"))
        return int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


Pairs = Sequence[tuple[bytes, bytes]]


class Names(dict[bytes, bytes]):
    """
    The usual spelling of header names, each worked out once: a dictionary, because to
    look one up costs a tenth of a call.
    """

    def __missing__(self, name: bytes) -> bytes:
        lower = name.lower()
        known = CAPITALS.get(lower) or b"-".join(
            [part.capitalize() for part in lower.split(b"-")]
        )
        if len(self) < MAX_NAMES:
            self[name] = known
        return known


class Fields:
    """
    The header fields that an answer is given, and what they mean for it.

    @ivar pairs: names, in their usual spelling, and values; all but C{Content-Length}
    @ivar text: the same as they are sent
    @ivar length: the last C{Content-Length}
    @ivar tag: C{ETag}
    @ivar modified: C{Last-Modified}, in seconds since 1970
    @ivar dated: they have a C{Date}
    @ivar connection: the values of C{Connection}, in lower case; C{None} for none
    """

    __slots__ = ("connection", "dated", "length", "modified", "pairs", "tag", "text")

    def __init__(self, pairs: Pairs) -> None:
        self.length: bytes | None = None
        self.tag: bytes | None = None
        self.modified: int | None = None
        self.dated = False
        self.connection: bytes | None = None
        kept = []
        for name, value in pairs:
            if name == b"Content-Length":
                self.length = value
                continue
            if name == b"ETag":
                self.tag = value
            elif name == b"Last-Modified":
                self.modified = seconds_of(value)
            elif name == b"Date":
                self.dated = True
            elif name == b"Connection":
                self.connection = (self.connection or b"") + value.lower()
            kept.append((name, value))
        self.pairs: Pairs = kept
        self.text = b"".join([b"%s: %s\r\n" % pair for pair in kept])

    def without(self, unwanted: bytes) -> Fields:
        """The same, but for those of one name."""
        return Fields([each for each in self.pairs if each[0] != unwanted])


class Heads:
    """
    What heads of answers are made of.  Most answers of a server have the same few: what
    was made for one is kept for others, the date for a second.

    @param names: the usual spelling of names
    @param now: gives the time of day, in seconds since 1970
    """

    def __init__(self, names: Names, now: Callable[[], float]) -> None:
        self._names = names
        self._now = now
        self._second = -1
        self._date = b""
        self._made: dict[tuple[int, int], bytes] = {}
        self._fields: dict[tuple[bytes, ...], Fields] = {}

    def begin(self, status: int, minor: int) -> bytes:
        """
        @param minor: of the client's version: 1 for HTTP/1.1
        @return: a status line with the date below it
        """
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._date = formatdate(second, usegmt=True).encode("ascii")
            self._made.clear()
        made = self._made.get((status, minor))
        if made is None:
            made = b"HTTP/1.%d %d %s\r\nDate: %s\r\n" % (
                minor,
                status,
                phrase(status),
                self._date,
            )
            self._made[status, minor] = made
        return made

    def fields(self, flat: tuple[bytes, ...]) -> Fields:
        """@param flat: names and values by turns, as the script wrote them"""
        known = self._fields.get(flat)
        if known is None:
            each, names = iter(flat), self._names
            known = Fields([(names[name], next(each)) for name in each])
            if len(known.text) <= MAX_KEPT:
                if len(self._fields) >= KEPT:
                    self._fields.clear()
                self._fields[flat] = known
        return known


def refusal(status: int) -> bytes:
    """A whole answer, the last one on its connection."""
    return b"HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (
        status,
        phrase(status),
    )
