"""Who a request is from: user and password, and how they are shown."""

from __future__ import annotations

from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass

from eplua_twisted.http_client.digest import DigestSession, choose
from eplua_twisted.http_client.exchange import RequestParameters
from eplua_twisted.http_client.response import Response
from eplua_twisted.http_client.urls import URL, Origin

MAX_SESSIONS = 64
"""Digest challenges that are remembered; then the oldest goes."""

MAX_CHALLENGES = 3
"""How often one request is sent again for another nonce."""


@dataclass(frozen=True)
class Credentials:
    """
    User and password, for one origin.

    @ivar is_digest: they are shown by digest (RFC 7616), when the server asks for it;
        else as they are, at once (RFC 7617)
    """

    origin: Origin
    user: bytes
    password: bytes
    is_digest: bool

    @classmethod
    def of(cls, url: URL, is_digest: bool) -> Credentials:
        """Those in a URL."""
        user, _, password = (url.user or b"").partition(b":")
        return cls(url.origin, user, password, is_digest)


Sessions = OrderedDict[Credentials, DigestSession]


class Authentication:
    """How one request, with its redirects, says whom it is from."""

    def __init__(self, credentials: Credentials, sessions: Sessions) -> None:
        """@param sessions: the challenges that were met already, of all requests"""
        self._credentials = credentials
        self._sessions = sessions
        # What the last attempt has used, and what this request itself has begun.
        self._used: DigestSession | None = None
        self._own: DigestSession | None = None
        self._challenged = 0

    def authorization(self, parameters: RequestParameters) -> bytes | None:
        """The value of the header C{Authorization}, if there is one for this request."""
        credentials = self._credentials
        if parameters.url.origin != credentials.origin:
            return None
        if not credentials.is_digest:
            return b"Basic " + b64encode(credentials.user + b":" + credentials.password)
        session = self._used = self._sessions.get(credentials)
        if session is None:
            return None
        self._sessions.move_to_end(credentials)
        target = parameters.url.path.encode("ascii")
        return session.authorization(parameters.method, target, parameters.body)

    def repeats(self, parameters: RequestParameters, response: Response) -> bool:
        """
        Take what a server asks for.

        @return: whether the request is to be sent again, with other credentials
        """
        credentials = self._credentials
        if (
            response.code != 401
            or not credentials.is_digest
            or parameters.url.origin != credentials.origin
        ):
            return False
        self._sessions.pop(credentials, None)
        challenge = choose(response.fields.get(b"www-authenticate", []))
        self._challenged += 1
        if challenge is None or self._challenged > MAX_CHALLENGES:
            return False
        if self._used is not None and self._used is self._own and not challenge.stale:
            # It has answered to just that: user or password are wrong.
            return False
        self._own = DigestSession(challenge, credentials.user, credentials.password)
        self._sessions[credentials] = self._own
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return True
