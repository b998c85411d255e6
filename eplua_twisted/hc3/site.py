"""A controller as other programs see it: by HTTP, below C{/api}."""

from __future__ import annotations

import json
from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocol,
    IReactorTime,
)
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.resources import Resources
from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.access import Access
from eplua_twisted.hc3.interfaces import Answer, IController
from eplua_twisted.hc3.plain import Plain
from eplua_twisted.hc3.routing import METHODS, Refused
from eplua_twisted.http_engine.answers import Fields, Heads, Names
from eplua_twisted.http_server.connection import HTTPConnection
from eplua_twisted.http_server.options import HTTPServerOptions
from eplua_twisted.http_server.request import HTTPServerRequest

PREFIX = b"/api"

MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request's body: an icon, a package with its files."""

MAX_CONNECTIONS = 256
"""Clients at a time."""

GRACE = 1.0
"""Seconds that clients have to take their last answers when it stops."""

_KIND = (b"Content-Type", b"application/json")

JSON = Fields([_KIND])

UNAUTHORIZED = Fields([_KIND, (b"WWW-Authenticate", b'Basic realm="Home Center"')])

Page = Callable[[HTTPServerRequest], object]
"""Sees that a request is answered, now or later."""

TakeOver = Callable[[HTTPServerRequest], "IProtocol | None"]
"""Gives the protocol that a connection speaks from now on; C{None}: there is no room."""


class Site(Factory):
    """
    Answers requests below C{/api} from a controller; others from pages.

    @ivar pages: by their paths, what answers C{GET} there; who may ask was checked
    @ivar upgrades: by their paths, who takes connections that ask for a WebSocket
    """

    noisy = False
    secure = False
    log = Logger()

    def __init__(
        self,
        controller: IController,
        clock: IReactorTime,
        time_of_day: Callable[[], float],
        access: Access | None,
    ) -> None:
        """
        @param clock: of the network, which no script moves
        @param access: C{None} for clients in this process: there is nothing to check
        """
        self.controller = controller
        self.clock = clock
        self.time_of_day = time_of_day
        self.access = access
        self.options = HTTPServerOptions(
            max_body_size=MAX_BODY, max_connections=MAX_CONNECTIONS
        )
        self.heads = Heads(Names(), time_of_day)
        self.resources = Resources()
        self.pages: dict[bytes, Page] = {}
        self.upgrades: dict[bytes, TakeOver] = {}
        self._clients: set[HTTPConnection] = set()
        self._asked: dict[HTTPServerRequest, Deferred[Answer]] = {}
        self._port: IListeningPort | None = None
        self._stopped: Deferred[None] | None = None
        self._grace = Deadline(clock, self._abort)

    # Clients.

    def buildProtocol(self, addr: IAddress | None) -> HTTPConnection | None:
        if self._stopped is not None or len(self._clients) >= MAX_CONNECTIONS:
            return None
        client = HTTPConnection(self)
        self._clients.add(client)
        return client

    def left(self, client: HTTPConnection) -> None:
        """A client is gone."""
        self._clients.discard(client)
        self._settle()

    def lost(self, request: HTTPServerRequest) -> None:
        """A client has not waited for its answer: nobody else waits for it."""
        asked = self._asked.pop(request, None)
        if asked is not None:
            asked.cancel()

    # Requests.

    def serve(self, request: HTTPServerRequest) -> None:
        """See that a request is answered."""
        try:
            if self.access is not None:
                self.access.check(request.head)
            path = request.path
            if path.startswith(PREFIX + b"/") or path == PREFIX:
                self._ask(request)
            elif path in self.pages and request.head.method in (b"GET", b"HEAD"):
                self.pages[path](request)
            else:
                raise Refused(404, f"there is no {to_text(path)}")
        except Refused as refused:
            self._answer(refused.answer, request)

    def _ask(self, request: HTTPServerRequest) -> None:
        method = request.head.method.decode("ascii")
        if method not in METHODS:
            raise Refused(405, f"{method} is not allowed")
        path = to_text(request.uri[len(PREFIX) :]) or "/"
        body = _body(request.body)
        asked = self.controller.request(method, path, body)
        self._asked[request] = asked
        asked.addErrback(_unreachable)
        asked.addCallback(self._answer, request)
        asked.addErrback(self._failed, request)

    def _answer(self, answer: Answer, request: HTTPServerRequest) -> None:
        self._asked.pop(request, None)
        if request.ended:
            return
        status, body = answer
        fields = UNAUTHORIZED if status == 401 else JSON
        content = b"" if body is None else _json(body)
        waits = request.answer_with(status, fields, content)
        if waits is not None:
            # Nobody waits for it: a client that goes is no error.
            waits.addErrback(lambda _: None)

    def _failed(self, failure: Failure, request: HTTPServerRequest) -> None:
        self._asked.pop(request, None)
        if failure.check(CancelledError):
            return
        self.log.failure("a request could not be answered", failure)
        if not request.ended:
            self._answer(Refused(500, "internal error").answer, request)

    # Upgrades.

    def takes_upgrade(self, request: HTTPServerRequest) -> bool:
        """Whether a request that asks for another protocol gets it."""
        if request.path not in self.upgrades or request.head.method != b"GET":
            return False
        try:
            if self.access is not None:
                self.access.check(request.head)
        except Refused:
            # It is answered as a request.
            return False
        return True

    def upgrade(self, request: HTTPServerRequest) -> IProtocol | None:
        """The protocol that speaks from now on; C{None} when there is no room."""
        return self.upgrades[request.path](request)

    # Its port, and its end.

    def listening(self, port: IListeningPort) -> None:
        """It has a port, which goes with it."""
        self._port = port

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when port and clients are closed"""
        if self._stopped is None:
            self._stopped = Deferred()
            for asked in list(self._asked.values()):
                asked.cancel()
            for client in list(self._clients):
                client.close()
            self._grace.start(GRACE)
            port, self._port = self._port, None
            if port is not None:
                maybeDeferred(port.stopListening).addBoth(lambda _: self._settle())
        waiting: Deferred[None] = Deferred()
        self._stopped.chainDeferred(waiting)
        self._settle()
        return waiting

    def _abort(self) -> None:
        for client in list(self._clients):
            client.abort()

    def _settle(self) -> None:
        stopped = self._stopped
        if stopped is not None and not stopped.called and not self._clients:
            self._grace.cancel()
            stopped.callback(None)


def _body(content: bytes) -> Plain:
    """@raise Refused: 400: it is no JSON"""
    if not content.strip():
        return None
    try:
        body: Plain = json.loads(content.decode("utf-8", "surrogateescape"))
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno} column {problem.colno}"
        raise Refused(400, f"the body is no JSON: {problem.msg}, {where}") from None
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    return body


def _json(body: Plain) -> bytes:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogateescape")


def _unreachable(failure: Failure) -> Answer:
    """The controller behind it is a real one, and cannot be reached."""
    failure.trap(OperationError)
    problem = failure.value
    assert isinstance(problem, OperationError)
    return Refused(502, problem.message).answer
