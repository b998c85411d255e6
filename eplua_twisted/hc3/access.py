"""Who may use a controller by HTTP."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from dataclasses import dataclass

from eplua_twisted.errors import OperationError
from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.site.names import OwnNames, is_loopback
from eplua_twisted.site.site import NotAllowed


@dataclass(frozen=True)
class Credentials:
    """
    The user and the password that Basic authentication has to have.
    """

    user: str
    password: str

    def fit(self, header: bytes) -> bool:
        """@param header: the value of C{Authorization}"""
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"basic":
            return False
        try:
            given = b64decode(token.strip(), validate=True)
        except binascii.Error:
            return False
        wanted = f"{self.user}:{self.password}".encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, wanted)


class Access:
    """
    What is asked of a request before it is answered.

    @ivar credentials: C{None}: none are needed
    """

    def __init__(self, host: str, credentials: Credentials | None) -> None:
        """
        @param host: where the site listens
        @raise OperationError: C{denied}: others than this machine's programs would
            reach it without a password
        """
        if credentials is None and not is_loopback(host):
            raise OperationError(
                "denied",
                f"to listen on {host}, which other machines reach, a password is needed"
                " (HC3_PASSWORD in the environment)",
            )
        self.credentials = credentials
        self._names = OwnNames(host)

    def check(self, head: RequestHead) -> None:
        """
        @raise NotAllowed: 403, as L{OwnNames.check}; 401: the credentials are missing or
            wrong
        """
        self._names.check(head)
        if self.credentials is not None:
            given = head.values(b"authorization")
            if not given or not self.credentials.fit(given[0]):
                raise NotAllowed(401, "user and password are needed")
