"""Where a site listens."""

from __future__ import annotations

Address = tuple[str, int]
"""Host and port."""


def parse_address(text: str) -> Address:
    """
    C{HOST:PORT}, C{[IPv6]:PORT} or C{PORT}; without a host the loopback address.

    @raise ValueError: it is none
    """
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"HOST:PORT expected, got {text!r}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"an IPv6 address stands in brackets: [::1]:80, not {text!r}")
    return host or "127.0.0.1", int(port)
