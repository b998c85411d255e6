"""The HTTP client: treq over pools of our own, one for each set of TLS options."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import DeferredList

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import seconds, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.cookies import Cookies, NoCookies
from eplua_twisted.http_client.exchange import MAX_SIZE, Wanted, request_headers
from eplua_twisted.http_client.pool import Route
from eplua_twisted.http_client.request import HTTPRequest
from eplua_twisted.http_client.urls import URL, parse

if TYPE_CHECKING:
    from eplua_twisted.tls.options import TLSOptions

MAX_CONNECTIONS_PER_HOST = 8
MAX_ROUTES = 64
"""Sets of options after which those that nobody uses are let go."""

URLS = 256

RouteKey = tuple["TLSOptions | None", URL | None, bool]


class HTTP(Module):
    """Makes the HTTP requests of one runtime, and keeps its connections."""

    resource_types = (HTTPRequest,)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Scripts ask for the same few URLs again and again.
        self._parse = lru_cache(URLS)(parse)
        self._routes: dict[RouteKey, Route] = {}
        self._no_cookies = NoCookies()
        self._jars: dict[int, Cookies] = {}
        self._numbers = count(1)

    @query("http_jar")
    def jar(self) -> int:
        """@return: the number of a new cookie jar"""
        number = next(self._numbers)
        self._jars[number] = Cookies()
        return number

    @query("http_forget_jar")
    def forget_jar(self, number: int) -> None:
        """No client uses this jar any more."""
        self._jars.pop(number, None)

    def counts(self) -> dict[str, int]:
        """The cookie jars of those clients that keep cookies."""
        return {"CookieJar": len(self._jars)} if self._jars else {}

    @query("http_create")
    def create(
        self,
        url: bytes,
        method: bytes,
        body: bytes | None,
        timeout: float,
        redirects: int,
        max_size: int | None,
        max_connections: int | None,
        listener: int | None,
        streamed: bool,
        jar: int | None,
        user: bytes | None,
        proxy: bytes | None,
        persistent: bool,
        check_certificate: bool,
        tls_values: int,
        *pairs: Any,
    ) -> int:
        """
        @param max_size: C{None} for the default, which a streamed body has not
        @param listener: the ticket that is told of streamed bodies; C{None} in a
            task, which gets any body whole
        @param user: C{user:password}
        @param tls_values: how many of C{pairs} are TLS options; the others are
            headers
        @return: the number of a request that is not sent yet
        @raise OperationError: what is wrong with the URL, or the proxy's
        """
        target = self._parse(to_text(url))
        headers, accept = request_headers(pairs[tls_values:], user or target.user)
        if max_size is None:
            max_size = 0 if streamed else MAX_SIZE
        return HTTPRequest(
            self._environment,
            self._route(
                self._tls(check_certificate, pairs[:tls_values]),
                None if proxy is None else _proxy(proxy),
                persistent,
            ),
            self._no_cookies if jar is None else self._jars[jar],
            Wanted(
                target,
                method.decode("ascii"),
                headers,
                body,
                accept,
                seconds(timeout),
                redirects,
                max_size,
                max_connections or MAX_CONNECTIONS_PER_HOST,
                listener,
                streamed,
            ),
        ).id

    def _tls(
        self, check_certificate: bool, values: tuple[Any, ...]
    ) -> TLSOptions | None:
        if check_certificate and not values:
            return None
        from eplua_twisted.tls.options import TLSOptions

        options = TLSOptions.from_lua(*values)
        if not check_certificate:
            options = replace(options, allow_unauthorized=True)
        return options

    def _route(
        self, tls: TLSOptions | None, proxy: URL | None, persistent: bool
    ) -> Route:
        key = tls, proxy, persistent
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= MAX_ROUTES:
                self._routes = {
                    key: each for key, each in self._routes.items() if not each.unused
                }
            route = self._routes[key] = Route(self._environment, *key)
        return route

    def stop(self) -> Any:
        """@return: fires when all connections are closed"""
        return DeferredList([route.pool.close() for route in self._routes.values()])


def _proxy(text: bytes) -> URL:
    try:
        proxy = parse(to_text(text))
    except OperationError as problem:
        raise OperationError("proxy", problem.message) from None
    if proxy.scheme != "http":
        raise OperationError("proxy", "http URL")
    return proxy
