"""Requests of the REST API: which function answers which."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote

from twisted.internet.defer import Deferred

from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import Plain, Record, integer

METHODS = frozenset(("GET", "POST", "PUT", "DELETE"))

MAX_PATH = 16 * 1024
"""Characters of a path with its query."""

_REASONS = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "BAD_GATEWAY",
    507: "INSUFFICIENT_STORAGE",
}


class Refused(Exception):
    """A request is not fulfilled."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    @property
    def answer(self) -> Answer:
        """In the shape of HC3's errors: C{type}, C{reason} and C{message}."""
        return self.status, {
            "type": "ERROR",
            "reason": _REASONS.get(self.status, "ERROR"),
            "message": self.message,
        }


@dataclass
class Request:
    """
    @ivar path: as it was asked for, without the query
    @ivar query: the last value of each name
    @ivar raw_query: the same as it was sent
    @ivar parameters: what stands in the place of the route's C{{names}}
    @ivar source: the device of the QuickApp that asks
    """

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Plain = None
    source: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    raw_query: str = ""

    def number(self, name: str) -> int:
        """
        A parameter that is a whole number.

        @raise Refused: it is none; no such thing can be there
        """
        found = integer(self.parameters[name])
        if found is None:
            raise Refused(404, f"{self.parameters[name]} is no number of anything")
        return found

    @property
    def fields(self) -> Record:
        """
        The body, which has to be an object; an empty table of Lua may be a list.

        @raise Refused: 400
        """
        if isinstance(self.body, dict):
            return self.body
        if self.body == [] or self.body is None:
            return {}
        raise Refused(400, "the body has to be a JSON object")


Function: TypeAlias = Callable[[Request], "Answer | Deferred[Answer]"]


@dataclass(frozen=True)
class Route:
    """
    @ivar pattern: a path, with C{{name}} for any one part of it
    @ivar answer: raises L{Refused} for what it does not do
    @ivar about: what it does, for people
    """

    method: str
    pattern: str
    answer: Function
    about: str


class _Node:
    """A part of the paths that begin alike."""

    __slots__ = ("any", "named", "routes")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.routes: dict[str, Route] = {}


class Router:
    """
    The routing table.  A part that stands in a pattern as it is goes before one that
    may be anything.

    @ivar routes: all of it, in the order in which it was given
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        """@raise ValueError: two routes are the same"""
        self.routes = list(routes)
        self._root = _Node()
        for route in self.routes:
            node = self._root
            for part in _parts(route.pattern):
                if part.startswith("{"):
                    if node.any is None:
                        node.any = _Node()
                    node = node.any
                else:
                    node = node.named.setdefault(part, _Node())
            if route.method in node.routes:
                raise ValueError(f"{route.method} {route.pattern} is there twice")
            node.routes[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """
        @param path: without the query, escapes as they were sent
        @return: the route, and the parameters of its pattern
        @raise Refused: 404: nobody answers that path; 405: not with that method
        """
        parts = [unquote(part) for part in _parts(path)]
        found = list(self._below(self._root, parts, 0))
        for node in found:
            if method in node.routes:
                route = node.routes[method]
                names = _parts(route.pattern)
                return route, {
                    name[1:-1]: part
                    for name, part in zip(names, parts, strict=True)
                    if name.startswith("{")
                }
        if found:
            raise Refused(405, f"{method} is not allowed for {path}")
        raise Refused(404, f"there is no {path}")

    def _below(self, node: _Node, parts: list[str], at: int) -> Iterable[_Node]:
        """The nodes with routes that fit, the most exact first."""
        if at == len(parts):
            if node.routes:
                yield node
            return
        if parts[at] in node.named:
            yield from self._below(node.named[parts[at]], parts, at + 1)
        if node.any is not None and parts[at]:
            yield from self._below(node.any, parts, at + 1)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def parse(
    method: str, path: str, body: Plain = None, source: int | None = None
) -> Request:
    """
    @param path: with its query
    @raise Refused: 405 for a method that no path knows; 400 for a path that is too long
    """
    if method not in METHODS:
        raise Refused(405, f"{method} is not allowed")
    if len(path) > MAX_PATH:
        raise Refused(400, f"a path has at most {MAX_PATH} characters")
    bare, _, query = path.partition("?")
    pairs = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
    where = bare.rstrip("/") or "/"
    return Request(method, where, pairs, body, source, raw_query=query)
