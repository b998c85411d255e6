"""A simulated controller in memory, and who runs QuickApps of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.environment import Environment
from eplua_twisted.border.resources import Resources
from eplua_twisted.hc3.access import Access, Credentials
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.interfaces import IHost
from eplua_twisted.hc3.plain import Record
from eplua_twisted.hc3.site import Site
from tests.memory import MemoryReactor

TIME = 1_700_000_000
"""When the clocks of these tests begin, in seconds since 1970."""


@implementer(IHost)
class Host:
    """
    Remembers what it is told.

    @ivar told: the name of each method, and its arguments
    """

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def action(self, device_id: int, name: str, arguments: list[Any]) -> None:
        self.told.append(("action", device_id, name, arguments))

    def ui_event(self, device_id: int, event: Record) -> None:
        self.told.append(("ui_event", device_id, event))

    def restart(self, device_id: int) -> None:
        self.told.append(("restart", device_id))

    def removed(self, device_id: int) -> None:
        self.told.append(("removed", device_id))


class ControllerTestCase(SynchronousTestCase):
    """
    @ivar controller: a simulated one, with what L{data} has
    @ivar told: the events that a listener was told, the common fields left out
    """

    data: Record | None = None

    def setUp(self) -> None:
        self.clock = Clock()
        self.controller = self.make(self.data)
        self.events: list[Any] = []
        self.controller.subscribe(self.events.append)

    def make(self, data: Record | None = None) -> SimulatedController:
        return SimulatedController(
            self.clock, lambda: TIME + self.clock.seconds(), data
        )

    def ask(
        self, method: str, path: str, body: Any = None, source: int | None = None
    ) -> tuple[int, Any]:
        """What is answered at once."""
        return self.successResultOf(self.controller.request(method, path, body, source))

    def get(self, path: str) -> Any:
        """The body of what is found."""
        status, body = self.ask("GET", path)
        self.assertEqual(status, 200, body)
        return body

    def quickapp(self, **description: Any) -> int:
        """A new QuickApp's device; what it has caused is told."""
        number = self.successResultOf(
            self.controller.add_quickapp(description)  # type: ignore[arg-type]
        )
        self.turn()
        self.events.clear()
        return number

    def device(self, kind: str, **fields: Any) -> int:
        """A new device without a QuickApp; what it has caused is told."""
        body = {"type": f"com.fibaro.{kind}", "name": kind, **fields}
        status, made = self.ask("POST", "/devices", body)
        self.assertEqual(status, 200, made)
        self.turn()
        self.events.clear()
        number: int = made["id"]
        return number

    def turn(self) -> None:
        """Let everybody be told."""
        self.clock.pump([0, 0, 0])

    def happened(self) -> list[tuple[Any, Any]]:
        """Type and data of each event since this was asked."""
        self.turn()
        events, self.events[:] = list(self.events), []
        return [(each["type"], each["data"]) for each in events]


class NetworkTestCase(SynchronousTestCase):
    """
    Controllers on a network in memory.

    @ivar controller: a simulated one
    """

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactor()
        self.environment = self.make_environment()
        self.controller = SimulatedController(self.reactor, lambda: TIME)

    def make_environment(self) -> Environment:
        resources = Resources()
        return Environment(
            self.reactor,
            self.reactor,
            Bridge(self.reactor, resources),
            resources,
            lambda: TIME,
        )

    def serve(self, credentials: Credentials | None = None, port: int = 80) -> Site:
        """A site of the controller, at this port of the loopback address."""
        access = Access("127.0.0.1", credentials)
        site = Site(self.controller, self.reactor, lambda: TIME, access)
        site.listening(self.reactor.listenTCP(port, site, interface="127.0.0.1"))
        self.addCleanup(self.end, site.stop)
        return site

    def end(self, stop: Callable[[], Deferred[None]]) -> None:
        """Stop something, which leaves nothing."""
        stopped = stop()
        self.reactor.pump([0, 0, 2, 0])
        self.successResultOf(stopped)

    def result(self, awaited: Deferred[Any], *seconds: float) -> Any:
        """What comes after these times."""
        self.reactor.settle()
        for each in seconds:
            self.reactor.advance(each)
            self.reactor.settle()
        return self.successResultOf(awaited)
