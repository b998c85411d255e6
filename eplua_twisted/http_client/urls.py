"""URLs of http and https, for treq."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hyperlink import EncodedURL

from eplua_twisted.streams import urls

PORTS = {"http": 80, "https": 443}

PROXY_PORTS = {**PORTS, "socks5": 1080}

Origin = tuple[str, str, int]


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
class URL(urls.URL):
    """An absolute http or https URL, or that of a proxy."""

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @cached_property
    def text_bytes(self) -> bytes:
        """Its text as Lua is told it."""
        return self.text.encode("ascii")

    @cached_property
    def ready(self) -> ReadyURL:
        """Its text for treq."""
        return ReadyURL(self.text)


def parse(text: str, base: str | None = None, ports: Mapping[str, int] = PORTS) -> URL:
    """
    @param base: the URL that it is relative to
    @param ports: the schemes that it may have, and their ports
    @raise OperationError: C{url}, it cannot be requested; the message says what was
        expected
    """
    return URL(**vars(urls.parse(text, ports, base)))
