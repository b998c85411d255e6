"""The options of a C{net.UDPSocket} that speaks DTLS."""

from __future__ import annotations

from dataclasses import dataclass

from eplua_twisted.border.options import milliseconds, nested, option
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.udp.options import UDPOptions


@dataclass(frozen=True)
class DTLSOptions(UDPOptions):
    """
    @ivar tls: always there, as DTLS is what it asks for
    @ivar idle_timeout: seconds without a datagram after which a server lets go of a
        client; 0 for no limit
    """

    tls: TLSOptions | None = nested(b"tls", TLSOptions)
    idle_timeout: float = option(b"idleTimeout", milliseconds, 60.0)
