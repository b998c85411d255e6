"""URLs of WebSockets."""

from __future__ import annotations

from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError
from eplua_twisted.streams import urls

PORTS = {"ws": 80, "wss": 443}


def parse(url: bytes) -> urls.URL:
    """@raise OperationError: C{url}, with what was expected instead"""
    text = to_text(url)
    if text.strip(" ").partition(":")[0].lower() not in PORTS:
        raise OperationError("url", "ws: or wss: URL")
    parsed = urls.parse(text, PORTS)
    if "#" in text:
        # RFC 6455, 3.
        raise OperationError("url", "URL without a fragment")
    return parsed
