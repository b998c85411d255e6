"""Versions and ciphers, as contexts have them."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.tls.options import VERSIONS, TLSOptions
from eplua_twisted.tls.strength import accept_old, version_arguments


class Context:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.ciphers = b""
        self.options = 0

    def set_cipher_list(self, ciphers: bytes) -> None:
        self.ciphers = ciphers

    def set_options(self, options: int) -> None:
        self.options |= options


class StrengthTests(SynchronousTestCase):
    def weakened(self, **options: Any) -> Context:
        context: Any = Context()
        accept_old(context, TLSOptions(**options))
        made: Context = context
        return made

    def test_nothing_is_weakened_by_default(self) -> None:
        for version in ("1.2", "1.3"):
            self.assertEqual(self.weakened(min_version=version).ciphers, b"")

    def test_old_versions_need_the_lowest_level(self) -> None:
        for version in ("1.0", "1.1"):
            weakened = self.weakened(min_version=version)
            self.assertTrue(weakened.ciphers.endswith(b":@SECLEVEL=0"))
            self.assertNotIn(b"ALL", weakened.ciphers)

    def test_legacy_has_all_ciphers_but_anonymous_ones(self) -> None:
        for version in VERSIONS:
            weakened = self.weakened(min_version=version, legacy=True)
            self.assertEqual(weakened.ciphers, b"ALL:!aNULL:!eNULL:@SECLEVEL=0")
            self.assertEqual(weakened.options, 4)

    def test_openssl_knows_the_ciphers(self) -> None:
        for options in (TLSOptions(min_version="1.0"), TLSOptions(legacy=True)):
            accept_old(SSL.Context(SSL.TLS_METHOD), options)

    def test_each_version_is_the_least(self) -> None:
        for version in VERSIONS:
            arguments = version_arguments(TLSOptions(min_version=version))
            names = [each.name for each in arguments.values()]
            expected = [] if version == "1.2" else [f"TLSv{version.replace('.', '_')}"]
            self.assertEqual(names, expected)
