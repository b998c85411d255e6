"""Cookie jars: one that keeps nothing, one that keeps a bounded number."""

from __future__ import annotations

from typing import Any

from treq.cookies import IndexableCookieJar
from twisted.logger import Logger

MAX_COOKIES = 1000


class NoCookies(IndexableCookieJar):
    """For clients that want none."""

    def add_cookie_header(self, request: Any) -> None:
        """There are none."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """None are kept."""


class Cookies(IndexableCookieJar):
    """The cookies of one client."""

    log = Logger()

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Keep what the server sets; the oldest go when there are too many."""
        try:
            super().extract_cookies(response, request)
        except UnicodeError:
            self.log.warn("a Set-Cookie header that is not ASCII was ignored")
        excess = len(self) - MAX_COOKIES
        if excess > 0:
            for cookie in list(self)[:excess]:
                self.clear(cookie.domain, cookie.path, cookie.name)
