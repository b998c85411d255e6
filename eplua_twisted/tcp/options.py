"""The options of a TCP socket and of a TCP server."""

from __future__ import annotations

from dataclasses import dataclass

from eplua_twisted.border.options import (
    Options,
    count,
    flag,
    milliseconds,
    nested,
    option,
    text,
)
from eplua_twisted.streams.read_buffer import MAX_BUFFER
from eplua_twisted.streams.server import BACKLOG, MAX_CONNECTIONS
from eplua_twisted.tls.options import TLSOptions

CONNECT_TIMEOUT = 10.0
"""Seconds to connect, and for a TLS handshake, when the script names no timeout."""


@dataclass(frozen=True)
class SocketOptions(Options):
    """
    @ivar timeout: seconds for connect and for each read and write; C{None} when
        the script named none, 0 for no limit
    @ivar max_buffer: unread bytes at which reading pauses
    @ivar max_write_buffer: unsent bytes below which a write is done
    @ivar allow_half_open: when the peer has ended its side, writing goes on
    """

    timeout: float | None = option(b"timeout", milliseconds)
    no_delay: bool = option(b"noDelay", flag, True)
    keep_alive: bool = option(b"keepAlive", flag, False)
    local_address: str | None = option(b"localAddress", text)
    max_buffer: int = option(b"maxBuffer", count, MAX_BUFFER)
    max_write_buffer: int = option(b"maxWriteBuffer", count, MAX_BUFFER)
    allow_half_open: bool = option(b"allowHalfOpen", flag, False)
    tls: TLSOptions | None = nested(b"tls", TLSOptions)

    @property
    def connect_timeout(self) -> float:
        """Seconds; 0 for no limit."""
        return CONNECT_TIMEOUT if self.timeout is None else self.timeout


@dataclass(frozen=True)
class ServerOptions(SocketOptions):
    """
    What a server has besides the options of its clients.

    @ivar idle_timeout: seconds after which a client is closed with which nothing was
        exchanged; 0 for no limit
    """

    max_connections: int = option(b"maxConnections", count, MAX_CONNECTIONS)
    backlog: int = option(b"backlog", count, BACKLOG)
    reuse_port: bool = option(b"reusePort", flag, False)
    idle_timeout: float = option(b"idleTimeout", milliseconds, 0.0)
