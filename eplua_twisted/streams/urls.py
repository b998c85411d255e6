"""URLs as scripts write them, and as a request sends them."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import host_of_url

_UNSAFE = re.compile(rb"[^\x21\x23-\x3b\x3d\x3f-\x5d\x5f\x61-\x7a\x7e]")
"""What must not stand in a URL unescaped: spaces, C{"<>^`{|}}, and bytes above 7E."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], to_bytes(text)).decode()


@dataclass(frozen=True)
class URL:
    """
    An absolute URL with a host.

    @ivar host: name or address, in ASCII, an IPv6 address without brackets and with
        its zone, if there is one, behind a C{%}
    @ivar path: path and query, escaped
    @ivar user: user and password that it holds, as they are sent
    @ivar default_port: of its scheme
    @ivar can_exist: whether the host can be a name, or is an address: asking for one that
        cannot is C{dns}, as for a name that does not exist
    """

    scheme: str
    host: str
    port: int
    path: str
    user: bytes | None = None
    default_port: int = field(default=0, kw_only=True)
    can_exist: bool = field(default=True, kw_only=True)

    @cached_property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    @cached_property
    def text(self) -> str:
        """The URL without user, password and fragment."""
        host = self.host.replace("%", "%25", 1) if ":" in self.host else self.host
        return f"{self.scheme}://{self._with_port(host)}{self.path}"

    @cached_property
    def authority(self) -> str:
        """What the header C{Host} says; a zone is only known here (RFC 6874, 4)."""
        host = self.host
        return self._with_port(host.partition("%")[0] if ":" in host else host)

    def _with_port(self, host: str) -> str:
        host = f"[{host}]" if ":" in host else host
        return host if self.port == self.default_port else f"{host}:{self.port}"

    @property
    def authorization(self) -> bytes | None:
        """What the header C{Authorization} says (RFC 7617), if it holds a user."""
        return None if self.user is None else b"Basic " + b64encode(self.user)


def parse(text: str, ports: Mapping[str, int], base: str | None = None) -> URL:
    """
    @param ports: the schemes that it may have, and their ports
    @param base: the URL that it is relative to
    @raise OperationError: C{url}, it cannot be requested; the message says what was
        expected
    """
    text = text.strip(" ")
    if _CONTROL.search(text):
        raise OperationError("url", "URL without control characters")
    try:
        parts = urlsplit(urljoin(base, text) if base else text)
        scheme, host = parts.scheme.lower(), parts.hostname
        port, user = parts.port, parts.username
    except ValueError as problem:
        raise OperationError("url", f"URL ({problem})") from None
    if scheme not in ports or not text:
        raise OperationError("url", f"{' or '.join(ports)} URL")
    if not host and not text.lower().startswith(f"{scheme}://"):
        raise OperationError("url", "URL with a host")
    if port == 0:
        raise OperationError("url", "URL with a port of 1..65535")
    path = _escape(parts.path) or "/"
    if parts.query or "?" in text.split("#", 1)[0]:
        path += "?" + _escape(parts.query)
    credentials = None
    if user is not None:
        credentials = (
            unquote_to_bytes(user) + b":" + unquote_to_bytes(parts.password or "")
        )
    try:
        host, can_exist = host_of_url(host or ""), True
    except OperationError:
        host, can_exist = _escape(host or ""), False
    return URL(
        scheme,
        host,
        port or ports[scheme],
        path,
        credentials,
        default_port=ports[scheme],
        can_exist=can_exist,
    )
