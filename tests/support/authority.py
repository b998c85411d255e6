"""Certificates made for a test, as files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SynchronousTestCase


class Authority:
    """
    A certificate authority and what it issues, in a directory of one test.

    @ivar file: its own certificate
    @ivar own: its own certificate and key, as a server could misuse them
    """

    def __init__(self, case: SynchronousTestCase) -> None:
        self._directory = os.path.abspath(case.mktemp())
        os.makedirs(self._directory)
        self._authority = trustme.CA()
        self.file = self._write("ca", self._authority.cert_pem.bytes())
        self.own = self._write(
            "own",
            self._authority.private_key_pem.bytes() + self._authority.cert_pem.bytes(),
        )

    def _write(self, name: str, text: bytes) -> str:
        path = os.path.join(self._directory, name + ".pem")
        with open(path, "wb") as file:
            file.write(text)
        return path

    def issue(self, *names: str, **options: Any) -> str:
        """@return: a file with the key, the certificate and its chain"""
        issued = self._authority.issue_cert(*names, **options)
        name = f"{names[0]}-{len(os.listdir(self._directory))}"
        return self._write(name, issued.private_key_and_cert_chain_pem.bytes())

    def certify(
        self, common_name: str, *names: x509.GeneralName, key_size: int = 2048
    ) -> str:
        """
        @param names: of the subjectAltName as they are; none for a certificate without
        @return: as L{issue}
        """
        with open(self.own, "rb") as file:
            own = file.read()
        issuer = x509.load_pem_x509_certificate(own)
        issuer_key: Any = load_pem_private_key(own, None)
        key = rsa.generate_private_key(65537, key_size)
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(
                x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
            )
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(names), critical=False
            )
        certificate = builder.sign(issuer_key, hashes.SHA256())
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        text += certificate.public_bytes(Encoding.PEM)
        name = f"{common_name}-{len(os.listdir(self._directory))}"
        return self._write(name, text)

    def expired(self, name: str) -> str:
        now = datetime.now(UTC)
        day = timedelta(days=1)
        return self.issue(name, not_before=now - 2 * day, not_after=now - day)

    def not_yet_valid(self, name: str) -> str:
        now = datetime.now(UTC)
        day = timedelta(days=1)
        return self.issue(name, not_before=now + day, not_after=now + 2 * day)
