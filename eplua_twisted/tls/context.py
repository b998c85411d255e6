"""
The TLS options of scripts to what Twisted and pyOpenSSL want.

One table everywhere: see I{TLS options} in the Lua API.  Keys and records are
OpenSSL's business; what is decided here is which certificates are accepted, and
what a script is told about one that is not.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import Certificate, CertificateOptions
from twisted.internet.ssl import trustRootFromCertificates as trust_only
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from eplua_twisted.errors import OperationError
from eplua_twisted.streams.endpoints import UNIX
from eplua_twisted.streams.names import ascii_name, is_address, without_zone
from eplua_twisted.tls.certificates import Identity, load_certificates
from eplua_twisted.tls.options import TLSOptions
from eplua_twisted.tls.strength import accept_old, version_arguments
from eplua_twisted.tls.verification import verifier

# Clients.


def is_allowed(allowed: frozenset[str], host: str, port: int) -> bool:
    """
    Whether who runs the program accepts any certificate of a host.

    @param allowed: see L{Environment<eplua_twisted.border.environment.Environment>}
    """
    return not allowed.isdisjoint((host, f"{host}:{port}", f"[{host}]:{port}"))


def _client_name(options: TLSOptions, host: str) -> str:
    """
    What a server's certificate must be for.

    @raise OperationError: C{dns}: neither a name nor an address
    """
    if options.server_name is not None:
        host = options.server_name
    elif host.startswith(UNIX):
        host = "localhost"
    if is_address(host):
        return without_zone(host)
    return ascii_name(host).removesuffix(".")


def prepare_client(
    context: SSL.Context,
    options: TLSOptions,
    host: str,
    port: int,
    allowed: frozenset[str],
) -> str:
    """
    Make a client's context verify its server.

    @param allowed: see L{is_allowed}
    @return: the name the server is verified against
    @raise OperationError: C{tls}: an authority cannot be read
    """
    name = _client_name(options, host)
    if options.allow_unauthorized or is_allowed(allowed, host, port):
        context.set_verify(SSL.VERIFY_NONE)
        return name
    context.set_default_verify_paths()
    if options.certificate_authority is not None:
        trust(context, "certificateAuthority", options.certificate_authority)
    context.set_verify(
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verifier(name, host)
    )
    return name


def trust(context: SSL.Context, option: str, value: bytes) -> None:
    """
    Accept what these certificates have signed.

    @raise OperationError: C{tls}, naming the option and the file
    """
    store = context.get_cert_store()
    assert store is not None
    for each in load_certificates(option, value):
        store.add_cert(crypto.X509.from_cryptography(each))


def server_name(connection: SSL.Connection, name: str) -> None:
    """Ask for a host by name; an address is not allowed there (RFC 6066, 3)."""
    if not is_address(name):
        connection.set_tlsext_host_name(name.encode("ascii"))


def _certificate_options(
    options: TLSOptions, identity: Identity | None, roots: Any = None
) -> CertificateOptions:
    given: dict[str, Any] = {}
    if identity is not None:
        given = {
            "certificate": identity.certificate,
            "privateKey": identity.key,
            "extraCertChain": identity.chain,
        }
    made = CertificateOptions(
        trustRoot=roots,
        acceptableProtocols=list(options.alpn) or None,
        **given,
        **version_arguments(options),
    )
    accept_old(made.getContext(), options)
    return made


@implementer(IOpenSSLClientConnectionCreator)
class ClientCreator:
    """Makes the client's ends of connections to one host."""

    def __init__(self, options: CertificateOptions, name: str | None) -> None:
        self._options = options
        self._name = name

    def clientConnectionForTLS(
        self, tlsProtocol: TLSMemoryBIOProtocol
    ) -> SSL.Connection:
        connection = self._options.clientConnectionForTLS(tlsProtocol)
        if self._name is not None:
            server_name(connection, self._name)
        return connection


def client_creator(
    options: TLSOptions, host: str, port: int, allowed: frozenset[str]
) -> IOpenSSLClientConnectionCreator:
    """
    What makes the client's end of a connection; files are read now.

    The server's chain and name are verified unless the options or who runs the
    program allow otherwise.

    @param allowed: see L{is_allowed}
    @raise OperationError: C{tls}: a certificate or key cannot be used
    """
    identity = Identity.load(
        "clientCertificate", options.client_certificate, options.private_key
    )
    made = _certificate_options(options, identity)
    name = prepare_client(made.getContext(), options, host, port, allowed)
    return ClientCreator(made, name if options.use_sni else None)


# Servers.


def server_identity(options: TLSOptions) -> Identity:
    """@raise OperationError: C{tls}: a certificate or key cannot be used"""
    identity = Identity.load("certificate", options.certificate, options.private_key)
    if identity is None:
        raise OperationError("tls", "a server needs certificate and privateKey")
    return identity


HTTP = b"http/1.1"
"""What C{alpn} calls the protocol of those who speak HTTP, be it to change to WebSocket."""


def server_context(options: TLSOptions, spoken: bytes = b"") -> CertificateOptions:
    """
    What makes the server's ends of connections; files are read now, once.

    @param spoken: the protocol that is chosen, if a client offers it, where the options
        name none; empty for none
    @return: an C{IOpenSSLServerConnectionCreator}
    @raise OperationError: C{tls}: a certificate or key cannot be used
    """
    identity = server_identity(options)
    roots = None
    if options.client_authority is not None:
        found = load_certificates("clientAuthority", options.client_authority)
        roots = trust_only(
            [Certificate(crypto.X509.from_cryptography(each)) for each in found]
        )
    made = _certificate_options(options, identity, roots)
    context = made.getContext()
    if not options.alpn:
        # Twisted's choice among none breaks the handshake of whoever offers some.
        context.set_alpn_select_callback(
            lambda _, offered: (
                spoken if spoken in offered else SSL.NO_OVERLAPPING_PROTOCOLS
            )
        )
    return made
