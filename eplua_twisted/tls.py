"""
The TLS options of scripts as Twisted contexts.

Chain and host name are verified unless the script, or whoever runs it, says
otherwise for that host.  pyOpenSSL and Twisted do the work; no code here touches
a key or a record.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from OpenSSL import SSL, crypto
from service_identity import VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet import ssl
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.addresses import is_address
from eplua_twisted.environment import Environment
from eplua_twisted.errors import OperationError
from eplua_twisted.values import to_text

PEM = b"-----BEGIN"

REASONS = {
    9: "not yet valid",
    10: "expired",
    18: "self-signed",
    19: "self-signed certificate in the chain",
    20: "unknown issuer",
    21: "unknown issuer",
    23: "revoked",
    62: "wrong host",
    64: "wrong host",
}
"""OpenSSL's X509_V_ERR numbers."""

REMEDY = "(accept it with the option allowUnauthorized, or --allow-unauthorized {host})"


class VerificationFailed(OperationError, SSL.Error):
    """A certificate was not accepted; as an SSL error it ends the connection."""


@dataclass(frozen=True)
class TLSOptions:
    """
    What the option table says; certificates and keys are PEM text or file names.

    @ivar alpn: protocols, separated by commas
    """

    certificateAuthority: bytes | None = None
    clientCertificate: bytes | None = None
    certificate: bytes | None = None
    privateKey: bytes | None = None
    clientAuthority: bytes | None = None
    allowUnauthorized: bool = False
    serverName: bytes | None = None
    alpn: bytes | None = None

    @classmethod
    def from_lua(cls, *pairs: Any) -> TLSOptions:
        """@param pairs: names and values, as C{tls.flatten} gives them"""
        given = dict(zip(map(to_text, pairs[::2]), pairs[1::2], strict=True))
        known = {each.name for each in fields(cls)}
        return cls(**{name: given[name] for name in known & given.keys()})

    @property
    def protocols(self) -> list[bytes]:
        return self.alpn.split(b",") if self.alpn else []


def _pem(option: str, value: bytes) -> bytes:
    if value.lstrip().startswith(PEM):
        return value
    try:
        return Path(to_text(value)).read_bytes()
    except OSError as problem:
        raise OperationError(
            "tls", f"{option}: cannot read {to_text(value)}: {problem.strerror}"
        ) from None


def _named(option: str, value: bytes) -> str:
    return option if value.lstrip().startswith(PEM) else f"{option} ({to_text(value)})"


def _certificates(option: str, value: bytes) -> list[Any]:
    """All certificates of a PEM text."""
    text = _pem(option, value)
    blocks = [PEM + block for block in text.split(PEM)[1:] if b"CERTIFICATE" in block]
    try:
        found = [ssl.Certificate.loadPEM(block) for block in blocks]
    except (crypto.Error, ValueError):
        found = []
    if not found:
        raise OperationError("tls", f"{_named(option, value)} has no certificate")
    return found


def _identity(
    option: str, certificate: bytes, key: bytes | None
) -> tuple[Any, Any, list[Any]]:
    """A certificate, its key, and the certificates between it and its authority."""
    chain = [each.original for each in _certificates(option, certificate)]
    source = certificate if key is None else key
    name = option if key is None else "privateKey"
    try:
        private = crypto.load_privatekey(crypto.FILETYPE_PEM, _pem(name, source))
    except (crypto.Error, ValueError, TypeError):
        raise OperationError("tls", f"{_named(name, source)} has no key") from None
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(chain[0])
    context.use_privatekey(private)
    try:
        context.check_privatekey()
    except SSL.Error:
        raise OperationError(
            "tls", f"{_named(name, source)} is not the key of {option}"
        ) from None
    return private, chain[0], chain[1:]


def _context_options(
    options: TLSOptions, identity: tuple[Any, Any, list[Any]] | None
) -> dict[str, Any]:
    made: dict[str, Any] = {"acceptableProtocols": options.protocols or None}
    if identity is not None:
        key, certificate, chain = identity
        made.update(privateKey=key, certificate=certificate, extraCertChain=chain)
    return made


@implementer(IOpenSSLClientConnectionCreator)
class ClientCreator:
    """Makes the TLS side of a connection to one host."""

    def __init__(self, options: TLSOptions, host: str, port: int, accept: bool) -> None:
        self._host = host
        name = to_text(options.serverName) if options.serverName else host
        self._identity = IPAddress_ID(name) if is_address(name) else DNS_ID(name)
        self._accept = accept
        identity = None
        if options.clientCertificate is not None:
            identity = _identity(
                "clientCertificate", options.clientCertificate, options.privateKey
            )
        self._certificate_options = ssl.CertificateOptions(
            raiseMinimumTo=ssl.TLSVersion.TLSv1_2,
            trustRoot=None if accept else ssl.platformTrust(),
            **_context_options(options, identity),
        )
        self._context = self._certificate_options.getContext()
        if options.certificateAuthority is not None and not accept:
            store = self._context.get_cert_store()
            assert store is not None
            for each in _certificates(
                "certificateAuthority", options.certificateAuthority
            ):
                store.add_cert(each.original)

    def _verifier(self, protocol: Any) -> Any:
        """A callback for OpenSSL that ends the connection with the reason."""
        refused: set[bool] = set()

        def refuse(reason: str) -> bool:
            if not refused:
                refused.add(True)
                text = f"certificate verify failed: {reason} "
                problem = VerificationFailed(
                    "tls", text + REMEDY.format(host=self._host)
                )
                protocol.failVerification(Failure(problem))
            return False

        def verify(
            connection: Any, certificate: Any, number: int, depth: int, good: int
        ) -> bool:
            if not good:
                return refuse(REASONS.get(number, f"OpenSSL's reason {number}"))
            if depth:
                return True
            try:
                verify_service_identity(
                    extract_patterns(certificate), [self._identity], []
                )
            except VerificationError:
                return refuse("wrong host")
            return True

        return verify

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        """C{IOpenSSLClientConnectionCreator}"""
        connection = SSL.Connection(self._context, None)
        if isinstance(self._identity, DNS_ID):
            # RFC 6066, 3: an address is no name to ask for.
            connection.set_tlsext_host_name(self._identity.hostname)
        if not self._accept:
            connection.set_verify(
                SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
                self._verifier(tlsProtocol),
            )
        return connection


def client_creator(
    options: TLSOptions, host: str, port: int, environment: Environment
) -> ClientCreator:
    """
    @raise OperationError: C{tls}, for a file that cannot be read or holds nothing
        of the kind; it names the option
    """
    allowed = environment.allow_unauthorized
    accept = options.allowUnauthorized or not allowed.isdisjoint(
        (host, f"{host}:{port}")
    )
    return ClientCreator(options, host, port, accept)


def server_context(options: TLSOptions) -> Any:
    """
    @return: a context factory for a listening port
    @raise OperationError: as L{client_creator}
    """
    identity = _identity("certificate", options.certificate or b"", options.privateKey)
    trust = None
    if options.clientAuthority is not None:
        trust = ssl.trustRootFromCertificates(
            _certificates("clientAuthority", options.clientAuthority)
        )
    return ssl.CertificateOptions(
        raiseMinimumTo=ssl.TLSVersion.TLSv1_2,
        trustRoot=trust,
        **_context_options(options, identity),
    )
