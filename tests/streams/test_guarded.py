"""The guarded reactor: whoever asks nothing is refused all that is not an allowed address."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.protocol import ClientFactory, Factory
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import OperationError, Permissions
from eplua_twisted.border.environment import IReactor
from eplua_twisted.border.permissions import Access
from eplua_twisted.streams.guarded import asking, guarded
from tests.memory import MemoryReactor


class GuardedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.real = MemoryReactor()
        self.reactor = cast(IReactor, self.real)

    def guard(self, **given: Any) -> IReactor:
        return guarded(self.reactor, Access(Permissions(**given)))

    def test_without_limits_there_is_no_guard(self) -> None:
        """So they cost nothing."""
        self.assertIs(self.guard(), self.reactor)
        self.assertIs(asking(self.reactor, "x", 1), self.reactor)

    def test_only_an_address_counts(self) -> None:
        """A name has to be asked for first: nothing gets through by forgetting it."""
        reactor = self.guard(allow_net=["example.com", "192.0.2.1"])
        self.assertRaises(
            OperationError, reactor.connectTCP, "192.0.2.2", 80, ClientFactory()
        )
        reactor.connectTCP("192.0.2.1", 80, ClientFactory())
        asking(reactor, "example.com", 80).connectTCP("192.0.2.2", 80, ClientFactory())
        self.assertEqual(
            [each[0] for each in self.real.tcpClients], ["192.0.2.1", "192.0.2.2"]
        )
        self.assertRaises(
            OperationError, reactor.connectTCP, "192.0.2.2", 80, ClientFactory()
        )

    def test_every_way_to_connect_and_listen(self) -> None:
        reactor = self.guard(deny_net=True)
        for call in (
            lambda: reactor.connectTCP("192.0.2.2", 80, ClientFactory()),
            lambda: reactor.connectUNIX("/tmp/x", ClientFactory()),
            lambda: reactor.listenTCP(0, Factory()),
            lambda: reactor.listenUNIX("/tmp/x", Factory()),
        ):
            problem = self.assertRaises(OperationError, call)
            self.assertEqual(problem.code, "denied")
            self.assertIn("--deny-net", problem.message)

    def test_all_else_is_the_reactors(self) -> None:
        reactor = self.guard(deny_net=True)
        self.assertEqual(reactor.seconds(), self.real.seconds())
        self.assertIs(reactor.nameResolver, self.real.nameResolver)
