"""The TLS options of scripts: one table everywhere, see I{TLS options} in the Lua API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eplua_twisted.border.values import to_text


@dataclass(frozen=True)
class TLSOptions:
    """
    The options as the script gave them.  Certificates and keys are PEM text, or
    the name of a file that has it.

    @ivar certificate_authority: trusted besides the system's
    @ivar client_certificate: shown to a server, with L{private_key}
    @ivar certificate: a server's, with L{private_key}
    @ivar client_authority: who signed the certificates that clients must show
    @ivar server_name: sent as SNI and looked for in the certificate, instead of
        the host connected to
    @ivar use_sni: the name is sent; it is looked for in any case
    """

    certificate_authority: bytes | None = None
    client_certificate: bytes | None = None
    private_key: bytes | None = None
    certificate: bytes | None = None
    client_authority: bytes | None = None
    allow_unauthorized: bool = False
    server_name: str | None = None
    alpn: tuple[bytes, ...] = ()
    use_sni: bool = True

    @classmethod
    def from_lua(cls, *pairs: Any) -> TLSOptions:
        """@param pairs: what C{tls.flatten} in Lua returns: C{alpn} once for each"""
        named: dict[bytes, Any] = {}
        alpn = []
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if key == b"alpn":
                alpn.append(value)
            else:
                named[key] = value
        name = named.get(b"serverName")
        return cls(
            named.get(b"certificateAuthority"),
            named.get(b"clientCertificate"),
            named.get(b"privateKey"),
            named.get(b"certificate"),
            named.get(b"clientAuthority"),
            bool(named.get(b"allowUnauthorized")),
            None if name is None else to_text(name),
            tuple(alpn),
            bool(named.get(b"useSNI", True)),
        )
