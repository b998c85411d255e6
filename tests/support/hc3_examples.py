"""The QuickApps of examples/hc3 beside the devices that they talk to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from eplua_twisted import Runtime
from eplua_twisted.hc3.controller import SimulatedController
from eplua_twisted.hc3.log_lines import LogLine
from eplua_twisted.hc3.python import DeviceView
from eplua_twisted.hc3.setup import Setup
from tests.support import ROOT, LoopbackTestCase

FOLDER = ROOT / "examples" / "hc3"


class Device:
    """
    A device that is simulated: a script in C{examples/hc3/devices}.

    @ivar port: where it listens, once it was started; it is the same after a restart
    """

    def __init__(self, case: QuickAppTestCase, name: str) -> None:
        self._case = case
        self._name = name
        self._runtime: Runtime | None = None
        self.port = 0
        self.said: list[str] = []

    async def start(self, *arguments: object) -> Device:
        listens: Deferred[str] = Deferred()

        def say(line: bytes) -> None:
            self.said.append(line.decode())
            if len(self.said) == 1:
                listens.callback(line.decode())
            self._case.look()

        self.said.clear()
        self._runtime = self._case.make_runtime(lua="5.3", output=say)
        path = str(FOLDER / "devices" / self._name)
        await self._runtime.run_file(path, str(self.port), *map(str, arguments))
        self.port = int((await listens).split()[-1])
        return self

    async def stop(self) -> None:
        assert self._runtime is not None
        await self._runtime.stop()


class QuickAppTestCase(LoopbackTestCase):
    """
    A QuickApp on the real reactor.

    @ivar logged: what it has logged
    """

    def setUp(self) -> None:
        self.logged: list[LogLine] = []
        self._waiter: tuple[Callable[[], object], Deferred[None]] | None = None
        reactor: Any = real_reactor
        self.controller = SimulatedController(reactor)
        self.addCleanup(self.controller.subscribe(lambda event: self.look()))
        super().setUp()

    async def device(self, name: str, *arguments: object) -> Device:
        """A device that listens."""
        return await Device(self, name).start(*arguments)

    async def quickapp(self, name: str, **variables: Any) -> None:
        """Begin a QuickApp, with variables in the place of those that its file has."""
        self._program = name, {"host": "127.0.0.1", **variables}
        await self._begin(None)

    async def _begin(self, number: int | None) -> None:
        name, variables = self._program
        setup = Setup(
            self.controller, variables=variables, on_line=self._log, number=number
        )
        self.app = self.make_runtime(hc3=setup, lua=None)
        await self.app.run_file(str(FOLDER / name))

    async def restart(self) -> None:
        """The QuickApp starts anew, as when its code was saved."""
        number = self.main.id
        await self.app.stop()
        await self._begin(number)

    def _log(self, line: LogLine) -> None:
        self.logged.append(line)
        self.look()

    def look(self) -> None:
        """Whether what the test waits for is true now."""
        if self._waiter is None or not self._waiter[0]():
            return
        waiter, self._waiter = self._waiter[1], None
        waiter.callback(None)

    def until(self, true: Callable[[], object]) -> Deferred[None]:
        """@return: fires when this is true; it is looked at after all that happens"""
        waiter: Deferred[None] = Deferred()
        self._waiter = true, waiter
        self.look()
        reactor: Any = real_reactor
        return waiter.addTimeout(15, reactor).addErrback(self._tell)

    def _tell(self, failure: Failure) -> Failure:
        """Say what was there, when the time is over."""
        shown = [f"{each.level} {each.text}" for each in self.logged]
        values = [(each.name, each.value) for each in self.children]
        raise AssertionError(f"{shown[-20:]} {values} {self.errors}") from failure.value

    @property
    def main(self) -> DeviceView:
        """The QuickApp's own device."""
        return next(
            each
            for each in self.controller.devices.values()
            if "quickAppVariables" in each.properties and not each.data()["parentId"]
        )

    @property
    def children(self) -> list[DeviceView]:
        return self.main.children

    def child(self, name: str) -> DeviceView | None:
        return next((each for each in self.children if each.name == name), None)

    def value(self, name: str) -> object:
        """The value of a child; C{None} before it is there."""
        child = self.child(name)
        return child and child.value

    def properties(self, name: str) -> dict[str, Any]:
        """All properties of a child."""
        child = self.child(name)
        assert child is not None
        return child.properties

    def call(self, name: str, action: str, *arguments: Any) -> None:
        """Call an action of a child, as a scene does."""
        child = self.child(name)
        assert child is not None
        self.controller.call_action(child.id, action, *arguments)

    def press(self, element: str, event: str = "onReleased", *values: Any) -> None:
        self.controller.press(self.main.id, element, event, *values)

    def view(self, element: str) -> str:
        """The text of an element of the view."""
        status_body: list[Any] = []
        path = f"/plugins/getView?id={self.main.id}"
        self.controller.request("GET", path).addCallback(status_body.extend)
        return str(_text_of(status_body[1], element))

    def said(self, text: str) -> bool:
        """Whether something with this text was logged."""
        return any(text in each.text for each in self.logged)


def _text_of(view: Any, element: str) -> object:
    """Find an element in what describes a view."""
    if isinstance(view, dict):
        if view.get("name") == element:
            return view.get("text")
        view = list(view.values())
    if isinstance(view, list):
        for each in view:
            found = _text_of(each, element)
            if found is not None:
                return found
    return None
