"""The TLS options of scripts, as they cross the border."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tls.options import TLSOptions


class TLSOptionsTests(SynchronousTestCase):
    def test_by_default_certificates_are_verified_and_the_name_is_sent(self) -> None:
        options = TLSOptions.from_pairs(())
        self.assertEqual(options, TLSOptions())
        self.assertFalse(options.allow_unauthorized)
        self.assertTrue(options.use_sni)

    def test_each_option_has_its_place(self) -> None:
        for name, value, attribute, expected in (
            (b"certificateAuthority", b"a", "certificate_authority", b"a"),
            (b"clientCertificate", b"b", "client_certificate", b"b"),
            (b"privateKey", b"c", "private_key", b"c"),
            (b"certificate", b"d", "certificate", b"d"),
            (b"clientAuthority", b"e", "client_authority", b"e"),
            (b"allowUnauthorized", True, "allow_unauthorized", True),
            (b"serverName", b"name", "server_name", "name"),
            (b"minVersion", b"1.0", "min_version", "1.0"),
            (b"legacy", True, "legacy", True),
            (b"useSNI", False, "use_sni", False),
            (b"alpn", b"h2", "alpn", (b"h2",)),
        ):
            with self.subTest(option=name):
                options = TLSOptions.from_pairs((name, value))
                self.assertEqual(getattr(options, attribute), expected)

    def test_protocols_keep_their_order(self) -> None:
        options = TLSOptions.from_pairs((b"alpn", b"h2", b"alpn", b"http/1.1"))
        self.assertEqual(options.alpn, (b"h2", b"http/1.1"))

    def test_equal_options_share_what_is_made_of_them(self) -> None:
        pairs = (b"alpn", b"h2", b"serverName", b"x")
        one, two = TLSOptions.from_pairs(pairs), TLSOptions.from_pairs(pairs)
        self.assertEqual(len({one, two}), 1)
