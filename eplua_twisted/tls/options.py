"""The TLS options of scripts: one table everywhere, see I{TLS options} in the Lua API."""

from __future__ import annotations

from dataclasses import dataclass

from eplua_twisted.border.options import Options, flag, option, repeated, text

VERSIONS = ("1.0", "1.1", "1.2", "1.3")
"""What L{TLSOptions.min_version} may be."""


@dataclass(frozen=True)
class TLSOptions(Options):
    """
    The options as the script gave them.  Certificates and keys are PEM text, or
    the name of a file that has it.

    @ivar certificate_authority: trusted besides the system's
    @ivar client_certificate: shown to a server, with L{private_key}
    @ivar certificate: a server's, with L{private_key}
    @ivar client_authority: who signed the certificates that clients must show
    @ivar server_name: sent as SNI and looked for in the certificate, instead of
        the host connected to
    @ivar min_version: of TLS, one of L{VERSIONS}
    @ivar legacy: old ciphers, short keys and old ways of renegotiating are accepted
    @ivar use_sni: the name is sent; it is looked for in any case
    """

    certificate_authority: bytes | None = option(b"certificateAuthority")
    client_certificate: bytes | None = option(b"clientCertificate")
    private_key: bytes | None = option(b"privateKey")
    certificate: bytes | None = option(b"certificate")
    client_authority: bytes | None = option(b"clientAuthority")
    allow_unauthorized: bool = option(b"allowUnauthorized", flag, False)
    server_name: str | None = option(b"serverName", text)
    alpn: tuple[bytes, ...] = repeated(b"alpn")
    min_version: str = option(b"minVersion", text, "1.2")
    legacy: bool = option(b"legacy", flag, False)
    use_sni: bool = option(b"useSNI", flag, True)
