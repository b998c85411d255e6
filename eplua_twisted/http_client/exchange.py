"""A request as it is sent next, and one exchange of it with a server, through treq."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treq.client import HTTPClient
from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer, IResponse
from zope.interface import implementer

from eplua_twisted.errors import OperationError, quoted
from eplua_twisted.http_client.body import SentBody
from eplua_twisted.http_client.cookies import Cookies, NoCookies
from eplua_twisted.http_client.decoders import ACCEPTED, Decoder, decoder
from eplua_twisted.http_client.headers import (
    KNOWN,
    Pairs,
    RequestHeaders,
    canonical,
)
from eplua_twisted.http_client.response import Response
from eplua_twisted.http_client.urls import URL

if TYPE_CHECKING:
    from eplua_twisted.http_client.route import Route

USER_AGENT = b"eplua"

OURS = frozenset([b"content-length", b"transfer-encoding"])
"""Headers that say how the message is sent, which is not the script's choice."""

NO_COOKIES = NoCookies()


def request_headers(given: tuple[bytes, ...]) -> RequestHeaders:
    """@param given: names and values by turns, as the script wrote them"""
    headers: Pairs = []
    agent, accept = True, True
    for name, value in zip(given[::2], given[1::2], strict=True):
        lowered = name.lower()
        if lowered in OURS:
            continue
        agent = agent and lowered != b"user-agent"
        accept = accept and lowered != b"accept-encoding"
        headers.append((name, value))
    if agent:
        headers.append((b"User-Agent", USER_AGENT))
    if accept:
        headers.append((b"Accept-Encoding", ACCEPTED))
    return RequestHeaders(headers)


@dataclass(slots=True)
class RequestParameters:
    """
    What is asked for, and where; a redirect makes other ones.  It does not change; that
    it cannot would triple what it costs to make one.

    @ivar method: as the script wrote it
    @ivar is_redirect: the server itself has just sent us there
    """

    method: bytes
    url: URL
    headers: RequestHeaders
    body: bytes
    is_redirect: bool = False


@implementer(IAgent)
class Exchange:
    """
    One request and its response.  It is the agent that treq is given: what treq changes
    (it writes methods in capitals) is taken from L{RequestParameters}, all else from treq.
    """

    __slots__ = ("_parameters", "_reactor", "_route", "response")

    def __init__(
        self, route: Route, reactor: Any, parameters: RequestParameters
    ) -> None:
        self._route = route
        self._reactor = reactor
        self._parameters = parameters

    def start(
        self, jar: Cookies | None, authorization: bytes | None
    ) -> Deferred[Response]:
        """
        @param jar: sends its cookies, unless the script has its own, and gets new ones
        @param authorization: value of a header of that name
        @return: fires when the head of the response is here; fails as
            L{Route.request<eplua_twisted.http_client.route.Route.request>}
        """
        parameters = self._parameters
        headers = parameters.headers
        if authorization is not None:
            headers = headers.with_header(b"Authorization", authorization)
        if jar is not None and not headers.hasHeader(b"Cookie"):
            cookie = jar.header(parameters.url)
            if cookie is not None:
                headers = headers.with_header(b"Cookie", cookie)
        # Ready-made, because treq makes each of these slowly: URL, headers, cookies.
        sent = HTTPClient(self, NO_COOKIES, SentBody).request(
            parameters.method.decode("ascii"),
            parameters.url.ready,
            headers=headers,
            data=parameters.body or None,
            cookies=NO_COOKIES,
            allow_redirects=False,
            unbuffered=True,
            reactor=self._reactor,
        )
        return sent.addCallback(self._responded, jar)

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[IResponse]:
        """C{IAgent.request}"""
        assert isinstance(headers, RequestHeaders)
        body = bodyProducer.data if isinstance(bodyProducer, SentBody) else b""
        parameters = self._parameters
        answer: Deferred[Any] = self._route.request(
            parameters.method,
            parameters.url,
            headers,
            body,
            parameters.is_redirect,
        )
        return answer

    def _responded(self, wrapped: Any, jar: Cookies | None) -> Response:
        # treq has put its own class around it.
        response: Response = wrapped.original
        if jar is not None and b"set-cookie" in response.fields:
            jar.keep(self._parameters.url, response.fields[b"set-cookie"])
        return response


def described(response: Response, url: URL) -> list[bytes]:
    """
    What the script is told of a response besides its status and its body: the words of
    the status, the URL, and names, as they are usually written, and values by turns.
    """
    told = [response.phrase, url.text_bytes]
    for name, value in response.pairs:
        told += KNOWN.get(name) or canonical(name), value
    return told


def body_decoder(response: Response) -> Decoder | None:
    """
    What undoes the encodings of a body.

    @raise OperationError: C{limit}: there are too many; C{protocol}: a transfer coding
        that is not known
    """
    codings = response.codings
    encodings = response.fields.get(b"content-encoding", [])
    if not codings:
        return decoder(encodings) if encodings else None
    undo = decoder(codings)
    if undo is None:
        words = quoted(b", ".join(codings), 40)
        raise OperationError(
            "protocol", f"the answer is not HTTP: transfer coding {words}"
        )
    return decoder([*encodings, *codings])
