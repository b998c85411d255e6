"""Which certificates are accepted, and what a script is told about one that is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import is_address

Verify = Callable[[Any, Any, int, int, int], bool]
"""What pyOpenSSL asks about each certificate of a chain."""


REASONS = {
    2: "unknown issuer",
    9: "not yet valid",
    10: "expired",
    18: "self-signed",
    19: "self-signed certificate in the chain",
    20: "unknown issuer",
    21: "unknown issuer",
    22: "the chain is too long",
    23: "revoked",
    24: "an issuer that is no certificate authority",
    26: "not meant for this purpose",
    66: "its key is too weak",
    67: "an issuer's key is too weak",
    68: "its signature is too weak",
}
"""What OpenSSL's verification errors mean (C{X509_V_ERR_*} in x509_vfy.h)."""


class VerificationFailed(OperationError, SSL.Error):
    """
    A certificate was not accepted.

    An error of OpenSSL too, so that Twisted takes it out of the handshake for
    one, and the peer gets the alert that belongs to it.
    """

    def __init__(self, reason: str, host: str) -> None:
        unknown = "issuer" in reason or "self-signed" in reason
        authority = "option certificateAuthority trusts it; " if unknown else ""
        super().__init__(
            "tls",
            f"certificate verify failed: {reason} ({authority}option allowUnauthorized"
            f" or --allow-unauthorized {host} accepts any certificate)",
        )
        self.args = ([("SSL routines", "", "certificate verify failed")],)


def verifier(name: str, host: str) -> Verify:
    """
    A callback that accepts a chain that OpenSSL accepts, if its certificate is for
    a name (RFC 9525), and raises L{VerificationFailed} else.

    It belongs to a context, not to a connection: pyOpenSSL passes on only what
    the callback of a context raises.

    @param name: what the certificate must be for, a name or an address
    @param host: what the script connects to
    """

    def verify(
        connection: Any, certificate: crypto.X509, error: int, depth: int, ok: int
    ) -> bool:
        if not ok:
            raise VerificationFailed(
                REASONS.get(error, f"OpenSSL verification error {error}"), host
            )
        if depth:
            return True
        names = certificate.to_cryptography()
        try:
            if is_address(name):
                verify_certificate_ip_address(names, name)
            else:
                verify_certificate_hostname(names, name)
        except (VerificationError, CertificateError, ValueError):
            raise VerificationFailed(f"wrong host, not for {name}", host) from None
        return True

    return verify
