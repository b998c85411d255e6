"""The options of C{net.UDPSocket}."""

from __future__ import annotations

from dataclasses import dataclass

from eplua_twisted.border.options import Options, flag, milliseconds, option


@dataclass(frozen=True)
class UDPOptions(Options):
    """
    C{maxQueue} is not among them: the queue is in C{lua/net/inbox.lua}.

    @ivar broadcast: datagrams may be sent to broadcast addresses
    @ivar timeout: seconds that a receive waits; 0 for no limit
    @ivar ipv6: the socket is IPv6 and IPv4 unless an IPv4 address is bound
    """

    broadcast: bool = option(b"broadcast", flag, False)
    timeout: float = option(b"timeout", milliseconds, 0.0)
    reuse_address: bool = option(b"reuseAddress", flag, False)
    reuse_port: bool = option(b"reusePort", flag, False)
    ipv6: bool = option(b"ipv6", flag, False)
