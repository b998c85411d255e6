"""C{/proxy?url=}: the box fetches something for who asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.copies import NotPlain, copied
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.lua_values import whole
from eplua_twisted.hc3.plain import Plain
from eplua_twisted.hc3.routing import Refused, Request, Route

if TYPE_CHECKING:
    from eplua_twisted.hc3.fetch import Fetch, Fetched

MAX_FETCHES = 50
"""Fetches at a time."""


class Proxy:
    """The subject C{proxy}."""

    def __init__(self, fetch: Fetch | None) -> None:
        """@param fetch: C{None}: there is no network"""
        self._fetch = fetch
        self._running = 0

    def routes(self) -> list[Route]:
        return [Route("GET", "/proxy", self._get, "what the address in `url` has")]

    def _get(self, request: Request) -> Answer | Deferred[Answer]:
        address = request.query.get("url")
        first, more, _ = request.raw_query.partition("&")
        if more and first.startswith("url=") and "://" in first:
            # The address was not escaped: what follows belongs to it.
            address = request.raw_query.removeprefix("url=")
        if not address:
            raise Refused(400, "url is needed")
        if self._fetch is None:
            raise Refused(502, "this controller has no network")
        if self._running >= MAX_FETCHES:
            raise Refused(429, f"{MAX_FETCHES} addresses are being fetched already")
        try:
            fetched = self._fetch(address)
        except OperationError as problem:
            raise Refused(400, problem.message) from None
        self._running += 1
        return fetched.addBoth(self._over).addCallbacks(_answer, _failed)

    def _over(self, result: Fetched | Failure) -> Fetched | Failure:
        self._running -= 1
        return result


def _answer(fetched: Fetched) -> Answer:
    """JSON as what it says, all else, and what Lua could not hold, as a text."""
    shown = fetched.body.decode("utf-8", "surrogateescape")
    found: Plain = shown
    if "json" in fetched.kind.lower():
        try:
            found = copied(json.loads(shown, parse_int=whole))
        except (ValueError, RecursionError, NotPlain):
            found = shown
    return fetched.status, found


def _failed(failure: Failure) -> Answer:
    problem = failure.value
    if isinstance(problem, OperationError):
        return Refused(502, problem.message).answer
    failure.raiseException()
    raise AssertionError
