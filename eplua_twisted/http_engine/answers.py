"""The heads of a server's answers."""

from __future__ import annotations

from email.utils import formatdate
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


def phrase(status: int) -> bytes:
    """The words for a status."""
    try:
        return HTTPStatus(status).phrase.encode("ascii")
    except ValueError:
        return b"Unknown"


class Names:
    """The usual spelling of header names, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def spell(self, name: bytes) -> bytes:
        known = self._known.get(name)
        if known is None:
            lower = name.lower()
            known = CAPITALS.get(lower) or b"-".join(
                part.capitalize() for part in lower.split(b"-")
            )
            if len(self._known) < MAX_NAMES:
                self._known[name] = known
        return known


class Heads:
    """
    Status lines with the date below them: those of one second are made once.

    @param now: the time of day, in seconds since 1970
    """

    def __init__(self) -> None:
        self._second = -1
        self._date = b""
        self._made: dict[tuple[int, int], bytes] = {}

    def begin(self, status: int, minor: int, now: float) -> bytes:
        """
        @param minor: of the client's version: 1 for HTTP/1.1
        @param now: the time of day, in seconds since 1970
        """
        second = int(now)
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


def refusal(status: int) -> bytes:
    """A whole answer, the last one on its connection."""
    return b"HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (
        status,
        phrase(status),
    )
