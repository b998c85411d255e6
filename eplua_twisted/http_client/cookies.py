"""Cookies: the jar of a client, and the jar that treq is given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from http.cookiejar import Cookie, CookieJar
from typing import Any
from urllib.request import Request

from treq.cookies import IndexableCookieJar

from eplua_twisted.http_client.urls import URL

MAX_COOKIES = 1000

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no cookie holds (RFC 6265, section 4.1.1): sent back, it could be a line's end."""


class NoCookies(IndexableCookieJar):
    """
    For treq, which drops all cookies of an answer when it cannot read one of them.  The
    cookies are in the headers when they come to it.
    """

    def __iter__(self) -> Iterator[Cookie]:
        return iter(())

    def add_cookie_header(self, request: object) -> None:
        """There are none."""

    def extract_cookies(self, response: object, request: object) -> None:
        """None are kept."""


class _SetCookie:
    """One C{Set-Cookie} header, as C{http.cookiejar} asks for it."""

    def __init__(self, value: bytes) -> None:
        self._value = value.decode("latin-1")

    def info(self) -> _SetCookie:
        return self

    def get_all(self, name: str, default: object = None) -> object:
        return [self._value] if name == "Set-Cookie" else default


class Cookies:
    """The cookies of one client; their bytes are sent back as they came."""

    def __init__(self) -> None:
        self._jar = CookieJar()

    def header(self, url: URL) -> bytes | None:
        """The value of the header C{Cookie}, if there are any for this URL."""
        request = Request(url.text)
        self._jar.add_cookie_header(request)
        value = request.get_header("Cookie")
        return None if value is None else value.encode("latin-1")

    def keep(self, url: URL, values: Sequence[bytes]) -> None:
        """
        Keep what a server sets, each by itself: one that cannot be read is ignored.  The
        oldest go when there are too many.

        @param values: of C{Set-Cookie}
        """
        request = Request(url.text)
        for value in values:
            if not _CONTROL.search(value):
                response: Any = _SetCookie(value)
                self._jar.extract_cookies(response, request)
        excess = len(self._jar) - MAX_COOKIES
        if excess > 0:
            for cookie in list(self._jar)[:excess]:
                self._jar.clear(cookie.domain, cookie.path, cookie.name)
