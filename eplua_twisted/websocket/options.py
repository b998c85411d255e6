"""The options of C{net.WebSocketClient} and C{net.WebSocketServer}."""

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
    text,
)
from eplua_twisted.tls.options import TLSOptions


@dataclass(frozen=True)
class ConnectionOptions(Options):
    """
    What each connection has, on both sides.

    @ivar max_message_size: bytes of a message that comes, decompressed
    @ivar compression: permessage-deflate (RFC 7692) is offered, or accepted
    @ivar ping_interval: seconds between pings; 0 for none
    @ivar ping_timeout: seconds that the answer to a ping may take; 0 for no limit
    @ivar subprotocols: those offered, or accepted, the preferred one first
    @ivar tls: for a client of C{wss:}, or a server that speaks it
    """

    max_message_size: int = option(b"maxMessageSize", count, 16 * 1024 * 1024)
    compression: bool = option(b"compression", flag, True)
    ping_interval: float = option(b"pingInterval", milliseconds, 0.0)
    ping_timeout: float = option(b"pingTimeout", milliseconds, 10.0)
    subprotocols: tuple[str, ...] = repeated(b"subprotocols", text)
    tls: TLSOptions | None = nested(b"tls", TLSOptions)


@dataclass(frozen=True)
class ClientOptions(ConnectionOptions):
    """
    @ivar timeout: seconds until the opening handshake is done; 0 for no limit
    @ivar headers: fields of the opening handshake, names and values by turns
    """

    timeout: float = option(b"timeout", milliseconds, 10.0)
    headers: tuple[bytes, ...] = repeated(b"headers")


@dataclass(frozen=True)
class ServerOptions(ConnectionOptions):
    """
    @ivar origins: those whose pages may connect; none of them for any
    @ivar max_connections: C{None} for the default of all servers
    """

    origins: tuple[bytes, ...] = repeated(b"origins")
    max_connections: int | None = option(b"maxConnections", count)
