"""Header fields: as a script wrote them, and as a server sent them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from twisted.web.http_headers import Headers

Pairs = list[tuple[bytes, bytes]]

IRREGULAR = {
    b"content-md5": b"Content-MD5",
    b"dnt": b"DNT",
    b"etag": b"ETag",
    b"p3p": b"P3P",
    b"te": b"TE",
    b"www-authenticate": b"WWW-Authenticate",
    b"x-xss-protection": b"X-XSS-Protection",
}

USUAL = (
    b"Accept-Ranges Age Allow Alt-Svc Cache-Control Connection Content-Disposition"
    b" Content-Encoding Content-Language Content-Length Content-Location Content-Range"
    b" Content-Type Date Expires Keep-Alive Last-Modified Link Location Pragma Retry-After"
    b" Server Set-Cookie Transfer-Encoding Upgrade Vary Via X-Powered-By"
).split()

KNOWN = {
    **{name: name for name in (*USUAL, *IRREGULAR.values())},
    **{name.lower(): name for name in USUAL},
    **IRREGULAR,
}


def canonical(name: bytes) -> bytes:
    """A name as it is usually written: C{Content-Type}, C{ETag}."""
    known = KNOWN.get(name)
    if known is not None:
        return known
    lowered = name.lower()
    return KNOWN.get(lowered) or b"-".join(
        [word.capitalize() for word in lowered.split(b"-")]
    )


def _encoded(text: str | bytes) -> bytes:
    return text.encode("utf-8") if isinstance(text, str) else text


class OrderedHeaders(Headers):
    """
    Twisted's C{Headers}, but in the order and the case in which they were added, as
    those who read them by eye, or by a program that is not quite right, want them.

    @ivar pairs: names and values
    """

    __slots__ = ("pairs",)

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pairs!r})"

    def copy(self) -> OrderedHeaders:
        return type(self)(self.pairs.copy())

    def hasHeader(self, name: str | bytes) -> bool:
        wanted = _encoded(name).lower()
        return any(each.lower() == wanted for each, _ in self.pairs)

    def removeHeader(self, name: str | bytes) -> None:
        wanted = _encoded(name).lower()
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != wanted]

    def setRawHeaders(self, name: str | bytes, values: Sequence[str | bytes]) -> None:
        self.removeHeader(name)
        for value in values:
            self.pairs.append((_encoded(name), _encoded(value)))

    def addRawHeader(self, name: str | bytes, value: str | bytes) -> None:
        self.pairs.append((_encoded(name), _encoded(value)))

    def getRawHeaders(self, name: Any, default: Any = None) -> Any:
        wanted = _encoded(name).lower()
        found = [value for each, value in self.pairs if each.lower() == wanted]
        if isinstance(name, str):
            return [value.decode("utf-8") for value in found] or default
        return found or default

    def getAllRawHeaders(self) -> Iterator[tuple[bytes, Sequence[bytes]]]:
        """All values of a name, under the name as it was first written."""
        names: dict[bytes, tuple[bytes, list[bytes]]] = {}
        for name, value in self.pairs:
            names.setdefault(name.lower(), (name, []))[1].append(value)
        return iter(names.values())


class RequestHeaders(OrderedHeaders):
    """
    Those of a request, which never change: treq, which makes a copy to add what it would
    accept, gets them as they are.

    @ivar written: what was last written with them, for L{Route
        <eplua_twisted.http_client.route.Route>}: scripts send the same again and again
    """

    __slots__ = ("_names", "written")

    def __init__(self, pairs: Pairs) -> None:
        super().__init__(pairs)
        self._names = frozenset([name.lower() for name, _ in pairs])
        self.written: tuple[Any, ...] | None = None

    def copy(self) -> RequestHeaders:
        return self

    def hasHeader(self, name: str | bytes) -> bool:
        return _encoded(name).lower() in self._names

    def addRawHeader(self, name: str | bytes, value: str | bytes) -> None:
        """What is accepted is said already."""

    def with_header(self, name: bytes, value: bytes) -> RequestHeaders:
        """The same, and one more in the place of all of that name."""
        lowered = name.lower()
        kept = [pair for pair in self.pairs if pair[0].lower() != lowered]
        return RequestHeaders([*kept, (name, value)])


class ResponseHeaders(OrderedHeaders):
    """
    Those of a response, as treq sees them: it would undo C{gzip}, for which it has no
    bound.
    """

    __slots__ = ()

    def getRawHeaders(self, name: Any, default: Any = None) -> Any:
        if name == b"Content-Encoding":
            return default
        return super().getRawHeaders(name, default)

    def setRawHeaders(self, name: str | bytes, values: Sequence[str | bytes]) -> None:
        if name != b"Content-Encoding":
            super().setRawHeaders(name, values)

    def removeHeader(self, name: str | bytes) -> None:
        if name != b"Content-Encoding":
            super().removeHeader(name)
