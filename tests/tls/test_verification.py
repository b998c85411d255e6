"""Whom a certificate is for, and what a script is told of one that is not accepted."""

from __future__ import annotations

from ipaddress import ip_address

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tls.verification import VerificationFailed, mismatch
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
