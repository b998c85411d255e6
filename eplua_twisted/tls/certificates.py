"""Certificates and private keys as scripts give them: PEM text, or a file of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import (
    PrivateKeyTypes as PrivateKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from eplua_twisted.border.values import to_text
from eplua_twisted.errors import OperationError

PEM = b"-----BEGIN "
PRIVATE_KEY = re.compile(
    rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL
)


def _pem(option: str, value: bytes) -> tuple[bytes, str]:
    """
    The text of an option, and what to call it in an error.

    @raise OperationError: the file cannot be read
    """
    if PEM in value:
        return value, option
    name = to_text(value)
    place = f"{option} ({name!r})"
    try:
        return Path(name).read_bytes(), place
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise OperationError("tls", f"{place}: {why}") from None


def load_certificates(option: str, value: bytes) -> list[x509.Certificate]:
    """
    @return: at least one certificate, in the order of the text
    @raise OperationError: C{tls}, naming the option and the file
    """
    text, place = _pem(option, value)
    try:
        return x509.load_pem_x509_certificates(text)
    except ValueError:
        raise OperationError("tls", f"{place}: no certificate in PEM form") from None


def load_key(value: bytes) -> PrivateKey:
    """
    @return: the first private key of the text; other things may be there too
    @raise OperationError: C{tls}, naming the option and the file
    """
    text, place = _pem("privateKey", value)
    block = PRIVATE_KEY.search(text)
    try:
        return load_pem_private_key(block.group() if block else text, None)
    except TypeError:
        what = "the private key is encrypted"
    except Exception:  # noqa: BLE001 - each library has its own
        # Which exceptions a broken key has is the business of several libraries.
        what = "no private key in PEM form"
    raise OperationError("tls", f"{place}: {what}")


@dataclass(frozen=True)
class Identity:
    """A certificate with its key and its issuers."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: list[x509.Certificate]

    @classmethod
    def load(
        cls, option: str, certificate: bytes | None, key: bytes | None
    ) -> Identity | None:
        """
        @param option: what the certificate's option is called
        @raise OperationError: C{tls}: unreadable, or they do not belong together
        """
        if certificate is None or key is None:
            return None
        first, *chain = load_certificates(option, certificate)
        identity = cls(first, load_key(key), chain)
        try:
            identity.use(SSL.Context(SSL.TLS_METHOD))
        except TypeError:
            raise OperationError("tls", "privateKey: not a kind for TLS") from None
        except SSL.Error as problem:
            raise OperationError(
                "tls", f"privateKey does not match {option} ({_reason(problem)})"
            ) from None
        return identity

    def use(self, context: SSL.Context) -> None:
        """Show it to peers."""
        context.use_certificate(self.certificate)
        key: Any = self.key
        context.use_privatekey(key)
        for issuer in self.chain:
            context.add_extra_chain_cert(issuer)


def _reason(problem: SSL.Error) -> str:
    """The last word of OpenSSL's error queue."""
    queue = problem.args[0] if problem.args else ()
    return str(queue[-1][-1]) if queue else "unknown"
