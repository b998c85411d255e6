"""Requests to other HTTP servers, by this package's own client."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import limit
from eplua_twisted.border.environment import Environment
from eplua_twisted.errors import OperationError, describe
from eplua_twisted.http_client.body import Pieces, ReceivedBody
from eplua_twisted.http_client.exchange import body_decoder, request_headers
from eplua_twisted.http_client.response import Response
from eplua_twisted.http_client.route import Route
from eplua_twisted.http_client.urls import URL, parse
from eplua_twisted.tls.options import TLSOptions

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of an answer's body."""


@dataclass(frozen=True)
class Fetched:
    """
    A whole answer.

    @ivar kind: of its content, as the server calls it
    """

    status: int
    kind: str
    body: bytes


Fetch = Callable[[str], "Deferred[Fetched]"]
"""Gets what a URL, with its user and password, has."""


class Client:
    """
    One way to servers, with the connections that are kept.

    @ivar tls: the options of TLS connections
    """

    def __init__(self, environment: Environment, tls: TLSOptions | None = None) -> None:
        self._clock = environment.reactor
        self._route = Route(environment, tls, None, True)
        self._running: set[Deferred[Fetched]] = set()

    def request(
        self,
        method: bytes,
        url: URL,
        headers: tuple[bytes, ...],
        body: bytes,
        timeout: float,
    ) -> Deferred[Fetched]:
        """
        @param headers: names and values by turns
        @param timeout: seconds for all of it
        @return: fires with the answer, whatever its status; fails with
            L{OperationError}, also when it is cancelled
        """
        asked = self._route.request(method, url, request_headers(headers), body)
        whole = asked.addCallback(_whole)
        answered = limit(whole, self._clock, timeout).addErrback(_described)
        self._running.add(answered)

        def over(result: Fetched | Failure) -> Fetched | Failure:
            self._running.discard(answered)
            return result

        return answered.addBoth(over)

    def close(self) -> Deferred[None]:
        """@return: fires with C{None} when no connection is left"""
        for each in list(self._running):
            each.cancel()
        return self._route.pool.close()


def _whole(response: Response) -> Deferred[Fetched]:
    """Wait for the body."""
    pieces = Pieces()

    def over(failure: Failure | None) -> None:
        if failure is not None:
            complete.errback(failure)
            return
        kinds = response.fields.get(b"content-type") or [b""]
        kind = kinds[0].decode("latin-1")
        complete.callback(Fetched(response.code, kind, pieces.take()))

    body = ReceivedBody(body_decoder(response), MAX_SIZE, pieces.add, over)
    complete: Deferred[Fetched] = Deferred(lambda _: body.abandon())
    response.deliverBody(body)
    return complete


def _described(failure: Failure) -> Failure:
    """What can go wrong on the way, as L{OperationError}; a bug stays what it is."""
    described = describe(failure)
    return failure if described is None else Failure(OperationError(*described))


def fetcher(client: Client, timeout: float) -> Fetch:
    """@param timeout: seconds for each"""

    def fetch(text: str) -> Deferred[Fetched]:
        url = parse(text)
        headers: tuple[bytes, ...] = ()
        if url.user is not None:
            headers = (b"Authorization", b"Basic " + b64encode(url.user))
        return client.request(b"GET", url, headers, b"", timeout)

    return fetch
