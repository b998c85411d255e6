"""Connecting to the addresses of a host, one after the other."""

from __future__ import annotations

import errno
from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectBindError
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from eplua_twisted.border.environment import IReactor
from eplua_twisted.errors import OperationError
from eplua_twisted.streams.connecting import NEXT_ADDRESS, OneProtocolFactory
from eplua_twisted.streams.endpoints import MAX_PATH, client_endpoint
from tests.memory import MemoryReactor


@implementer(IHandshakeListener)
class Listening(Protocol):
    """An interface of a base class."""

    def handshakeCompleted(self) -> None:
        """Nothing is said of it here."""


@implementer(IHalfCloseableProtocol)
class Recorder(Listening):
    """What happens to a connection."""

    transport: Any

    def __init__(self) -> None:
        self.events: list[str] = []

    def connectionMade(self) -> None:
        self.events.append("made")

    def readConnectionLost(self) -> None:
        self.events.append("read lost")

    def writeConnectionLost(self) -> None:
        self.events.append("write lost")

    def connectionLost(self, reason: object = None) -> None:
        self.events.append("lost")


class ConnectTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor: Any = MemoryReactor()
        self.names = self.reactor.nameResolver

    def connect(
        self, host: str, local: str | None = None, protocol: Protocol | None = None
    ) -> Deferred[IProtocol]:
        factory = OneProtocolFactory(protocol or Recorder())
        return client_endpoint(cast(IReactor, self.reactor), host, 80, local).connect(
            factory
        )

    def tried(self) -> list[str]:
        """The addresses that were tried."""
        return [each[0] for each in self.reactor.tcpClients]

    def test_protocol(self) -> None:
        """It is connected before the endpoint says so, and the transport's own."""
        protocol = Recorder()
        seen: list[list[str]] = []
        connected = self.connect("127.0.0.1", protocol=protocol)
        connected.addCallback(lambda _: seen.append(list(protocol.events)))
        peer = self.reactor.accept()
        self.assertEqual(seen, [["made"]])
        peer.shutdown()
        self.assertEqual(protocol.events, ["made", "read lost"])
        protocol.transport.abortConnection()
        self.reactor.settle()

    def test_name(self) -> None:
        """Underscores are usual in routers and containers."""
        self.connect("my_device")
        self.assertEqual(
            (self.names.asked, self.tried()), (["my_device"], ["127.0.0.1"])
        )

    def test_next_after_a_failure(self) -> None:
        """At once."""
        self.names.addresses["a"] = ["10.0.0.1", "10.0.0.2"]
        connected = self.connect("a")
        self.reactor.refuse()
        self.assertEqual(self.tried(), ["10.0.0.1", "10.0.0.2"])
        self.reactor.accept()
        self.successResultOf(connected)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_next_after_a_while(self) -> None:
        """The first one goes on meanwhile, and may win."""
        self.names.addresses["a"] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
        connected = self.connect("a")
        self.reactor.advance(NEXT_ADDRESS)
        self.assertEqual(len(self.tried()), 2)
        self.reactor.accept(0)
        self.successResultOf(connected)
        self.reactor.settle()
        self.assertEqual(len(self.tried()), 2)
        self.assertEqual(self.reactor.connectors[1].state, "disconnected")
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_all_fail(self) -> None:
        """What a peer says tells more than that there is no way to it."""
        for reasons in (
            (errno.ECONNREFUSED, errno.ENETUNREACH),
            (errno.ENETUNREACH, errno.ECONNREFUSED),
        ):
            self.names.addresses["a"] = ["10.0.0.1", "::5"]
            connected = self.connect("a")
            for reason in reasons:
                self.reactor.refuse(reason)
            self.failureResultOf(connected, Refused)
            self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_cancelled(self) -> None:
        """During the lookup, and during the attempts: nothing is left."""
        self.names.held.add("slow")
        self.names.addresses["two"] = ["10.0.0.1", "10.0.0.2"]
        for host in ("slow", "127.0.0.1", "two"):
            connected = self.connect(host)
            connected.cancel()
            self.failureResultOf(connected, CancelledError)
            self.reactor.settle()
            self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.names.answer("slow")
        self.assertEqual(self.tried(), ["127.0.0.1", "10.0.0.1"])

    def test_local_address(self) -> None:
        """Only addresses of its family are tried."""
        self.names.addresses["a"] = ["10.0.0.1", "::5"]
        for local in ("::1", "127.0.0.9"):
            self.connect("a", local)
            self.assertEqual(self.reactor.tcpClients[-1][4], (local, 0))
        self.assertEqual(self.tried(), ["::5", "10.0.0.1"])

    def test_local_address_of_another_family(self) -> None:
        for host, local, family in (
            ("10.0.0.1", "::1", "IPv6"),
            ("::5", "127.0.0.1", "IPv4"),
        ):
            problem = self.failureResultOf(self.connect(host, local), OperationError)
            self.assertEqual(
                problem.value.message,
                f"{host} has no {family} address to reach from {local}"
                " (option localAddress)",
            )

    def test_path_too_long(self) -> None:
        """The longest one is the system's business."""
        for length, tried in ((MAX_PATH, 1), (MAX_PATH + 1, 0)):
            self.reactor.unixClients.clear()
            connected = self.connect("unix:" + "p" * length)
            self.assertEqual(len(self.reactor.unixClients), tried)
        problem = self.failureResultOf(connected, OperationError)
        self.assertEqual(problem.value.code, "limit")

    def test_broken_protocol(self) -> None:
        """Whoever waits hears of a bug in the protocol, and of one in its factory."""

        class Broken(Protocol):
            def connectionMade(self) -> None:
                raise ZeroDivisionError

        class BrokenFactory(Factory):
            def buildProtocol(self, addr: object) -> Protocol:
                raise ZeroDivisionError

        for factory in (OneProtocolFactory(Broken()), BrokenFactory()):
            connected = client_endpoint(
                cast(IReactor, self.reactor), "::1", 80
            ).connect(factory)
            peer = self.reactor.accept()
            self.failureResultOf(connected, ZeroDivisionError)
            self.reactor.settle()
            self.assertTrue(peer.gone)

    def test_no_local_address(self) -> None:
        """An address that is not this machine's is the system's business."""
        connected = self.connect("10.0.0.1", "192.0.2.1")
        self.reactor.refuse(ConnectBindError(errno.EADDRNOTAVAIL))
        self.failureResultOf(connected, ConnectBindError)
