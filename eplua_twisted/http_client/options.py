"""The options of one request, those of its client included."""

from __future__ import annotations

from dataclasses import dataclass

from eplua_twisted.border.options import (
    Options,
    count,
    flag,
    milliseconds,
    nested,
    option,
    repeated,
)
from eplua_twisted.tls.options import TLSOptions


@dataclass(frozen=True)
class RequestOptions(Options):
    """
    @ivar headers: names and values by turns
    @ivar timeout: seconds for all of it, 0 for no limit
    @ivar redirects: how many to follow
    @ivar max_size: the most bytes of a body, once decoded; C{None} for the default, which
        a streamed body has not
    @ivar max_connections_per_host: the most requests at a time to one server
    @ivar check_certificate: HC3's word; false is C{tls.allowUnauthorized}
    @ivar streamed: whether each body is; else only C{text/event-stream} is
    @ivar jar: the number of the client's cookie jar
    """

    method: bytes = option(b"method", None, b"GET")
    headers: tuple[bytes, ...] = repeated(b"header")
    timeout: float = option(b"timeout", milliseconds, 30.0)
    redirects: int = option(b"redirects", count, 0)
    max_size: int | None = option(b"maxSize", count)
    max_connections_per_host: int = option(b"maxConnectionsPerHost", count, 8)
    persistent: bool = option(b"persistent", flag, True)
    proxy: bytes | None = option(b"proxy")
    user: bytes | None = option(b"user")
    password: bytes = option(b"password", None, b"")
    authentication: bytes = option(b"authentication", None, b"basic")
    check_certificate: bool = option(b"checkCertificate", flag, True)
    tls: TLSOptions | None = nested(b"tls", TLSOptions)
    streamed: bool = option(b"streamed", flag, False)
    jar: int | None = option(b"jar", count)
