"""How a runtime becomes one of Home Center 3: certificates, controllers, options."""

from __future__ import annotations

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.hc3.options import HC3Options, variable_of
from eplua_twisted.hc3.setup import Lenient, is_local
from eplua_twisted.tap import Options, makeService
from eplua_twisted.tls.context import is_allowed
from tests.support.hc3_scripts import HostTestCase


class CertificateTests(HostTestCase):
    def test_local_hosts(self) -> None:
        for host in (
            "192.168.1.5",
            "10.0.0.1",
            "fd00::1",
            "fe80::1%eth0",
            "sonos.local",
            "A.LOCAL.",
        ):
            self.assertTrue(is_local(host), host)
        for host in (
            "8.8.8.8",
            "example.com",
            "2001:4860::8888",
            "local",
            "x.localnet",
        ):
            self.assertFalse(is_local(host), host)

    def test_local_certificates_are_accepted_with_one_warning_per_host(self) -> None:
        hosts = Lenient(["named.example:443"])
        for _ in range(2):
            self.assertTrue(is_allowed(hosts, "192.168.1.5", 443))
        self.assertTrue(is_allowed(hosts, "named.example", 443))
        self.assertFalse(is_allowed(hosts, "named.example", 444))
        self.assertFalse(is_allowed(hosts, "example.com", 443))
        self.assertEqual(len(self.warnings), 1)
        self.assertIn("192.168.1.5 is not verified", self.warnings[0])


class OptionTests(SynchronousTestCase):
    def parsed(self, *arguments: str) -> Options:
        options = Options()
        usage.Options.parseOptions(options, list(arguments))
        return options

    def test_variables(self) -> None:
        for given, name, value in (
            ("a=5", "a", 5),
            ("a=x y", "a", "x y"),
            ("a=", "a", ""),
            ('a={b="c"}', "a", {"b": "c"}),
            ("host=192.168.1.20", "host", "192.168.1.20"),
        ):
            self.assertEqual(variable_of(given), (name, value))
        self.assertRaises(ValueError, variable_of, "a")

    def test_verify(self) -> None:
        self.assertIs(self.parsed("--hc3", "--verify", "a.lua").setup().verify, True)

    def test_several_scripts(self) -> None:
        options = self.parsed("--hc3", "--var", "a=1", "a.lua", "b.fqa")
        self.assertEqual(options.arguments, ("a.lua", "b.fqa"))
        self.assertIsInstance(options, HC3Options)
        self.assertEqual(options.setup().variables, {"a": 1})

    def test_twistd_runs_one(self) -> None:
        options = self.parsed("--hc3", "a.lua", "b.lua")
        self.assertRaises(usage.UsageError, makeService, options)

    def test_options_without_hc3_are_refused(self) -> None:
        for arguments in (("--var", "a=1"), ("--verify",)):
            problem = self.assertRaises(
                usage.UsageError, self.parsed, *arguments, "a.lua"
            )
            self.assertIn("needs --hc3", str(problem))

    def test_lua_is_5_3_where_none_is_asked_for(self) -> None:
        self.assertIsNone(self.parsed("--hc3", "a.lua")["lua"])
