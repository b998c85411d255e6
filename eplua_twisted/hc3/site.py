"""A controller as other programs see it: by HTTP, below C{/api}."""

from __future__ import annotations

import json
from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.access import Access
from eplua_twisted.hc3.interfaces import Answer, IController
from eplua_twisted.hc3.plain import Plain
from eplua_twisted.hc3.routing import METHODS, Refused
from eplua_twisted.http_engine.answers import Fields
from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.site import site

PREFIX = b"/api"

MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request's body: an icon, a package with its files."""

_KIND = (b"Content-Type", b"application/json")

JSON = Fields([_KIND])

UNAUTHORIZED = Fields([_KIND, (b"WWW-Authenticate", b'Basic realm="Home Center"')])


class Site(site.Site):
    """Answers requests below C{/api} from a controller; others from pages."""

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
        super().__init__(clock, time_of_day, self._check, MAX_BODY)
        self.controller = controller
        self.access = access
        self._asked: dict[HTTPServerRequest, Deferred[Answer]] = {}

    def _check(self, head: RequestHead) -> None:
        if self.access is not None:
            self.access.check(head)

    def lost(self, request: HTTPServerRequest) -> None:
        """A client has not waited for its answer: nobody else waits for it."""
        asked = self._asked.pop(request, None)
        if asked is not None:
            asked.cancel()

    def serve(self, request: HTTPServerRequest) -> None:
        """See that a request is answered."""
        try:
            self._check(request.head)
            path = request.path
            if path.startswith(PREFIX + b"/") or path == PREFIX:
                self._ask(request)
            elif path in self.pages and request.head.method in (b"GET", b"HEAD"):
                self.pages[path](request)
            else:
                raise Refused(404, f"there is no {to_text(path)}")
        except site.NotAllowed as problem:
            self._answer(Refused(problem.status, problem.message).answer, request)
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
        site.answer(request, status, fields, content)

    def _failed(self, failure: Failure, request: HTTPServerRequest) -> None:
        self._asked.pop(request, None)
        if failure.check(CancelledError):
            return
        self.log.failure("a request could not be answered", failure)
        if not request.ended:
            self._answer(Refused(500, "internal error").answer, request)

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when port and clients are closed"""
        for asked in list(self._asked.values()):
            asked.cancel()
        return super().stop()


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
