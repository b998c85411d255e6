"""Whether TLS works: the system's authorities, and a handshake in memory."""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from eplua_twisted.errors import OperationError
from eplua_twisted.tls.context import prepare_client, server_context
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tools.doctor.finding import Finding

NAME = "localhost"
MOST_FLIGHTS = 20
"""A handshake has three or four; more than these will never end."""


def openssl() -> Finding:
    """The OpenSSL that connections use."""
    text = SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode("ascii", "replace")
    return Finding("OpenSSL", "ok", text)


def authorities() -> Finding:
    """Those of the system, in its file or its folder."""
    paths = ssl.get_default_verify_paths()
    count = 0
    if paths.cafile is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(paths.cafile)
        except OSError as problem:
            return _unusable(paths.cafile, problem)
        count = context.cert_store_stats()["x509_ca"]
        if count:
            return Finding("authorities", "ok", f"{count} in {paths.cafile}")
    if paths.capath is not None:
        try:
            count = len(os.listdir(paths.capath))
        except OSError as problem:
            return _unusable(paths.capath, problem)
        if count:
            return Finding("authorities", "ok", f"{count} files in {paths.capath}")
    text = "none are found: no certificate of a public server will be accepted"
    return Finding("authorities", "warning", text, _INSTALL)


_INSTALL = (
    "install the system's package of them (ca-certificates), or set SSL_CERT_FILE"
    " to a file that has them"
)


def _unusable(path: str, problem: OSError) -> Finding:
    text = f"{path} cannot be used: {problem.strerror}"
    return Finding("authorities", "failed", text, _INSTALL)


def certificate() -> tuple[bytes, bytes]:
    """@return: a certificate for L{NAME} that is its own authority, and its key, as PEM"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    return (
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def handshake(trusted: bytes | None = None) -> Finding:
    """
    One with a server of our own, whose certificate the client verifies.

    @param trusted: the client's authority; that certificate by default
    """
    own, key = certificate()
    context = SSL.Context(SSL.TLS_METHOD)
    try:
        serving = server_context(TLSOptions(certificate=own, private_key=key))
        trusting = TLSOptions(certificate_authority=trusted or own)
        prepare_client(context, trusting, NAME, 443, frozenset())
        client = SSL.Connection(context, None)
        server = SSL.Connection(serving.getContext(), None)
        client.set_connect_state()
        server.set_accept_state()
        client.set_tlsext_host_name(NAME.encode("ascii"))
        for _ in range(MOST_FLIGHTS):
            if all([_step(client, server), _step(server, client)]):
                text = (
                    f"{client.get_protocol_version_name()}, {client.get_cipher_name()}"
                )
                return Finding("TLS", "ok", f"a handshake with {text}")
    except (OperationError, SSL.Error) as problem:
        advice = (
            "look for settings of OpenSSL's on this machine: openssl.cnf, OPENSSL_CONF"
        )
        return Finding("TLS", "failed", f"a handshake fails: {problem}", advice)
    return Finding("TLS", "failed", "a handshake does not end")


def _step(one: SSL.Connection, other: SSL.Connection) -> bool:
    """Go on with the handshake of one end. @return: whether it is done"""
    done = True
    try:
        one.do_handshake()
    except SSL.WantReadError:
        done = False
    # It may have nothing to say.
    with suppress(SSL.WantReadError):
        other.bio_write(one.bio_read(65536))
    return done
