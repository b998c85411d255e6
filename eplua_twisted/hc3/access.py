"""Who may use a controller by HTTP."""

from __future__ import annotations

import binascii
import hmac
import socket
from base64 import b64decode
from dataclasses import dataclass
from ipaddress import ip_address

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.routing import Refused
from eplua_twisted.http_engine.request_reader import RequestHead
from eplua_twisted.streams.names import is_address

LOOPBACK = ("localhost", "127.0.0.1", "::1")


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


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach it."""
    if host in LOOPBACK or host.startswith("unix:"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


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
        self._names = {*LOOPBACK, host.lower(), socket.gethostname().lower()}
        self._names |= {f"{name}.local" for name in tuple(self._names)}

    def check(self, head: RequestHead) -> None:
        """
        @raise Refused: 403: another site's page asks, or by a name that is none of this
            machine's; 401: the credentials are missing or wrong
        """
        hosts = head.values(b"host")
        host = hosts[0].decode("latin-1") if hosts else ""
        if not self._is_ours(_without_port(host)):
            # A page of somebody else's, whose name was made to lead here.
            raise Refused(403, f"this is not {host}")
        for origin in head.values(b"origin"):
            if origin.decode("latin-1").partition("://")[2].lower() != host.lower():
                raise Refused(403, "pages of other sites may not ask")
        for site in head.values(b"sec-fetch-site"):
            # Pictures and links of other sites come without an origin.
            if site.lower() not in (b"same-origin", b"none"):
                raise Refused(403, "pages of other sites may not ask")
        if self.credentials is not None:
            given = head.values(b"authorization")
            if not given or not self.credentials.fit(given[0]):
                raise Refused(401, "user and password are needed")

    def _is_ours(self, name: str) -> bool:
        """An address cannot have been made to lead here; a name can."""
        return name.lower() in self._names or is_address(name.strip("[]"))


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if ":" in host else host
