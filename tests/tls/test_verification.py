"""Whom a certificate is for, and what a script is told of one that is not accepted."""

from __future__ import annotations

from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL, crypto
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tls.verification import VerificationFailed, mismatch, verifier
from tests.support.authority import Authority


class MismatchTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.authority = Authority(self)

    def reason(self, name: str, *names: x509.GeneralName) -> str | None:
        """Why a certificate of a device called C{device} is not for a name."""
        path = self.authority.certify("device", *names)
        with open(path, "rb") as file:
            return mismatch(x509.load_pem_x509_certificate(file.read()), name)

    def test_names(self) -> None:
        for name, own, good in (
            ("device", x509.DNSName("device"), True),
            ("device", x509.DNSName("other"), False),
            ("DEVICE", x509.DNSName("device"), True),
            ("my_device", x509.DNSName("my_device"), True),
            ("a.home.arpa", x509.DNSName("*.home.arpa"), True),
            ("a.b.home.arpa", x509.DNSName("*.home.arpa"), False),
            ("10.0.0.1", x509.IPAddress(ip_address("10.0.0.1")), True),
            ("::1", x509.IPAddress(ip_address("::1")), True),
            ("10.0.0.1", x509.DNSName("10.0.0.1"), False),
            ("device", x509.IPAddress(ip_address("10.0.0.1")), False),
            ("a+b", x509.DNSName("a+b"), False),
        ):
            expected = None if good else f"wrong host, not for {name}"
            self.assertEqual(self.reason(name, own), expected, (name, own))

    def test_unreadable_names_are_skipped(self) -> None:
        """Whatever stands before the one that matches."""
        for unreadable in (
            "127.0.0.1",
            "",
            "*",
            "a.*.b",
            "*.*",
            " ",
            "a b",
            "-",
            "::1",
        ):
            names = x509.DNSName(unreadable), x509.DNSName("device")
            self.assertIsNone(self.reason("device", *names), unreadable)
            self.assertIsNotNone(self.reason("other", *names), unreadable)

    def test_common_name(self) -> None:
        """RFC 9525, 2: it does not count; the script is told what is missing."""
        self.assertEqual(
            self.reason("device"),
            "it has no subjectAltName, and its common name does not count",
        )


class VerifierTests(SynchronousTestCase):
    def test_a_certificate_that_only_openssl_can_read(self) -> None:
        """An odd version, or a name in the wrong kind of text, by who is trusted."""
        with open(Authority(self).certify("device"), "rb") as file:
            read = x509.load_pem_x509_certificate(file.read())
        whole = read.public_bytes(Encoding.DER)
        for usual, odd in (
            (b"\xa0\3\2\1\2", b"\xa0\3\2\1\x09"),
            (b"\x0c\x06device", b"\x13\x06de_ice"),
        ):
            self.assertEqual(whole.count(usual), 1)
            text = whole.replace(usual, odd)
            certificate = crypto.load_certificate(crypto.FILETYPE_ASN1, text)
            connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
            verify = verifier("device", "h")
            problem = self.assertRaises(
                VerificationFailed, verify, connection, certificate, 0, 0, 1
            )
            self.assertIn("it cannot be read", problem.message)


class MessageTests(SynchronousTestCase):
    def test_ways_out(self) -> None:
        """Each names the options that would accept the certificate, as a script has them."""
        accepts = (
            "tls = { allowUnauthorized = true } or --allow-unauthorized h accepts any"
            " certificate)"
        )
        for reason, way_out in (
            ("expired", ""),
            ("self-signed", "tls = { certificateAuthority = FILE } trusts it; "),
            ("unknown issuer", "tls = { certificateAuthority = FILE } trusts it; "),
            ("its key is too weak", "tls = { legacy = true } allows that; "),
        ):
            self.assertEqual(
                VerificationFailed(reason, "h").message,
                f"certificate verify failed: {reason} ({way_out}{accepts}",
            )
