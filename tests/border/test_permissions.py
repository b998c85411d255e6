"""Permissions: what they mean, and what is said of what they do not allow."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import OperationError, Permissions
from eplua_twisted.border.network import parse_host
from eplua_twisted.border.permissions import Access
from eplua_twisted.tap import Options


class HostTests(SynchronousTestCase):
    """HOST[:PORT] of --allow-net."""

    def allows(self, rule: str, asked: str, address: str, port: int) -> bool:
        network = Access(Permissions(allow_net=[rule])).network
        try:
            network.check(asked, address, port)
        except OperationError as problem:
            self.assertEqual(problem.code, "denied")
            self.assertIn("--allow-net=", problem.message)
            return False
        return True

    def test_what_is_allowed(self) -> None:
        for rule, asked, address, port in (
            ("example.com", "example.com", "192.0.2.1", 80),
            ("Example.COM.", "eXample.com", "192.0.2.1", 80),
            ("example.com", "example.com.", "192.0.2.1", 80),
            ("example.com:80", "example.com", "192.0.2.1", 80),
            ("192.0.2.1", "other.example", "192.0.2.1", 80),
            ("192.0.2.1", "192.0.2.1", "192.0.2.1", 80),
            ("192.0.2.0/24:80", "192.0.2.9", "192.0.2.9", 80),
            ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.1", 80),
            ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1", 80),
            ("::ffff:192.0.2.0/120", "192.0.2.1", "192.0.2.1", 80),
            ("::1", "::1", "::1", 80),
            ("[::1]:80", "::1", "0:0:0:0:0:0:0:1", 80),
            ("[fd00::/8]:80", "fd00::5", "fd00::5", 80),
            ("fe80::/10", "fe80::1%eth0", "fe80::1%2", 80),
            ("0.0.0.0/0", "192.0.2.1", "192.0.2.1", 80),
        ):
            self.assertTrue(self.allows(rule, asked, address, port), (rule, asked))

    def test_what_is_not(self) -> None:
        for rule, asked, address, port in (
            ("example.com", "www.example.com", "192.0.2.1", 80),
            ("example.com", "example.com.evil", "192.0.2.1", 80),
            ("example.com", "192.0.2.1", "192.0.2.1", 80),
            ("example.com:80", "example.com", "192.0.2.1", 81),
            ("192.0.2.1", "192.0.2.1", "192.0.2.2", 80),
            ("192.0.2.1:80", "192.0.2.1", "192.0.2.1", 81),
            ("192.0.2.0/24", "example.com", "192.0.3.1", 80),
            ("192.0.2.1", "example.com", "::ffff:192.0.2.2", 80),
            ("0.0.0.0/0", "::1", "::1", 80),
            ("::/0", "127.0.0.1", "::ffff:127.0.0.1", 80),
            ("127.0.0.1", "0.0.0.0", "0.0.0.0", 80),
            ("127.0.0.1", "x", "not an address", 80),
        ):
            self.assertFalse(self.allows(rule, asked, address, port), (rule, asked))

    def test_what_is_no_host(self) -> None:
        for text in (
            "",
            "a b",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            "example.com:x",
            "http://example.com",
            "192.0.2.1/24",
            "[::1",
            "[::1]80",
            "::1:x",
            "bücher.example",
            "*.example.com",
            "a..b",
        ):
            with self.assertRaises(ValueError, msg=text):
                parse_host(text)


class NetworkTests(SynchronousTestCase):
    def test_with_none_of_a_kind_all_is_allowed(self) -> None:
        for access in (Access(), Access(Permissions(allow_read=["/"]))):
            access.network.check("x", "192.0.2.1", 1)
            access.network.check_listen()
            self.assertTrue(access.network.hears_all)

    def test_one_of_the_kind_limits_all_of_it(self) -> None:
        for permissions in (
            Permissions(allow_net=["example.com"]),
            Permissions(deny_net=True, allow_listen=True),
            Permissions(allow_net=[]),
        ):
            network = Access(permissions).network
            self.assertRaises(OperationError, network.check, "x", "192.0.2.1", 1)
            self.assertRaises(OperationError, network.check_listen)
            self.assertRaises(OperationError, network.check_unix, b"/tmp/x")
            self.assertFalse(network.hears_all)
        network = Access(Permissions(allow_listen=True)).network
        self.assertRaises(OperationError, network.check, "x", "192.0.2.1", 1)
        network.check_listen()

    def test_a_sandbox_allows_nothing(self) -> None:
        access = Access(sandbox=True)
        self.assertRaises(OperationError, access.network.check, "x", "192.0.2.1", 1)
        self.assertRaises(OperationError, access.files.check, b"/", "read")
        self.assertRaises(OperationError, access.files.check, b"/", "write")

    def test_deny_wins(self) -> None:
        network = Access(Permissions(allow_net=["192.0.2.1"], deny_net=True)).network
        problem = self.assertRaises(
            OperationError, network.check, "192.0.2.1", "192.0.2.1", 1
        )
        self.assertIn("--deny-net", problem.message)

    def test_unix_sockets_are_files_where_the_network_is_not_limited(self) -> None:
        access = Access(Permissions(allow_read=["/srv"], allow_write=["/srv"]))
        access.network.check_unix(b"/srv/x")
        self.assertRaises(OperationError, access.network.check_unix, b"/tmp/x")
        access = Access(Permissions(allow_read=["/srv"]))
        access.network.check_unix(b"/srv/x")
        self.assertRaises(OperationError, access.network.check_unix, b"/tmp/x")

    def test_unix_sockets_have_to_be_named_where_it_is(self) -> None:
        access = Access(
            Permissions(allow_net=["x"], allow_read=["/srv"], allow_write=["/srv"])
        )
        access.network.check_unix(b"/srv/x")
        access = Access(Permissions(allow_net=["x"], allow_read=["/srv"]))
        self.assertRaises(OperationError, access.network.check_unix, b"/srv/x")


class FilesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(os.path.realpath(self.mktemp()))
        (self.root / "in").mkdir(parents=True)
        (self.root / "out").mkdir()
        (self.root / "inside").mkdir()
        (self.root / "out" / "secret").write_text("secret")
        (self.root / "in" / "link").symlink_to(self.root / "out" / "secret")
        (self.root / "in" / "dangling").symlink_to(self.root / "out" / "new")
        (self.root / "in" / "folder").symlink_to(self.root / "out")
        self.files = Access(Permissions(allow_read=[self.root / "in"])).files

    def path(self, *names: str) -> bytes:
        return os.fsencode(os.path.join(self.root, *names))

    def test_what_is_within(self) -> None:
        for names in (("in",), ("in", "x"), ("out", "..", "in", "a", "b")):
            self.files.check(self.path(*names), "read")
        self.assertEqual(
            self.files.check(self.path("out", "..", "in", "x"), "read"),
            self.path("in", "x"),
        )

    def test_what_is_not(self) -> None:
        for names in (
            ("out", "secret"),
            ("inside",),
            ("in", "..", "out", "secret"),
            ("in", "link"),
            ("in", "dangling"),
            ("in", "folder", "secret"),
            ("in", "folder", "..", "x"),
            ("in\0", "x"),
            ("",),
        ):
            problem = self.assertRaises(
                OperationError, self.files.check, self.path(*names), "read"
            )
            self.assertEqual(problem.code, "denied", names)

    def test_a_link_itself(self) -> None:
        """What is removed or renamed is the link, wherever it leads."""
        self.files.check(self.path("in", "link"), "read", link=True)
        for names in (("in", "folder", "secret"), ("in", "folder", ".."), ("out",)):
            self.assertRaises(
                OperationError, self.files.check, self.path(*names), "read", link=True
            )

    def test_the_flag_is_named(self) -> None:
        files = Access(Permissions(allow_read=[], allow_write=[])).files
        for kind in ("read", "write"):
            problem = self.assertRaises(OperationError, files.check, b"/x", kind)
            self.assertIn(f"--allow-{kind}=", problem.message)

    def test_a_link_given_as_a_directory_is_what_it_leads_to(self) -> None:
        files = Access(Permissions(allow_read=[self.root / "in" / "folder"])).files
        files.check(self.path("out", "secret"), "read")

    def test_standard_streams_that_are_pipes(self) -> None:
        """They can be opened as files can; other pipes of the process cannot."""
        reading, writing = os.pipe()
        others = os.pipe()
        kept = os.dup(0)
        try:
            os.dup2(reading, 0)
            files = Access(Permissions(allow_read=["/"], allow_write=["/"])).files
            os.write(writing, b"x")
            with open(files.check(b"/dev/stdin", "read"), "rb", buffering=0) as opened:
                self.assertEqual(opened.read(1), b"x")
            other = files.check(b"/dev/fd/%d" % others[1], "write")
            self.assertRaises(FileNotFoundError, open, other, "wb")
        finally:
            os.dup2(kept, 0)
            for descriptor in (reading, writing, kept, *others):
                os.close(descriptor)


class ValueTests(SynchronousTestCase):
    def test_a_text_is_no_collection(self) -> None:
        for make in (
            lambda: Permissions(allow_net="example.com"),
            lambda: Permissions(allow_read="/srv"),
            lambda: Permissions(allow_write="/srv"),
        ):
            self.assertRaises(ValueError, make)

    def test_a_path_is_not_empty(self) -> None:
        for given in ("", "a\0b"):
            self.assertRaises(ValueError, Permissions, allow_read=[given])
            self.assertRaises(ValueError, Permissions, allow_write=[given])

    def test_options_of_the_command(self) -> None:
        options = Options()
        options.parseOptions(
            [
                *("--sandbox", "--allow-net=a", "--allow-net", "b:80"),
                *("--allow-listen", "--allow-read=/r", "--allow-write=/w", "-e", ""),
            ]
        )
        self.assertTrue(options["sandbox"])
        self.assertEqual(
            options.permissions,
            Permissions(
                allow_net=("a", "b:80"),
                allow_listen=True,
                allow_read=("/r",),
                allow_write=("/w",),
            ),
        )
        options = Options()
        options.parseOptions(["--deny-net", "-e", ""])
        self.assertEqual(options.permissions, Permissions(deny_net=True))

    def test_a_host_that_is_none(self) -> None:
        for option in ("--allow-net=a b", "--allow-read=", "--allow-write="):
            with self.assertRaises(UsageError) as raised:
                Options().parseOptions([option, "-e", ""])
            self.assertTrue(str(raised.exception).startswith(option[:11]), option)
