"""Which certificates are accepted, and what a script is told about one that is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address

from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity import CertificateError
from service_identity.hazmat import (
    DNS_ID,
    DNSPattern,
    IPAddress_ID,
    IPAddressPattern,
)

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import is_address

Verify = Callable[[SSL.Connection, crypto.X509, int, int, int], bool]
"""What pyOpenSSL asks about each certificate of a chain."""


REASONS = {
    2: "unknown issuer",
    7: "its signature is wrong",
    9: "not yet valid",
    10: "expired",
    13: "its dates cannot be read",
    14: "its dates cannot be read",
    18: "self-signed",
    19: "self-signed certificate in the chain",
    20: "unknown issuer",
    21: "unknown issuer",
    22: "the chain is too long",
    23: "revoked",
    24: "an issuer that is no certificate authority",
    25: "the chain is too long",
    26: "not meant for this purpose",
    66: "its key is too weak",
    67: "an issuer's key is too weak",
    68: "its signature is too weak",
}
"""What OpenSSL's verification errors mean (C{X509_V_ERR_*} in x509_vfy.h)."""


LEGACY = (
    "its key is too weak",
    "an issuer's key is too weak",
    "its signature is too weak",
)
"""Those of L{REASONS} that the option C{legacy} forgives."""


class VerificationFailed(OperationError, SSL.Error):
    """
    A certificate was not accepted.

    An error of OpenSSL too, so that Twisted takes it out of the handshake for
    one, and the peer gets the alert that belongs to it.
    """

    def __init__(self, reason: str, host: str) -> None:
        way_out = ""
        if "issuer" in reason or "self-signed" in reason:
            way_out = "tls = { certificateAuthority = FILE } trusts it; "
        if reason in LEGACY:
            way_out = "tls = { legacy = true } allows that; "
        super().__init__(
            "tls",
            f"certificate verify failed: {reason} ({way_out}tls = {{ allowUnauthorized"
            f" = true }} or --allow-unauthorized {host} accepts any certificate)",
        )
        self.args = ([("SSL routines", "", "certificate verify failed")],)


def _dns_patterns(names: x509.SubjectAlternativeName) -> Iterator[DNSPattern]:
    for each in names.get_values_for_type(x509.DNSName):
        try:
            yield DNSPattern.from_bytes(each.encode())
        except (CertificateError, UnicodeError):
            # Some devices have addresses there; another name may match.
            continue


def _fits(names: x509.SubjectAlternativeName, name: str) -> bool:
    """@raise ValueError: it can be no name of a certificate"""
    if is_address(name):
        address = IPAddress_ID(name)
        return any(
            address.verify(IPAddressPattern(each))
            for each in names.get_values_for_type(x509.IPAddress)
            if isinstance(each, (IPv4Address, IPv6Address))
        )
    wanted = DNS_ID(name)
    return any(wanted.verify(each) for each in _dns_patterns(names))


def mismatch(certificate: x509.Certificate, name: str) -> str | None:
    """
    @param name: a name or an address
    @return: why a certificate is not for it (RFC 9525); C{None} if it is
    """
    try:
        found = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return "it has no subjectAltName, and its common name does not count"
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "its extensions cannot be read"
    try:
        if _fits(found.value, name):
            return None
    except ValueError:
        # What is no DNS name for RFC 9525 may be one for the hosts file.
        pass
    return f"wrong host, not for {name}"


def _reason(certificate: crypto.X509, name: str) -> str | None:
    """Why a certificate that OpenSSL can read is not for a name; C{None} if it is."""
    try:
        read = certificate.to_cryptography()
    except (ValueError, x509.InvalidVersion):
        # OpenSSL is not as strict.
        return "it cannot be read"
    return mismatch(read, name)


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
        connection: SSL.Connection,
        certificate: crypto.X509,
        error: int,
        depth: int,
        ok: int,
    ) -> bool:
        if not ok:
            raise VerificationFailed(
                REASONS.get(error, f"OpenSSL verification error {error}"), host
            )
        if depth:
            return True
        reason = _reason(certificate, name)
        if reason is not None:
            raise VerificationFailed(reason, host)
        return True

    return verify
