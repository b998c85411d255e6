"""Hosts and ports as scripts write them: where one listens, and what is told of it."""

from __future__ import annotations

import errno
from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, DNSLookupError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted.border.environment import IReactor
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.endpoints import (
    MAX_PATH,
    host_and_port,
    listen,
    set_stream_options,
    unix_path,
)
from tests.support import MemoryReactor


class OldReactor(MemoryReactor):
    """A machine without IPv6."""

    def listenTCP(self, port: Any, factory: Any, *more: Any, **named: Any) -> Any:
        interface = more[1] if len(more) > 1 else named.get("interface", "")
        if ":" in interface:
            reason = OSError(errno.EAFNOSUPPORT, "no IPv6")
            raise CannotListenError(interface, port, reason)
        return super().listenTCP(port, factory, *more, **named)


class ListenTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor: Any = MemoryReactor()

    def listen(
        self, host: str, port: int = 4000, **options: Any
    ) -> Deferred[IListeningPort]:
        factory = Factory.forProtocol(Protocol)
        return Deferred.fromCoroutine(
            listen(cast(IReactor, self.reactor), host, port, factory, 7, **options)
        )

    def bound(self, host: str) -> str:
        """The address that a host binds."""
        address: Any = self.successResultOf(self.listen(host)).getHost()
        bound: str = address.host
        return bound

    def test_an_address_binds_itself(self) -> None:
        self.assertEqual(self.bound("127.0.0.1"), "127.0.0.1")
        self.assertEqual(self.bound("::1"), "::1")

    def test_every_interface_is_one_socket_for_both_families(self) -> None:
        self.assertEqual(self.bound("*"), "::")
        self.assertEqual(len(self.reactor.tcpServers), 1)

    def test_every_interface_without_ipv6_is_ipv4(self) -> None:
        self.reactor = OldReactor()
        self.assertEqual(self.bound("*"), "0.0.0.0")

    def test_a_name_binds_its_first_address_ipv4_first(self) -> None:
        self.reactor.nameResolver.addresses["both"] = ["::1", "127.0.0.1", "127.0.0.2"]
        self.assertEqual(self.bound("both"), "127.0.0.1")

    def test_a_name_without_an_address_fails(self) -> None:
        self.reactor.nameResolver.addresses["none"] = []
        self.failureResultOf(self.listen("none"), DNSLookupError)

    def test_a_port_in_use_fails(self) -> None:
        self.successResultOf(self.listen("127.0.0.1"))
        failure = self.failureResultOf(self.listen("127.0.0.1"), CannotListenError)
        self.assertEqual(failure.value.socketError.errno, errno.EADDRINUSE)

    def test_servers_may_share_a_port(self) -> None:
        for _ in range(2):
            self.successResultOf(self.listen("127.0.0.1", reuse_port=True))

    def test_backlog(self) -> None:
        self.successResultOf(self.listen("127.0.0.1"))
        self.assertEqual(self.reactor.tcpServers[0][2], 7)

    def test_unix_path_with_a_lock(self) -> None:
        self.successResultOf(self.listen("unix:/run/x"))
        ((path, _, backlog, _, locked),) = self.reactor.unixServers
        self.assertEqual((path, backlog, locked), ("/run/x", 7, True))


class UnixPathTests(SynchronousTestCase):
    def test_the_longest(self) -> None:
        path = "/" + "x" * (MAX_PATH - 1)
        self.assertEqual(unix_path("unix:" + path), path)

    def test_one_byte_more_is_refused(self) -> None:
        problem = self.assertRaises(OperationError, unix_path, "unix:" + "x" * 108)
        self.assertEqual(problem.code, "limit")
        self.assertIn("108", problem.message)


class AddressTests(SynchronousTestCase):
    def test_as_scripts_see_them(self) -> None:
        for address, expected in (
            (IPv4Address("TCP", "192.0.2.1", 80), ("192.0.2.1", 80)),
            (IPv6Address("TCP", "2001:db8::1", 80), ("2001:db8::1", 80)),
            (IPv6Address("TCP", "::ffff:192.0.2.1", 80), ("192.0.2.1", 80)),
            (UNIXAddress(b"/run/x"), ("unix:/run/x", None)),
            (UNIXAddress(b"/run/\xff"), ("unix:/run/\udcff", None)),
            (UNIXAddress(None), (None, None)),
            (object(), (None, None)),
        ):
            with self.subTest(address=repr(address)):
                self.assertEqual(host_and_port(address), expected)


class StreamOptionTests(SynchronousTestCase):
    def test_set_where_the_transport_is_tcp(self) -> None:
        reactor = MemoryReactor()
        reactor.connectTCP("127.0.0.1", 80, ClientFactory.forProtocol(Protocol))
        peer = reactor.accept()
        transport: Any = reactor.connectors[0].transport
        set_stream_options(transport, True, True)
        self.assertEqual((peer.no_delay, peer.keep_alive), (True, True))
        set_stream_options(transport, False, False)
        self.assertEqual((peer.no_delay, peer.keep_alive), (False, False))

    def test_not_asked_of_a_unix_socket(self) -> None:
        class Unix:
            def getPeer(self) -> UNIXAddress:
                return UNIXAddress(b"/run/x")

        set_stream_options(Unix(), True, True)
