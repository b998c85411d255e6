"""Host names: what can be one, and the one way to look them up."""

from __future__ import annotations

import socket
from typing import Any, cast
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.trial.unittest import SynchronousTestCase, TestCase

from eplua_twisted.border.environment import IReactor
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.names import (
    ascii_name,
    host_of_url,
    numeric_zone,
    resolve,
    without_zone,
)
from tests.memory import MemoryReactor

real_reactor: Any = reactor

LOOPBACK_NUMBER = socket.if_nametoindex("lo")

IMPOSSIBLE = [
    *("", ".", "a..b", ".x", "x..", "%41", "a/b", "a b", "a:b", "[::1]", "a@b", "a?b"),
    *(
        "a#b",
        "a\\b",
        "a\x00b",
        "a\nb",
        "x" * 64,
        "x" * 64 + ".y",
        ".".join(["xy"] * 85),
    ),
    *("b\udcff", "xn--\x80", "ä" * 64, "\u200b", "fe80::1%"),
]
"""What cannot be a name."""


class NameTests(SynchronousTestCase):
    def test_names_stay_as_they_are(self) -> None:
        """Underscores, a final dot and capitals too."""
        for name in ("localhost", "my_device", "_a.b_", "a-", "-a", "a.b.", "Ab.C"):
            self.assertEqual(ascii_name(name), name)

    def test_longest(self) -> None:
        """63 bytes of a label, 253 of a name."""
        label = "x" * 63
        name = ".".join([label, label, label, "y" * 61])
        for each in (label, name, name + "."):
            self.assertEqual(ascii_name(each), each)

    def test_other_letters(self) -> None:
        """UTS 46, as browsers have it."""
        for name, expected in (
            ("gerät.local", "xn--gert-noa.local"),
            ("GERÄT", "xn--gert-noa"),
            ("mein_gerät", "xn--mein_gert-22a"),
            ("faß.de", "xn--fa-hia.de"),
            ("☃.net", "xn--n3h.net"),
            ("a。b", "a.b"),
        ):
            self.assertEqual(ascii_name(name), expected)

    def test_impossible(self) -> None:
        for name in IMPOSSIBLE:
            problem = self.assertRaises(OperationError, ascii_name, name)
            self.assertEqual((problem.code, problem.message), ("dns", "Host not found"))

    @given(st.text(st.characters(exclude_categories=())))
    def test_any_text(self, text: str) -> None:
        """The system is asked for what it can be asked for, or it is C{dns}."""
        try:
            name = ascii_name(text)
        except OperationError as problem:
            self.assertEqual(problem.code, "dns")
        else:
            name.encode("idna")


class ZoneTests(SynchronousTestCase):
    def test_by_name_and_number(self) -> None:
        """Also for addresses that are not local to a link."""
        number = LOOPBACK_NUMBER
        for address in ("fe80::1", "::1"):
            self.assertEqual(numeric_zone(f"{address}%lo"), f"{address}%{number}")
            self.assertEqual(numeric_zone(f"{address}%7"), f"{address}%7")
            self.assertEqual(numeric_zone(address), address)

    def test_unknown(self) -> None:
        for zone in ("nonsense", "", "1" * 30, "\udcff", "a\x00"):
            problem = self.assertRaises(OperationError, numeric_zone, f"fe80::1%{zone}")
            self.assertEqual(problem.code, "dns")

    def test_without(self) -> None:
        self.assertEqual(without_zone("fe80::1%lo"), "fe80::1")
        self.assertEqual(without_zone("a%lo"), "a%lo")

    def test_in_urls(self) -> None:
        """RFC 6874; a bare percent sign is taken too."""
        for host, expected in (
            ("fe80::1%25lo", "fe80::1%lo"),
            ("fe80::1%lo", "fe80::1%lo"),
            ("::1", "::1"),
            ("gerät", "xn--gert-noa"),
        ):
            self.assertEqual(host_of_url(host), expected)
        for host in ("a%25b", "127.0.0.1%25lo", "%25lo"):
            self.assertRaises(OperationError, host_of_url, host)


class ResolveTests(SynchronousTestCase):
    """With the resolver of an application."""

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactor()

    def resolve(self, host: str) -> Deferred[list[str]]:
        return resolve(cast(IReactor, self.reactor), host)

    def test_addresses(self) -> None:
        """Each once, in the resolver's order."""
        self.reactor.nameResolver.addresses["my_device"] = ["::1", "10.0.0.1", "::1"]
        self.assertEqual(
            self.successResultOf(self.resolve("my_device")), ["::1", "10.0.0.1"]
        )

    def test_no_address(self) -> None:
        self.reactor.nameResolver.addresses["nowhere"] = []
        self.failureResultOf(self.resolve("nowhere"), DNSLookupError)

    def test_address(self) -> None:
        """Nobody is asked."""
        for host, found in (("10.0.0.1", "10.0.0.1"), ("::1%lo", "::1%1")):
            self.assertEqual(self.successResultOf(self.resolve(host)), [found])
        self.assertEqual(self.reactor.nameResolver.asked, [])

    def test_impossible(self) -> None:
        """Nobody is asked either."""
        for host in IMPOSSIBLE:
            failure = self.failureResultOf(self.resolve(host), OperationError)
            self.assertEqual(failure.value.code, "dns")
        self.assertEqual(self.reactor.nameResolver.asked, [])

    def test_cancelled(self) -> None:
        """A late answer is dropped."""
        self.reactor.nameResolver.held.add("slow")
        lookup = self.resolve("slow")
        lookup.cancel()
        self.failureResultOf(lookup)
        self.reactor.nameResolver.answer("slow")


class SystemTests(TestCase):
    """With the system's resolver."""

    timeout = 20

    async def test_hosts_file(self) -> None:
        self.assertIn(
            "127.0.0.1", await resolve(cast(IReactor, real_reactor), "localhost")
        )

    def look_up(self, answer: Any) -> Deferred[list[str]]:
        patched = mock.patch(
            "eplua_twisted.streams.names.socket.getaddrinfo", side_effect=answer
        )
        patched.start()
        self.addCleanup(patched.stop)
        return resolve(cast(IReactor, real_reactor), "name")

    async def test_zone(self) -> None:
        """Of an address that is local to a link."""
        found = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 0, 0, 3))
        self.assertEqual(await self.look_up([[found]]), ["fe80::1%3"])

    async def test_another_failure(self) -> None:
        """The system may fail in other ways than by not finding the name."""
        await self.assertFailure(self.look_up(OSError(22, "Invalid argument")), OSError)
