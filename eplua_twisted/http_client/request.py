"""One HTTP request, with the redirects it follows, from its start to its end."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, cast

from treq.client import HTTPClient
from treq.cookies import IndexableCookieJar
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.values import to_bytes, to_text
from eplua_twisted.errors import EOF, TIMEOUT, OperationError
from eplua_twisted.http_client.body import ReceivedBody, SentBody
from eplua_twisted.http_client.decoders import decoder
from eplua_twisted.http_client.errors import explain
from eplua_twisted.http_client.exchange import Hop, Wanted
from eplua_twisted.http_client.pool import Route
from eplua_twisted.http_client.urls import URL, parse

DISCARD = 64 * 1024
"""Bytes of a redirect's own body that are read to keep its connection."""

PRIVATE = (b"Authorization", b"Cookie", b"Cookie2", b"Proxy-Authorization", b"Host")
"""Headers that another origin is not sent after a redirect."""


@dataclass
class _Progress:
    """Where a request is: the one thing it waits for, and what it holds."""

    waits_for: Deferred[Any] | None = None
    inside: bool = False
    hop: Hop | None = None
    body: ReceivedBody | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)


@implementer(IResource)
class HTTPRequest:
    """A request, one resource whatever it takes: redirects, the body, waiting."""

    def __init__(
        self,
        environment: Environment,
        route: Route,
        jar: IndexableCookieJar,
        wanted: Wanted,
    ) -> None:
        self._environment = environment
        self._route = route
        self._jar = jar
        self._wanted = wanted
        self._now = _Progress()
        self._followed = 0
        self._events = False
        self._pressed = False
        self._over = False
        self._done: Deferred[tuple[Any, ...]] | None = None
        self._deadline: Deadline | None = None
        self.id = environment.resources.add(self)

    @operation("http_request")
    def start(self) -> Deferred[tuple[Any, ...]]:
        """
        @return: fires with status, body, URL, and names and values of the headers;
            fails with C{timeout}, C{eof}, C{limit}, C{protocol}, or whatever kept
            it from connecting
        """
        done: Deferred[tuple[Any, ...]] = Deferred()
        self._done = done
        if self._wanted.timeout:
            self._deadline = Deadline(
                self._environment.reactor, self._fail, OperationError(*TIMEOUT)
            )
            self._deadline.start(self._wanted.timeout)
        self._enter()
        return done

    def _enter(self) -> None:
        """Wait for room among the requests to this server."""
        wanted = self._wanted
        room = self._route.enter(wanted.url.origin, wanted.max_connections)
        if room is None:
            self._send()
        else:
            self._now.waits_for = room
            room.addCallbacks(lambda _: self._send(), self._failed)

    def _send(self) -> None:
        now, wanted = self._now, self._wanted
        now.inside = True
        now.hop = Hop(self._route, wanted.accept)
        client = HTTPClient(now.hop, self._jar, SentBody)
        try:
            sent: Deferred[Any] = client.request(
                wanted.method,
                wanted.url.ready,
                headers=wanted.headers,
                data=wanted.body,
                allow_redirects=False,
                unbuffered=True,
                reactor=cast(Any, self._environment.reactor),
            )
        except Exception:
            self._end(Failure())
            return
        now.waits_for = sent
        sent.addCallbacks(self._responded, self._failed)

    # The response.

    def _responded(self, _: object) -> None:
        now, wanted = self._now, self._wanted
        now.waits_for = None
        assert now.hop is not None
        response = now.hop.response
        try:
            target = self._target(response)
            undo = decoder(now.hop.encodings) if target is None else None
            now.headers = now.hop.headers()
        except OperationError as problem:
            response.deliverBody(
                self._expect(ReceivedBody(None, 0, _nothing, _nothing))
            )
            self._fail(problem)
            return
        if target is not None:
            body = ReceivedBody(
                None, DISCARD, _nothing, lambda failure: self._follow(target)
            )
        else:
            self._events = not wanted.streamed and self._is_events(response)
            take = self._chunk if wanted.streamed or self._events else now.chunks.append
            if self._events:
                self._tell(True, response.code, *self._flat())
            body = ReceivedBody(undo, wanted.max_size, take, self._received)
        response.deliverBody(self._expect(body))
        if self._pressed and now.body is body:
            body.pause()

    def _expect(self, body: ReceivedBody) -> ReceivedBody:
        self._now.body = body
        return body

    def _is_events(self, response: Any) -> bool:
        """Server-sent events: HC3 calls C{success} with each chunk."""
        kind = response.headers.getRawHeaders(b"Content-Type", (b"",))[0]
        return self._wanted.listener is not None and (
            kind.lower().startswith(b"text/event-stream")
        )

    def _tell(self, *event: Any) -> None:
        self._environment.bridge.answer(
            self._wanted.listener or 0, self.id, True, *event
        )

    def _chunk(self, chunk: bytes) -> None:
        if self._events and self._deadline is not None:
            self._deadline.restart(self._wanted.timeout)
        self._tell(False, chunk)

    def _flat(self) -> tuple[Any, ...]:
        flat: list[bytes] = [to_bytes(self._wanted.url.text)]
        for pair in self._now.headers:
            flat += pair
        return tuple(flat)

    def _received(self, failure: Failure | None) -> None:
        """The body is complete, or will never be."""
        now = self._now
        if failure is not None:
            self._end(explain(failure))
        elif self._events:
            self._end(Failure(OperationError(*EOF)))
        else:
            assert now.hop is not None
            data = b"".join(now.chunks)
            now.chunks.clear()
            self._end((now.hop.response.code, data, *self._flat()))

    # Redirects.

    def _target(self, response: Any) -> URL | None:
        """Where a response leads, if it is to be followed."""
        wanted = self._wanted
        location = response.headers.getRawHeaders(b"Location")
        if (
            not wanted.redirects
            or not location
            or response.code not in (301, 302, 303, 307, 308)
        ):
            return None
        if self._followed == wanted.redirects:
            raise OperationError(
                "limit", f"more than {wanted.redirects} redirects (option redirects)"
            )
        try:
            return parse(to_text(location[0]), wanted.url.text)
        except OperationError as problem:
            raise OperationError(
                "protocol", f"the server redirects to no {problem.message}"
            ) from None

    def _follow(self, target: URL) -> None:
        """
        Ask there.  POST becomes GET after 301 and 302, all but HEAD after 303; the
        other statuses keep method and body (RFC 9110, section 15.4).
        """
        wanted, now = self._wanted, self._now
        assert now.hop is not None
        status = now.hop.response.code
        headers = wanted.headers.copy()
        if (status in (301, 302) and wanted.method == "POST") or (
            status == 303 and wanted.method != "HEAD"
        ):
            wanted.method, wanted.body = "GET", None
            headers.removeHeader(b"Content-Type")
        if target.origin != wanted.url.origin:
            for name in PRIVATE:
                headers.removeHeader(name)
        if target.user is not None:
            credentials = b"Basic " + b64encode(target.user)
            headers.setRawHeaders(b"Authorization", [credentials])
        self._leave()
        self._now = _Progress()
        self._followed += 1
        wanted.headers, wanted.url = headers, target
        if not self._over:
            self._enter()

    # The end.

    def _failed(self, failure: Failure) -> None:
        self._now.waits_for = None
        self._end(explain(failure))

    def _fail(self, reason: Exception) -> None:
        self._end(Failure(reason))

    def _leave(self) -> None:
        """Let go of the connection; one that a body is still coming on is closed."""
        now = self._now
        waits_for, now.waits_for = now.waits_for, None
        if waits_for is not None:
            waits_for.cancel()
        body, now.body = now.body, None
        if body is not None:
            body.abandon(getattr(now.hop and now.hop.response, "connection", None))
        if now.inside:
            now.inside = False
            self._route.leave(self._wanted.url.origin)

    def _end(self, result: tuple[Any, ...] | Failure) -> None:
        """Answer, once."""
        if self._over:
            return
        self._over = True
        if self._deadline is not None:
            self._deadline.cancel()
            # It knows the request, which is to go as soon as nobody else does.
            self._deadline = None
        self._leave()
        self._environment.resources.remove(self.id)
        done, self._done = self._done, None
        if done is not None:
            if isinstance(result, Failure):
                done.errback(result)
            else:
                done.callback(result)

    @query("http_cancel")
    def close(self) -> None:
        """The script wants no answer any more."""
        self._environment.bridge.forget(self.id)
        self._fail(CancelledError())

    def abort(self) -> None:
        """Close now."""
        self._fail(CancelledError())

    def pause(self) -> None:
        self._pressed = True
        if self._now.body is not None:
            self._now.body.pause()

    def resume(self) -> None:
        self._pressed = False
        if self._now.body is not None:
            self._now.body.resume()


def _nothing(_: object) -> None:
    """Nobody wants it."""
