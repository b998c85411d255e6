"""The simulated controller."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.alarms import Alarms
from eplua_twisted.hc3.copies import NotPlain, copied
from eplua_twisted.hc3.devices import Devices
from eplua_twisted.hc3.events import Events
from eplua_twisted.hc3.first_house import furnish
from eplua_twisted.hc3.hosts import EventListeners, Hosts, Outbox
from eplua_twisted.hc3.house import House
from eplua_twisted.hc3.interfaces import (
    Answer,
    IController,
    Listener,
    QuickAppDescription,
)
from eplua_twisted.hc3.listeners import Listeners
from eplua_twisted.hc3.plain import Plain, Record, record
from eplua_twisted.hc3.python import DeviceView, DeviceViews
from eplua_twisted.hc3.quickapps import QuickApps
from eplua_twisted.hc3.routing import Refused, Router, parse
from eplua_twisted.hc3.scenes import Scenes
from eplua_twisted.hc3.state_file import StateFile
from eplua_twisted.hc3.subjects import Subjects

if TYPE_CHECKING:
    from eplua_twisted.hc3.fetch import Fetch


@implementer(IController)
class SimulatedController:
    """
    A Home Center 3 in memory.

    @ivar router: its routing table
    """

    log = Logger()
    address = "the simulated controller"

    def __init__(
        self,
        clock: IReactorTime,
        time_of_day: Callable[[], float] = time.time,
        data: Record | None = None,
        fetch: Fetch | None = None,
        state: StateFile | None = None,
    ) -> None:
        """
        @param clock: waits for delayed actions and long polls
        @param time_of_day: seconds since 1970
        @param data: what the house has, in the shape of a state file; it becomes the
            house's own
        """
        self._outbox = Outbox(clock)
        self._hosts = Hosts(self._outbox)
        self._listeners = EventListeners(self._outbox)
        self._events = Events(clock, time_of_day)
        self._house = House(self._events, time_of_day)
        self._devices = Devices(self._house, self._hosts, clock)
        self._quickapps = QuickApps(self._devices)
        self._alarms = Alarms(self._devices, clock)
        self._scenes = Scenes(self._house, self._outbox)
        self._settled: Listeners[[]] = Listeners()
        self._state = state
        if state is not None:
            data = state.read()
        if data is not None:
            self._house.load(data)
        furnish(self._house, self._devices)
        self._quickapps.remember()
        if state is not None:
            state.follow(self._house.data)
            self._house.dirty = state.changed
        self._events.listener = self._listeners.tell
        self._house.settled = self._settled.tell
        self._subjects = Subjects(
            self._devices, self._quickapps, self._scenes, self._alarms, fetch
        )
        self.router = Router(self._subjects.routes())
        self._subjects.sun.look()

    # IController.

    def request(
        self, method: str, path: str, body: Plain = None, source: int | None = None
    ) -> Deferred[Answer]:
        """As L{IController.request}."""
        try:
            answer = self._answer(method, path, body, source)
        except Refused as refused:
            return succeed(refused.answer)
        except NotPlain as problem:
            return succeed(Refused(400, str(problem)).answer)
        except Exception:  # noqa: BLE001 - a bug in one route is one answer
            self.log.failure("{method} {path} failed", method=method, path=path)
            return succeed(Refused(500, "internal error").answer)
        if isinstance(answer, Deferred):
            return answer.addCallback(_mine)
        return succeed(_mine(answer))

    def _answer(
        self, method: str, path: str, body: Plain, source: int | None
    ) -> Answer | Deferred[Answer]:
        request = parse(method, path, copied(body), source)
        self._subjects.sun.look()
        route, request.parameters = self.router.find(method, request.path)
        return route.answer(request)

    def add_quickapp(self, description: QuickAppDescription) -> Deferred[int]:
        """As L{IController.add_quickapp}."""
        try:
            given = cast(QuickAppDescription, copied(description))
            return succeed(self._quickapps.add(given))
        except Refused as refused:
            return fail(OperationError("state", refused.message))
        except NotPlain as problem:
            return fail(OperationError("state", str(problem)))

    def add_scene(self, description: Record) -> Deferred[int]:
        """As L{IController.add_scene}."""
        try:
            return succeed(
                int(str(self._scenes.add(record(copied(description)))["id"]))
            )
        except Refused as refused:
            return fail(OperationError("state", refused.message))
        except NotPlain as problem:
            return fail(OperationError("state", str(problem)))

    def attach_scene(self, scene_id: int, host: object) -> None:
        """As L{IController.attach_scene}."""
        self._scenes.attach(scene_id, host)

    def detach_scene(self, scene_id: int) -> None:
        """As L{IController.detach_scene}."""
        self._scenes.detach(scene_id)

    def set_scene_running(self, scene_id: int, running: bool) -> None:
        """As L{IController.set_scene_running}."""
        self._scenes.set_running(scene_id, running)

    def attach(self, device_id: int, host: object) -> None:
        """As L{IController.attach}."""
        device = self._house.devices.get(device_id)
        if device is None:
            raise OperationError("state", f"there is no device {device_id}")
        if device["parentId"]:
            raise OperationError("state", f"device {device_id} is a child of another")
        self._hosts.attach(device_id, host)

    def detach(self, device_id: int) -> None:
        """As L{IController.detach}."""
        self._hosts.detach(device_id)
        self._quickapps.end(device_id)

    # What Python programs use.

    @property
    def devices(self) -> DeviceViews:
        """The devices, by their numbers."""
        self._subjects.sun.look()
        return DeviceViews(self._devices)

    def add_device(self, kind: str, name: str, **fields: Plain) -> DeviceView:
        """
        Add a device that is no QuickApp.

        @param kind: C{com.fibaro.binarySwitch}, and so on
        @param fields: C{id}, C{roomID}, C{properties}, C{interfaces}
        @raise OperationError: C{state}: its number is taken
        """
        given = record(copied({**fields, "type": kind, "name": name}))
        with _told():
            device = self._devices.add(given)
        return self.devices[int(str(device["id"]))]

    def call_action(self, device_id: int, action: str, *arguments: Plain) -> None:
        """
        As L{DeviceView.call}.

        @raise KeyError: there is no such device
        """
        self.devices[device_id].call(action, *arguments)

    def press(
        self, device_id: int, element: str, event: str = "onReleased", *values: Plain
    ) -> None:
        """
        Use an element of a QuickApp's view: a press of a button by default.

        @raise KeyError: there is no such device
        """
        device = self.devices[device_id].data()
        self._hosts.ui_event(
            self._devices.root(device),
            device_id,
            {
                "deviceId": device_id,
                "elementName": element,
                "eventType": event,
                "values": [*values],
            },
        )

    @property
    def global_variables(self) -> dict[str, Plain]:
        """The values of all global variables, by name."""
        table = self._house.tables["globalVariables"]
        return {str(each["name"]): copied(each["value"]) for each in table}

    def set_global(self, name: str, value: Plain) -> None:
        """
        Set a global variable, which is made if there is none.

        @raise OperationError: C{state}: it has no name, or there are too many
        """
        with _told():
            self._subjects.variables.set(name, copied(value))

    def emit(self, name: str) -> None:
        """
        Emit a custom event, which is made if there is none.

        @raise OperationError: as L{set_global}
        """
        with _told():
            self._subjects.custom_events.emit(name, make=True)

    def set_weather(self, **fields: Plain) -> None:
        """
        Change the weather: C{Temperature}, C{Humidity}, C{Wind}, C{WeatherCondition}.

        @raise OperationError: C{state}: a field is of a wrong type
        """
        with _told():
            self._subjects.system.set_weather(fields)

    def write_message(self, kind: str, tag: str, message: str) -> None:
        """Add to C{debugMessages}: C{debug}, C{trace}, C{warning} or C{error}."""
        self._subjects.messages.write(kind, tag, message)

    @property
    def pushes(self) -> list[Record]:
        """What phones would have been sent, the oldest first."""
        return [record(copied(each)) for each in self._subjects.notifications.pushes]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """As L{IController.subscribe}."""
        return self._listeners.subscribe(listener)

    @property
    def pending(self) -> int:
        """As L{IController.pending}."""
        return self._devices.delayed + self._alarms.delayed

    def when_settled(self, call: Callable[[], object]) -> Callable[[], None]:
        """As L{IController.when_settled}."""
        return self._settled.subscribe(call)

    def stop(self) -> Deferred[None]:
        """As L{IController.stop}."""
        self._devices.stop()
        self._alarms.stop()
        self._events.stop()
        self._outbox.stop()
        if self._state is not None:
            self._state.close()
        return succeed(None)


@contextmanager
def _told() -> Iterator[None]:
    """Python programs are told of what is refused as of anything else that fails."""
    try:
        yield
    except Refused as refused:
        raise OperationError("state", refused.message) from None


def _mine(answer: Answer) -> Answer:
    """An answer that shares nothing with the house."""
    status, body = answer
    return status, copied(body)
