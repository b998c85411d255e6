"""Addresses of datagrams, and multicast groups, for the system and for scripts."""

from __future__ import annotations

import socket
import struct

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.errors import OperationError
from eplua_twisted.udp.addresses import (
    Membership,
    describe,
    interface_index,
    source,
    target,
)

LOOPBACK = socket.if_nameindex()[0]


class TargetTests(SynchronousTestCase):
    def test_ipv4(self) -> None:
        self.assertEqual(target("192.0.2.1", 7, False), ("192.0.2.1", 7))

    def test_ipv4_from_an_ipv6_socket(self) -> None:
        self.assertEqual(target("192.0.2.1", 7, True), ("::ffff:192.0.2.1", 7))

    def test_ipv6(self) -> None:
        self.assertEqual(target("2001:db8::1", 7, True), ("2001:db8::1", 7))

    def test_ipv6_from_an_ipv4_socket(self) -> None:
        problem = self.assertRaises(OperationError, target, "2001:db8::1", 7, False)
        self.assertEqual(problem.code, "unreachable")

    def test_a_zone_is_the_number_of_its_interface(self) -> None:
        number, name = LOOPBACK
        for zone in (name, number):
            self.assertEqual(
                target(f"fe80::1%{zone}", 7, True), ("fe80::1", 7, 0, number)
            )

    def test_a_zone_that_is_none(self) -> None:
        problem = self.assertRaises(OperationError, target, "fe80::1%x", 7, True)
        self.assertEqual(problem.code, "dns")


class SourceTests(SynchronousTestCase):
    def test_ipv4(self) -> None:
        self.assertEqual(source(("192.0.2.1", 7)), ("192.0.2.1", 7))

    def test_ipv4_at_an_ipv6_socket(self) -> None:
        self.assertEqual(source(("::ffff:192.0.2.1", 7, 0, 0)), ("192.0.2.1", 7))

    def test_a_zone_by_the_name_of_its_interface(self) -> None:
        """So that an answer finds its way."""
        number, name = LOOPBACK
        address = ("fe80::1", 7, 0, number)
        self.assertEqual(source(address), (f"fe80::1%{name}", 7))
        self.assertEqual(target(source(address)[0], 7, True), address)

    def test_a_zone_whose_interface_has_gone(self) -> None:
        self.assertEqual(source(("fe80::1", 7, 0, 99999)), ("fe80::1%99999", 7))

    def test_as_it_crosses(self) -> None:
        self.assertEqual(describe(("::1", 7, 0, 0)), (b"::1", 7))

    @given(st.ip_addresses(), st.integers(1, 65535))
    def test_there_and_back(self, address: object, port: int) -> None:
        """What a script is told is what it can send to; IPv4 is told as IPv4."""
        host = str(getattr(address, "ipv4_mapped", None) or address)
        self.assertEqual(source(target(host, port, True)), (host, port))


class MembershipTests(SynchronousTestCase):
    def test_ipv4_on_any_interface(self) -> None:
        level, name, request = Membership.of("239.1.2.3", "").request(True)
        self.assertEqual((level, name), (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP))
        self.assertEqual(request, bytes([239, 1, 2, 3, 0, 0, 0, 0]))

    def test_ipv4_on_an_interface_by_its_address(self) -> None:
        membership = Membership.of("239.1.2.3", "127.0.0.1")
        self.assertEqual(
            membership.request(False),
            (
                socket.IPPROTO_IP,
                socket.IP_DROP_MEMBERSHIP,
                bytes([239, 1, 2, 3, 127, 0, 0, 1]),
            ),
        )

    def test_ipv4_on_an_interface_by_its_name(self) -> None:
        number, name = LOOPBACK
        _, _, request = Membership.of("239.1.2.3", name).request(True)
        self.assertEqual(request, bytes([239, 1, 2, 3]) + struct.pack("4xi", number))

    def test_ipv6(self) -> None:
        number, name = LOOPBACK
        group = socket.inet_pton(socket.AF_INET6, "ff02::fb")
        for interface, index in (("", 0), (name, number), (str(number), number)):
            self.assertEqual(
                Membership.of("ff02::fb", interface).request(True),
                (
                    socket.IPPROTO_IPV6,
                    socket.IPV6_JOIN_GROUP,
                    group + struct.pack("@I", index),
                ),
            )

    def test_the_zone_of_a_group_is_its_interface(self) -> None:
        _, name = LOOPBACK
        self.assertEqual(
            Membership.of(f"ff02::fb%{name}", ""), Membership.of("ff02::fb", name)
        )

    def test_the_edges_of_what_is_a_group(self) -> None:
        for group in ("224.0.0.0", "239.255.255.255", "ff00::"):
            Membership.of(group, "")
        for group in ("223.255.255.255", "240.0.0.0", "fe80::1", "::1", "x", ""):
            problem = self.assertRaises(OperationError, Membership.of, group, "")
            self.assertEqual(problem.code, "unreachable")

    def test_no_interface_no_choice_of_what_goes_out(self) -> None:
        for group in ("239.1.2.3", "ff02::fb"):
            self.assertIsNone(Membership.of(group, "").outgoing())

    @given(st.text(), st.text())
    def test_any_text(self, group: str, interface: str) -> None:
        """It is a group and an interface, or has a reason not to be."""
        try:
            Membership.of(group, interface)
        except OperationError as problem:
            self.assertEqual(problem.code, "unreachable")
        except OSError as problem:
            self.assertIsNotNone(problem.errno)


class InterfaceTests(SynchronousTestCase):
    def test_names_and_numbers(self) -> None:
        for number, name in socket.if_nameindex():
            self.assertEqual(interface_index(name), number)
            self.assertEqual(interface_index(str(number)), number)

    def test_none(self) -> None:
        """The error has its number, which Python's own has not."""
        for name in ("nonsense", "", "99999", "9" * 30, "a" * 100, "\0", "²"):
            problem = self.assertRaises(OSError, interface_index, name)
            self.assertTrue(problem.errno, name)
