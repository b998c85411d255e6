"""One HTTP request, with the redirects it follows, from its start to its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.interfaces import IResource
from eplua_twisted.border.primitives import operation, query
from eplua_twisted.border.reply import Events, Reply
from eplua_twisted.errors import EOF, TIMEOUT, OperationError
from eplua_twisted.http_client.authentication import (
    Authentication,
    Credentials,
    Sessions,
)
from eplua_twisted.http_client.body import Pieces, ReceivedBody
from eplua_twisted.http_client.cookies import Cookies
from eplua_twisted.http_client.exchange import (
    Exchange,
    RequestParameters,
    body_decoder,
    described,
)
from eplua_twisted.http_client.options import RequestOptions
from eplua_twisted.http_client.redirects import follow, redirected
from eplua_twisted.http_client.response import Response
from eplua_twisted.http_client.route import Route

MAX_SIZE = 64 * 1024 * 1024
"""Bytes of a body that is not streamed, unless the script moves this bound."""

DISCARD = 64 * 1024
"""Bytes of a redirect's own body that are read to keep its connection."""

Answer = tuple[object, ...]


@dataclass(slots=True)
class _Progress:
    """Where a request is: the one thing it waits for, and what it holds."""

    waits_for: Deferred[None] | Deferred[Response] | None = None
    inside: bool = False
    response: Response | None = None
    body: ReceivedBody | None = None
    pieces: Pieces = field(default_factory=Pieces)


@implementer(IResource)
class HTTPRequest:
    """A request, one resource whatever it takes: redirects, the body, waiting."""

    def __init__(
        self,
        environment: Environment,
        route: Route,
        jar: Cookies | None,
        authentication: Authentication | None,
        options: RequestOptions,
        parameters: RequestParameters,
        listener: int | None,
    ) -> None:
        self._environment = environment
        self._route = route
        self._jar = jar
        self._authentication = authentication
        self._options = options
        self._parameters = parameters
        self._now = _Progress()
        self._followed = 0
        self._is_event_stream = False
        self._pressed = False
        self._over = False
        self._reply: Reply | None = None
        self._deadline: Deadline | None = None
        self.id = environment.resources.add(self)
        self._events: Events | None = None
        if listener is not None:
            self._events = Events(environment.bridge, listener, self.id)

    @operation("http_request", direct=True)
    def start(self, reply: Reply) -> None:
        """
        @param reply: gets status, its words, body, URL, and names and values of the
            headers; fails with C{timeout}, C{eof}, C{limit}, C{protocol}, or whatever
            kept it from connecting
        """
        self._reply = reply
        if self._options.timeout:
            self._deadline = Deadline(self._environment.reactor, self._timed_out)
            self._deadline.start(self._options.timeout)
        self._enter()

    def _timed_out(self) -> None:
        self._fail(OperationError(*TIMEOUT))

    def _enter(self) -> None:
        """Wait for room among the requests to this server."""
        room = self._route.enter(
            self._parameters.url.origin, self._options.max_connections_per_host
        )
        if room is None:
            self._send()
        else:
            self._now.waits_for = room
            room.addCallbacks(lambda _: self._send(), self._failed)

    def _send(self) -> None:
        now, authentication = self._now, self._authentication
        now.inside = True
        authorization = None
        if authentication is not None:
            authorization = authentication.authorization(self._parameters)
        exchange = Exchange(self._route, self._environment.reactor, self._parameters)
        try:
            sent = exchange.start(self._jar, authorization)
        except Exception:  # noqa: BLE001 - whatever it is, it is the answer
            self._end(Failure())
            return
        now.waits_for = sent
        sent.addCallbacks(self._responded, self._failed)

    # The response.

    def _responded(self, response: Response) -> None:
        now, options = self._now, self._options
        now.waits_for = None
        now.response = response
        undo = None
        try:
            again = self._again(response)
            if again is None:
                undo = body_decoder(response)
        except OperationError as problem:
            response.stopProducing()
            self._fail(problem)
            return
        if again is not None:
            following = again
            body = ReceivedBody(
                None, DISCARD, _nothing, lambda _: self._follow(following)
            )
        else:
            self._is_event_stream = not options.streamed and self._is_events(response)
            take = self._chunk if self._hands_on else now.pieces.add
            if self._is_event_stream and self._events is not None:
                self._events.tell(
                    b"head", response.code, *described(response, self._parameters.url)
                )
            body = ReceivedBody(undo, self._max_size, take, self._received)
        now.body = body
        response.deliverBody(body)
        if self._pressed and now.body is body:
            body.pause()

    @property
    def awaited(self) -> bool:
        """Its answer is under way, and not one that comes in pieces for ever."""
        return self._now.body is None or not self._hands_on

    @property
    def _hands_on(self) -> bool:
        """The script gets the body in pieces."""
        return self._options.streamed or self._is_event_stream

    @property
    def _max_size(self) -> int:
        if self._options.max_size is not None:
            return self._options.max_size
        return 0 if self._options.streamed else MAX_SIZE

    def _is_events(self, response: Response) -> bool:
        """Server-sent events: HC3 calls C{success} with each chunk."""
        if self._events is None:
            return False
        kinds = response.fields.get(b"content-type")
        return kinds is not None and kinds[0].lower().startswith(b"text/event-stream")

    def _chunk(self, chunk: bytes) -> None:
        if self._is_event_stream and self._deadline is not None:
            self._deadline.restart(self._options.timeout)
        if self._events is not None:
            self._events.tell(b"chunk", chunk)

    def _received(self, failure: Failure | None) -> None:
        """The body is complete, or will never be."""
        now = self._now
        if failure is not None:
            self._end(failure)
        elif self._is_event_stream:
            self._end(Failure(OperationError(*EOF)))
        else:
            response = now.response
            assert response is not None
            told = described(response, self._parameters.url)
            self._end((response.code, now.pieces.take(), *told))

    # Redirects, and other requests that a response asks for.

    def _again(self, response: Response) -> RequestParameters | None:
        """
        What is to be sent next, if this response is not the last.

        @raise OperationError: C{limit}, C{protocol}
        """
        options, parameters = self._options, self._parameters
        authentication = self._authentication
        if authentication is not None and authentication.repeats(parameters, response):
            return parameters
        target = redirected(response, parameters.url) if options.redirects else None
        if target is None:
            return None
        if self._followed == options.redirects:
            raise OperationError(
                "limit", f"more than {options.redirects} redirects (option redirects)"
            )
        self._followed += 1
        return follow(parameters, response.code, target)

    def _follow(self, parameters: RequestParameters) -> None:
        """Send another request."""
        self._leave()
        self._now = _Progress()
        if parameters.url.user is not None and parameters is not self._parameters:
            # A redirect to where a user and password are in the URL.
            credentials = Credentials.of(parameters.url, False)
            self._authentication = Authentication(credentials, Sessions())
        self._parameters = parameters
        if not self._over:
            self._enter()

    # The end.

    def _failed(self, failure: Failure) -> None:
        self._now.waits_for = None
        self._end(failure)

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
            body.abandon()
        if now.inside:
            now.inside = False
            self._route.leave(self._parameters.url.origin)

    def _end(self, result: Answer | Failure) -> None:
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
        reply, self._reply = self._reply, None
        if reply is not None:
            if isinstance(result, Failure):
                assert result.value is not None
                reply.errback(result.value)
            else:
                reply.callback(result)

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
