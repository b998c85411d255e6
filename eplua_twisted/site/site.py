"""An HTTP server that is no script's."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocol,
    IReactorTime,
)
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.resources import Resources
from eplua_twisted.http_engine.answers import Fields, Heads, Names
from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.http_server.connection import HTTPConnection
from eplua_twisted.http_server.options import HTTPServerOptions
from eplua_twisted.http_server.readers import Readers
from eplua_twisted.http_server.request import HTTPServerRequest

MAX_CONNECTIONS = 256
"""Clients at a time."""

GRACE = 1.0
"""Seconds that clients have to take their last answers when it stops."""

Page = Callable[[HTTPServerRequest], object]
"""Sees that a request is answered, now or later."""

TakeOver = Callable[[HTTPServerRequest], "IProtocol | None"]
"""Gives the protocol that a connection speaks from now on; C{None}: there is no room."""


class NotAllowed(Exception):
    """
    Who asks is not answered.

    @ivar status: 401 or 403
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Site(Factory):
    """
    Answers requests by their paths.

    @ivar pages: what answers C{GET} there; who may ask was checked
    @ivar upgrades: who takes connections that ask for a WebSocket
    """

    log = Logger()
    noisy = False
    secure = False

    def __init__(
        self,
        clock: IReactorTime,
        time_of_day: Callable[[], float],
        check: Callable[[RequestHead], object],
        max_body_size: int,
    ) -> None:
        """
        @param clock: of the network
        @param check: raises L{NotAllowed} when who asks is not answered
        """
        self.clock = clock
        self.check = check
        self.options = HTTPServerOptions(
            max_body_size=max_body_size, max_connections=MAX_CONNECTIONS
        )
        self.heads = Heads(Names(), time_of_day)
        self.readers = Readers()
        self.resources = Resources()
        self.pages: dict[bytes, Page] = {}
        self.upgrades: dict[bytes, TakeOver] = {}
        self._clients: set[HTTPConnection] = set()
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

    # Requests.

    def serve(self, request: HTTPServerRequest) -> None:
        """See that a request is answered."""
        try:
            self.check(request.head)
        except NotAllowed as problem:
            return say(request, problem.status, problem.message)
        page = self.pages.get(request.path)
        if page is None:
            return say(request, 404, "there is no such page")
        if request.head.method not in (b"GET", b"HEAD"):
            return say(request, 405, "only GET is allowed")
        page(request)
        return None

    def lost(self, request: HTTPServerRequest) -> None:
        """A client has not waited for its answer."""

    # Upgrades.

    def takes_upgrade(self, request: HTTPServerRequest) -> bool:
        """Whether a request that asks for another protocol gets it."""
        if request.path not in self.upgrades or request.head.method != b"GET":
            return False
        try:
            self.check(request.head)
        except NotAllowed:
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
            for client in list(self._clients):
                client.close()
            self._grace.start(GRACE)
            if self._port is not None:
                closing = maybeDeferred(self._port.stopListening)
                closing.addErrback(
                    lambda failure: self.log.failure("a port is not closed", failure)
                )
                closing.addCallback(self._port_closed)
        waiting: Deferred[None] = Deferred()
        self._stopped.chainDeferred(waiting)
        self._settle()
        return waiting

    def _port_closed(self, _: object) -> None:
        self._port = None
        self._settle()

    def _abort(self) -> None:
        for client in list(self._clients):
            client.abort()

    def _settle(self) -> None:
        stopped = self._stopped
        if stopped is None or stopped.called or self._clients or self._port is not None:
            return
        self._grace.cancel()
        stopped.callback(None)


def answer(
    request: HTTPServerRequest, status: int, fields: Fields, content: bytes
) -> None:
    """Answer a request.  Nobody waits for it: a client that goes is no error."""
    waits = request.answer_with(status, fields, content)
    if waits is not None:
        waits.addErrback(lambda _: None)


PLAIN = Fields(
    [
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"X-Content-Type-Options", b"nosniff"),
    ]
)


def say(request: HTTPServerRequest, status: int, message: str) -> None:
    """Answer with one line."""
    answer(request, status, PLAIN, f"{message}\n".encode())
