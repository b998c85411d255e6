"""Who may look: a token is asked for."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, quote

from eplua_twisted.errors import OperationError
from eplua_twisted.http_engine.answers import Fields
from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.site.names import OwnNames
from eplua_twisted.site.site import NotAllowed, answer

VARIABLE = "EPLUA_INSPECT_TOKEN"
"""The variable of the environment that may have the token."""

LEAST = 16
"""Characters of a token, at least."""

_TOKEN = re.compile(r"[!-~]+")

MISSING = "the token is missing or wrong: /?token=TOKEN lets you in"


def _checked(token: str, source: str) -> str:
    if len(token) < LEAST or not _TOKEN.fullmatch(token):
        raise OperationError(
            "state",
            f"the token of {source} has to be at least {LEAST} printable characters"
            " of ASCII, without spaces",
        )
    return token


def token_of(
    file: str | None, environment: Mapping[str, str] = os.environ
) -> tuple[str, bool]:
    """
    The token that was chosen, or a new one.

    @param file: that has it, before the environment
    @return: the token, and whether it is new
    @raise OperationError: C{state}: it is none
    @raise OSError: the file cannot be read
    """
    if file is not None:
        text = Path(file).read_text("utf-8", "surrogateescape")
        return _checked(text.strip(), file), False
    if VARIABLE in environment:
        return _checked(environment[VARIABLE], VARIABLE), False
    return secrets.token_urlsafe(24), True


class Door:
    """
    Lets those in that have the token: in the URL, for which they get a cookie, or as
    C{Authorization: Bearer}.  The token cannot be found out from the cookie.
    """

    def __init__(self, host: str, token: str) -> None:
        """@param host: where the site listens"""
        self._names = OwnNames(host)
        self._token = token.encode("ascii")
        made = sha256(b"eplua inspector " + self._token).hexdigest().encode("ascii")
        # A browser sends its cookies to all ports of a host.
        self._cookie = b"eplua_" + made[:8], made[8:]

    def check(self, head: RequestHead) -> None:
        """@raise NotAllowed: 403, as L{OwnNames.check}; 401: without the token"""
        self._names.check(head)
        if not (self._has_cookie(head) or self._has_token(head)):
            raise NotAllowed(401, MISSING)

    def _has_cookie(self, head: RequestHead) -> bool:
        cookie, wanted = self._cookie
        return any(
            hmac.compare_digest(value, wanted)
            for header in head.values(b"cookie")
            for name, _, value in (each.partition(b"=") for each in header.split(b";"))
            if name.strip() == cookie
        )

    def _has_token(self, head: RequestHead) -> bool:
        given = _in_url(head.target)
        for header in head.values(b"authorization"):
            scheme, _, token = header.partition(b" ")
            if scheme.lower() == b"bearer":
                given.append(token.strip())
        return any(hmac.compare_digest(each, self._token) for each in given)

    def enter(self, request: HTTPServerRequest) -> bool:
        """
        Make a cookie of a token in the URL, where it would be kept and be seen.

        @return: that was it: the request is answered
        """
        if not _in_url(request.head.target):
            return False
        cookie = b"%s=%s; Path=/; HttpOnly; SameSite=Strict"
        fields = [
            (b"Location", b"/"),
            (b"Set-Cookie", cookie % self._cookie),
            (b"Cache-Control", b"no-store"),
            (b"Referrer-Policy", b"no-referrer"),
        ]
        answer(request, 303, Fields(fields), b"")
        return True

    @property
    def query(self) -> str:
        """What a URL ends with that lets in."""
        return "/?token=" + quote(self._token, safe="")


def _in_url(target: bytes) -> list[bytes]:
    query = target.partition(b"?")[2]
    return [value for name, value in parse_qsl(query) if name == b"token"]
