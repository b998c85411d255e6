"""
The HTTP client.

A request goes through treq, which hands on what is sent and what is answered, over an
agent and connections of our own: redirects, content encodings, cookies and
authentication are done here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import count

from twisted.internet.defer import DeferredList

from eplua_twisted.border.environment import Environment
from eplua_twisted.border.module import Module
from eplua_twisted.border.primitives import query
from eplua_twisted.border.values import Scalar, to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.http_client.authentication import (
    Authentication,
    Credentials,
    Sessions,
)
from eplua_twisted.http_client.cookies import Cookies
from eplua_twisted.http_client.exchange import RequestParameters, request_headers
from eplua_twisted.http_client.headers import RequestHeaders
from eplua_twisted.http_client.options import RequestOptions
from eplua_twisted.http_client.request import HTTPRequest
from eplua_twisted.http_client.route import Route
from eplua_twisted.http_client.urls import PROXY_PORTS, URL, parse
from eplua_twisted.tls.options import TLSOptions

MAX_ROUTES = 64
"""Above this many routes, unused ones are dropped."""

URLS = 256
"""How many URLs, and sets of options, are remembered."""

MAX_REMEMBERED = 64
"""Names and values of a set of options that is remembered."""

_Prepared = tuple[RequestOptions, RequestHeaders, TLSOptions | None, URL | None]

RouteKey = tuple[TLSOptions | None, URL | None, bool]


class HTTP(Module):
    """Makes the HTTP requests of one runtime, and keeps its connections."""

    resource_types = (HTTPRequest,)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # Scripts ask for the same few URLs again and again, in the same few ways.
        self._parse = lru_cache(URLS)(_url)
        self._prepare = lru_cache(URLS, typed=True)(_prepare)
        self._routes: dict[RouteKey, Route] = {}
        self._jars: dict[int, Cookies] = {}
        self._numbers = count(1)
        self._sessions: Sessions = Sessions()

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
        self, url: bytes, body: bytes | None, listener: int | None, *pairs: Scalar
    ) -> int:
        """
        @param listener: the ticket that is told of a body in pieces; C{None} in a task,
            which gets any body whole unless it is to be streamed
        @param pairs: L{RequestOptions}
        @return: the number of a request that is not sent yet
        @raise OperationError: what is wrong with the URL, or the proxy's
        """
        prepare = self._prepare if len(pairs) <= MAX_REMEMBERED else _prepare
        options, headers, tls, proxy = prepare(*pairs)
        target = self._parse(url)
        return HTTPRequest(
            self._environment,
            self._route(tls, proxy, options.persistent),
            None if options.jar is None else self._jars[options.jar],
            self._authentication(options, target),
            options,
            RequestParameters(options.method, target, headers, body or b""),
            listener,
        ).id

    def _authentication(
        self, options: RequestOptions, target: URL
    ) -> Authentication | None:
        """Those of the options go before those in the URL."""
        user, password = options.user, options.password
        is_digest = options.authentication == b"digest"
        if user is not None:
            credentials = Credentials(target.origin, user, password, is_digest)
        elif target.user is not None:
            credentials = Credentials.of(target, is_digest)
        else:
            return None
        return Authentication(credentials, self._sessions)

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

    def stop(self) -> object:
        """@return: fires when all connections are closed"""
        return DeferredList([route.pool.close() for route in self._routes.values()])


def _url(text: bytes) -> URL:
    return parse(to_text(text))


def _proxy(text: bytes) -> URL:
    try:
        url = parse(to_text(text), ports=PROXY_PORTS)
    except OperationError as problem:
        raise OperationError("proxy", problem.message) from None
    if not url.can_exist:
        raise OperationError("proxy", "URL with a host name")
    return url


def _tls(options: RequestOptions) -> TLSOptions | None:
    if options.check_certificate:
        return options.tls
    return replace(options.tls or TLSOptions(), allow_unauthorized=True)


def _prepare(*pairs: Scalar) -> _Prepared:
    """What becomes of options."""
    options = RequestOptions.from_pairs(pairs)
    proxy = None if options.proxy is None else _proxy(options.proxy)
    return options, request_headers(options.headers), _tls(options), proxy
