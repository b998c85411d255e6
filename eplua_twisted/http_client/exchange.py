"""What a request asks for, and one exchange of it with a server."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer
from zope.interface import implementer

from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.decoders import ACCEPTED
from eplua_twisted.http_client.urls import URL

MAX_SIZE = 64 * 1024 * 1024
MAX_HEADERS = 1000
"""Fields of a response: they cross to Lua together, and its stack is bounded."""

USER_AGENT = b"eplua"

OURS = frozenset([b"content-length", b"transfer-encoding", b"accept-encoding"])
"""Headers that say how the message is sent, which is not the script's choice."""


@dataclass
class Wanted:
    """
    What the script asked for.

    @ivar headers: the script's own, without those of L{OURS}
    @ivar accept: the value of C{Accept-Encoding}
    @ivar timeout: seconds for all of it, 0 for no limit
    @ivar redirects: how many to follow
    @ivar max_size: the most bytes of a body, once decoded; 0 for no limit
    @ivar max_connections: the most at a time to one server
    @ivar listener: the ticket that is told of a streamed body
    @ivar streamed: whether each body is; else only C{text/event-stream} is
    """

    url: URL
    method: str
    headers: Headers
    body: bytes | None
    accept: bytes
    timeout: float
    redirects: int
    max_size: int
    max_connections: int
    listener: int | None
    streamed: bool


def request_headers(
    pairs: tuple[bytes, ...], user: bytes | None
) -> tuple[Headers, bytes]:
    """
    The headers to send, and the value of C{Accept-Encoding}.

    @param pairs: names and values by turns
    @param user: C{user:password} for basic authentication (RFC 7617)
    """
    headers = Headers()
    accept = []
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        if name.lower() not in OURS:
            headers.addRawHeader(name, value)
        elif name.lower() == b"accept-encoding":
            accept.append(value)
    if user is not None:
        headers.setRawHeaders(b"Authorization", [b"Basic " + b64encode(user)])
    if not headers.hasHeader(b"User-Agent"):
        headers.addRawHeader(b"User-Agent", USER_AGENT)
    return headers, b", ".join(accept) or ACCEPTED


@implementer(IAgent)
class Hop:
    """
    The agent treq is given: one exchange.  It keeps treq from undoing gzip, for
    which it has no bound, and remembers the response as it came.
    """

    def __init__(self, route: IAgent, accept: bytes) -> None:
        self._route = route
        self._accept = accept
        self.encodings: list[bytes] = []
        self.response: Any = None

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[Any]:
        """C{IAgent.request}"""
        assert headers is not None
        headers.setRawHeaders(b"Accept-Encoding", [self._accept])
        answer: Any = self._route.request(method, uri, headers, bodyProducer)
        arrived: Deferred[Any] = answer.addCallback(self._arrived)
        return arrived

    def _arrived(self, response: Any) -> Any:
        self.response = response
        self.encodings = list(response.headers.getRawHeaders(b"Content-Encoding", ()))
        response.headers.removeHeader(b"Content-Encoding")
        return response

    def headers(self) -> list[tuple[bytes, bytes]]:
        """
        All headers of the response, values of one name in order.

        @raise OperationError: C{protocol}, there are too many
        """
        found = [
            # treq has put an empty one in its place.
            each
            for each in self.response.headers.getAllRawHeaders()
            if each[0] != b"Content-Encoding"
        ]
        control = getattr(self.response, "control", None)
        if control is not None:
            found += control.getAllRawHeaders()
        if self.encodings:
            found.append((b"Content-Encoding", self.encodings))
        pairs = [(name, value) for name, values in found for value in values]
        if len(pairs) > MAX_HEADERS:
            raise OperationError("protocol", f"the server sent {len(pairs)} headers")
        return pairs
