"""Certificates and keys as scripts give them."""

from __future__ import annotations

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.tls.certificates import Identity, load_certificates, load_key
from tests.support.authority import Authority


class LoadCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.authority = Authority(self)
        self.file = self.authority.issue("localhost")
        self.text = Path(self.file).read_bytes()

    def refused(self, call: object, *arguments: object) -> str:
        """The message, which is a script's; the code is C{tls}."""
        problem = self.assertRaises(OperationError, call, *arguments)
        self.assertEqual(problem.code, "tls")
        message: str = problem.message
        return message

    def write(self, text: bytes) -> bytes:
        path = Path(self.mktemp())
        path.write_bytes(text)
        return bytes(path)


class CertificateTests(LoadCase):
    def test_text_and_file_are_the_same(self) -> None:
        self.assertEqual(
            load_certificates("certificate", self.text),
            load_certificates("certificate", self.file.encode()),
        )

    def test_all_of_a_text_in_its_order(self) -> None:
        other = Path(self.authority.file).read_bytes()
        found = load_certificates("certificateAuthority", self.text + other)
        self.assertEqual(found[:1], load_certificates("x", self.text)[:1])
        self.assertEqual(found[-1:], load_certificates("x", other))

    def test_a_file_that_is_not_there_is_named(self) -> None:
        message = self.refused(load_certificates, "certificate", b"/no/such.pem")
        self.assertEqual(
            message, "certificate ('/no/such.pem'): No such file or directory"
        )

    def test_a_name_that_no_file_can_have(self) -> None:
        self.assertIn(
            "certificate", self.refused(load_certificates, "certificate", b"\0")
        )

    def test_what_is_no_certificate_is_named(self) -> None:
        for value in (b"-----BEGIN NOTHING-----", self.write(b"nothing")):
            message = self.refused(load_certificates, "certificate", value)
            self.assertIn("no certificate in PEM form", message)


class KeyTests(LoadCase):
    def test_the_first_of_a_text_with_other_things(self) -> None:
        self.assertEqual(
            load_key(Path(self.authority.file).read_bytes() + self.text).private_bytes(
                Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
            ),
            load_key(self.text).private_bytes(
                Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
            ),
        )

    def test_an_encrypted_key_is_refused_as_one(self) -> None:
        key = load_pem_private_key(self.text, None)
        text = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
        self.assertEqual(
            self.refused(load_key, text), "privateKey: the private key is encrypted"
        )

    def test_what_is_no_key_is_refused(self) -> None:
        certificate = Path(self.authority.file).read_bytes()
        broken = self.text.replace(b"\n", b"\nAAAA", 2)
        for value in (certificate, broken, b"-----BEGIN PRIVATE KEY-----"):
            self.assertIn("no private key in PEM form", self.refused(load_key, value))

    def test_a_key_is_never_in_the_message(self) -> None:
        broken = self.text.replace(b"\n", b"\nAAAA", 2)
        self.assertNotIn("AAAA", self.refused(load_key, broken))


class IdentityTests(LoadCase):
    def test_none_without_both(self) -> None:
        self.assertIsNone(Identity.load("certificate", None, self.text))
        self.assertIsNone(Identity.load("certificate", self.text, None))

    def test_the_issuers_are_its_chain(self) -> None:
        intermediate = trustme.CA().create_child_ca()
        issued = intermediate.issue_cert("localhost")
        text = issued.private_key_and_cert_chain_pem.bytes()
        identity = Identity.load("certificate", text, text)
        assert identity is not None
        self.assertEqual(
            [identity.certificate, *identity.chain],
            load_certificates("certificate", text),
        )
        self.assertTrue(identity.chain)

    def test_a_key_of_another_certificate_is_refused(self) -> None:
        other = Path(self.authority.issue("other")).read_bytes()
        message = self.refused(Identity.load, "certificate", self.text, other)
        self.assertIn("privateKey does not match certificate", message)

    def test_a_key_of_another_kind_is_refused(self) -> None:
        def pem(key: ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey) -> bytes:
            return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

        curve = pem(ec.generate_private_key(ec.SECP521R1()))
        message = self.refused(Identity.load, "certificate", self.text, curve)
        self.assertIn("privateKey does not match certificate", message)
        exchange = pem(x25519.X25519PrivateKey.generate())
        message = self.refused(Identity.load, "certificate", self.text, exchange)
        self.assertEqual(message, "privateKey: not a kind for TLS")
