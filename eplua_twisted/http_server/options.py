"""The options of an HTTP server."""

from __future__ import annotations

from dataclasses import dataclass

from eplua_twisted.border.options import (
    Options,
    count,
    flag,
    milliseconds,
    nested,
    option,
)
from eplua_twisted.streams.server import MAX_CONNECTIONS
from eplua_twisted.tls.options import TLSOptions

MAX_BODY_SIZE = 16 * 1024 * 1024
TIMEOUT = 60.0


@dataclass(frozen=True)
class HTTPServerOptions(Options):
    """
    @ivar max_body_size: the most bytes of a request's body
    @ivar timeout: seconds that a client may be idle, between requests, in the middle of
        a body, and in taking an answer; 0 for no limit
    @ivar max_connections: clients at a time
    @ivar compress: what the script sends as a whole is compressed for clients that
        accept it
    """

    max_body_size: int = option(b"maxBodySize", count, MAX_BODY_SIZE)
    timeout: float = option(b"timeout", milliseconds, TIMEOUT)
    max_connections: int = option(b"maxConnections", count, MAX_CONNECTIONS)
    compress: bool = option(b"compress", flag, False)
    tls: TLSOptions | None = nested(b"tls", TLSOptions)
