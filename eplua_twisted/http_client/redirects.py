"""Redirects (RFC 9110, section 15.4): where to, and with what of the request."""

from __future__ import annotations

from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.exchange import RequestParameters
from eplua_twisted.http_client.headers import RequestHeaders
from eplua_twisted.http_client.response import Response
from eplua_twisted.http_client.urls import URL, parse

STATUSES = (301, 302, 303, 307, 308)

SAFE = frozenset(
    b"accept accept-charset accept-encoding accept-language cache-control"
    b" content-encoding content-language content-type dnt if-match if-modified-since"
    b" if-none-match if-range if-unmodified-since pragma prefer range user-agent".split()
)
"""Headers that another origin is sent too; any other may hold what is secret."""


def redirected(response: Response, url: URL) -> URL | None:
    """
    Where a response leads.

    @raise OperationError: C{protocol}: nowhere
    """
    if response.code not in STATUSES:
        return None
    location = response.fields.get(b"location")
    if location is None or not location[0]:
        return None
    try:
        return parse(to_text(location[0]), url.text)
    except OperationError as problem:
        raise OperationError(
            "protocol", f"the server redirects to no {problem.message}"
        ) from None


def follow(
    parameters: RequestParameters, status: int, target: URL
) -> RequestParameters:
    """
    The request that a redirect asks for.  POST becomes GET after 301 and 302, all but
    HEAD after 303; the other statuses keep method and body.
    """
    method, body = parameters.method, parameters.body
    pairs = parameters.headers.pairs
    if (status in (301, 302) and method == b"POST") or (
        status == 303 and method != b"HEAD"
    ):
        method, body = b"GET", b""
        pairs = [pair for pair in pairs if not pair[0].lower().startswith(b"content-")]
    here = target.origin == parameters.url.origin
    if not here:
        pairs = [pair for pair in pairs if pair[0].lower() in SAFE]
    return RequestParameters(method, target, RequestHeaders(pairs), body, here)
