"""A response, from its head on."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.interfaces import IProtocol, IPushProducer
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.iweb import UNKNOWN_LENGTH, IClientRequest, IResponse
from zope.interface import implementer

from eplua_twisted.http_client.headers import Pairs, ResponseHeaders
from eplua_twisted.http_engine.response_reader import ResponseHead

COMPLETE = Failure(ResponseDone("the response is complete"))
"""What the protocol of a body that is all here is told."""


class Source(Protocol):
    """The connection that a response comes by."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def abort(self) -> None: ...


@implementer(IResponse, IPushProducer)
class Response:
    """
    As Twisted's, with all that the server sent.  It is the transport of the protocol that
    its body is delivered to; what comes before there is one waits here.

    @ivar pairs: names and values of the headers, as they were sent and in that order
    @ivar codings: transfer codings to undo, but C{chunked}
    """

    __slots__ = (
        "_end",
        "_head",
        "_headers",
        "_pending",
        "_protocol",
        "_source",
        "code",
        "codings",
        "pairs",
        "phrase",
        "previousResponse",
    )

    request: IClientRequest | None = None

    def __init__(
        self, source: Source, head: ResponseHead, codings: list[bytes]
    ) -> None:
        self._source: Source | None = source
        self._head = head
        self._headers: ResponseHeaders | None = None
        self._protocol: IProtocol | None = None
        self._pending: list[bytes] = []
        self._end: Failure | None = None
        self.code = head.status
        self.phrase = head.reason
        self.pairs: Pairs = head.headers
        self.codings = codings
        self.previousResponse: IResponse | None = None

    @property
    def version(self) -> tuple[bytes, int, int]:
        return b"HTTP", 1, self._head.minor

    @property
    def headers(self) -> ResponseHeaders:
        if self._headers is None:
            self._headers = ResponseHeaders(self.pairs)
        return self._headers

    @property
    def length(self) -> object:
        length = self._head.fields.get(b"content-length", [b""])[0]
        return int(length) if length.isdigit() else UNKNOWN_LENGTH

    @property
    def fields(self) -> dict[bytes, list[bytes]]:
        """
        The values of some headers; see L{LOOKED_AT
        <eplua_twisted.http_engine.response_reader.LOOKED_AT>}.
        """
        return self._head.fields

    def setPreviousResponse(self, response: IResponse) -> None:
        self.previousResponse = response

    # The body, from the connection to the protocol.

    def deliverBody(self, protocol: IProtocol) -> None:
        """
        @param protocol: its C{connectionLost} is told of L{ResponseDone}, or why there
            will be no more
        """
        self._protocol = protocol
        # As far as such a protocol needs one.
        transport: Any = self
        protocol.makeConnection(transport)
        if self._pending:
            self.resumeProducing()
            pending, self._pending = self._pending, []
            for data in pending:
                protocol.dataReceived(data)
        if self._end is not None:
            self._tell_end(self._end)

    def feed(self, data: bytes) -> None:
        """A piece of the body has come."""
        if self._protocol is None:
            self._pending.append(data)
            self.pauseProducing()
        else:
            self._protocol.dataReceived(data)

    def finish(self, reason: Failure) -> None:
        """No more will come; the connection is somebody else's from now on."""
        self._source = None
        self._end = reason
        self._tell_end(reason)

    def _tell_end(self, reason: Failure) -> None:
        # They hold each other; what is over goes without the collector.
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.connectionLost(reason)

    # The transport of that protocol.

    def pauseProducing(self) -> None:
        if self._source is not None:
            self._source.pause()

    def resumeProducing(self) -> None:
        if self._source is not None:
            self._source.resume()

    def stopProducing(self) -> None:
        """The rest is not wanted: if it is not here yet, its connection is closed."""
        source, self._source = self._source, None
        if source is not None:
            source.abort()

    loseConnection = abortConnection = stopProducing
