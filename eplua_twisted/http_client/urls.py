"""URLs as scripts write them, and as HTTP sends them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from hyperlink import EncodedURL

from eplua_twisted.border.values import to_bytes
from eplua_twisted.errors import OperationError

PORTS = {"http": 80, "https": 443}

_UNSAFE = re.compile(rb"[^\x21\x23-\x3b\x3d\x3f-\x5d\x5f\x61-\x7a\x7e]")
"""What must not stand in a URL unescaped: spaces, C{"<>^`{|}}, and bytes above 7E."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], to_bytes(text)).decode()


class ReadyURL(EncodedURL):
    """
    A URL for treq that is what it would be made into: finding that out again takes
    hyperlink a fifth of the time of a whole request.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def to_uri(self) -> ReadyURL:
        return self

    def to_text(self, with_password: bool = False) -> str:
        return self._text


@dataclass(frozen=True)
class URL:
    """
    An absolute http or https URL.

    @ivar host: name or address, in ASCII, an IPv6 address without brackets
    @ivar path: path and query, escaped
    @ivar user: user and password that it holds, as they are sent
    """

    scheme: str
    host: str
    port: int
    path: str
    user: bytes | None = None

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    @cached_property
    def text(self) -> str:
        """The URL without user, password and fragment."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @cached_property
    def ready(self) -> ReadyURL:
        """The same for treq."""
        return ReadyURL(self.text)


def parse(text: str, base: str | None = None) -> URL:
    """
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
    if scheme not in PORTS or not text:
        raise OperationError("url", "http or https URL")
    if not host:
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
    return URL(scheme, _ascii(host), port or PORTS[scheme], path, credentials)


def _ascii(host: str) -> str:
    """A host name as DNS knows it (IDNA)."""
    if not host.isascii():
        from idna import IDNAError, encode

        try:
            host = encode(host, uts46=True).decode()
        except IDNAError as problem:
            raise OperationError("url", f"URL with a host name ({problem})") from None
    if not re.fullmatch(r"[\w.:%~-]+", host):
        raise OperationError("url", "URL with a host name")
    return host
