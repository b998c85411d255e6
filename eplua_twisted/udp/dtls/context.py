"""The TLS options of scripts to what pyOpenSSL wants for DTLS."""

from __future__ import annotations

from OpenSSL import SSL, crypto

from eplua_twisted.errors import OperationError
from eplua_twisted.tls.certificates import Identity
from eplua_twisted.tls.context import (
    prepare_client,
    server_identity,
    server_name,
    trust,
)
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tls.strength import accept_old
from eplua_twisted.udp.dtls.session import make_connection

VERSIONS = {"1.0": 0xFEFF, "1.1": 0xFEFF, "1.2": 0xFEFD}
"""The versions on the wire (RFC 6347, 4.1): there is no 1.1, and 1.0 is TLS 1.1."""


def _context(options: TLSOptions) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    if options.min_version not in VERSIONS:
        raise OperationError("tls", f"there is no DTLS {options.min_version}")
    context.set_min_proto_version(VERSIONS[options.min_version])
    accept_old(context, options)
    # Without the first OpenSSL asks the socket, which it does not have.  A server that
    # asks for certificates and gives tickets would break the handshake they are used in.
    context.set_options(
        SSL.OP_NO_QUERY_MTU
        | SSL.OP_NO_RENEGOTIATION
        | SSL.OP_NO_COMPRESSION
        | SSL.OP_NO_TICKET
    )
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return context


def client_connection(
    options: TLSOptions, host: str, port: int, allowed: frozenset[str], mtu: int
) -> SSL.Connection:
    """
    The client's end of a connection, verified as over TCP; files are read now.

    @param allowed: as for L{client_creator<eplua_twisted.tls.context.client_creator>}
    @raise OperationError: C{tls}: a certificate or key cannot be used
    """
    context = _context(options)
    identity = Identity.load(
        "clientCertificate", options.client_certificate, options.private_key
    )
    if identity is not None:
        identity.use(context)
    if options.alpn:
        context.set_alpn_protos(list(options.alpn))
    name = prepare_client(context, options, host, port, allowed)
    connection = make_connection(context, mtu)
    connection.set_connect_state()
    server_name(connection, name)
    return connection


def server_context(options: TLSOptions) -> SSL.Context:
    """
    For the server's ends of connections; files are read now.

    @raise OperationError: C{tls}: a certificate or key cannot be used
    """
    context = _context(options)
    server_identity(options).use(context)
    if options.client_authority is not None:
        trust(context, "clientAuthority", options.client_authority)
        context.set_verify(
            SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _as_openssl
        )
    if options.alpn:
        # The server's first that the client knows too.
        context.set_alpn_select_callback(
            lambda _, offered: next(
                (each for each in options.alpn if each in offered),
                SSL.NO_OVERLAPPING_PROTOCOLS,
            )
        )
    return context


def _as_openssl(
    connection: SSL.Connection,
    certificate: crypto.X509,
    error: int,
    depth: int,
    ok: int,
) -> bool:
    return bool(ok)
