"""Which versions of TLS, ciphers and lengths of keys are accepted."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.ssl import TLSVersion

from eplua_twisted.tls.options import TLSOptions

OLD = ("1.0", "1.1")
"""Versions that OpenSSL counts as too weak for any level of security above 0."""

OLD_CIPHERS = b"DEFAULT:!aNULL:!eNULL:@SECLEVEL=0"
LEGACY_CIPHERS = b"ALL:!aNULL:!eNULL:@SECLEVEL=0"

OP_LEGACY_SERVER_CONNECT = 0x4
"""C{SSL_OP_LEGACY_SERVER_CONNECT}: servers from before RFC 5746."""


def version_arguments(options: TLSOptions) -> dict[str, Any]:
    """
    The least version, as arguments of Twisted's C{CertificateOptions}; it has 1.2 by
    itself, and its choice of ciphers.
    """
    if options.min_version == "1.2":
        return {}
    version = TLSVersion.lookupByName("TLSv" + options.min_version.replace(".", "_"))
    lower = options.min_version in OLD
    return {"insecurelyLowerMinimumTo" if lower else "raiseMinimumTo": version}


def accept_old(context: SSL.Context, options: TLSOptions) -> None:
    """Let a context accept what old devices have, as far as the options say so."""
    if options.legacy:
        context.set_cipher_list(LEGACY_CIPHERS)
        context.set_options(OP_LEGACY_SERVER_CONNECT)
    elif options.min_version in OLD:
        context.set_cipher_list(OLD_CIPHERS)
