"""Runs one QuickApp or scene: what its Lua asks for, and what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.files import Files
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.primitives import crossing, query
from eplua_twisted.border.values import Scalar, seconds, to_bytes, to_readable, to_text
from eplua_twisted.errors import OperationError, ScriptError
from eplua_twisted.hc3.conditions import triggers
from eplua_twisted.hc3.description import description_of
from eplua_twisted.hc3.forms import (
    changed_files,
    form_of_script,
    read_form,
    with_variables,
)
from eplua_twisted.hc3.fqa import BadFile, Form, SceneForm
from eplua_twisted.hc3.interfaces import (
    Answer,
    IHost,
)
from eplua_twisted.hc3.log_lines import LogLine
from eplua_twisted.hc3.opening import Opened
from eplua_twisted.hc3.plain import Plain, Record, integer, record
from eplua_twisted.hc3.scene_host import MANUAL, SceneHost
from eplua_twisted.lua_files import chunk_of

T = TypeVar("T")

LINGER = 3
"""Turns of the reactor that a program goes on after it has asked for a change."""


class Command(Protocol):
    """Gives Lua a command: fires when it is done."""

    def __call__(
        self, name: bytes, /, *values: object
    ) -> Deferred[tuple[object, ...]]: ...


def _encoded(value: Plain) -> bytes:
    return to_bytes(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _answered(answer: Answer) -> tuple[object, ...]:
    status, value = answer
    return status, None if value is None else _encoded(value)


@implementer(IModule, IHost)
class ScriptHost:
    """
    The primitives of C{lua/hc3}, for one runtime, and the L{IHost} of its device.

    @ivar device_id: the device of the QuickApp that runs here; C{None} before
    @ivar on_restart: told that the QuickApp is to start anew
    """

    resource_types = ()
    log = Logger()

    def __init__(
        self,
        opened: Opened,
        bridge: Bridge,
        on_fewer: Callable[[], None],
        reactor: IReactorTime,
        clock: IReactorTime,
        time_of_day: Callable[[], float],
        write: Callable[[LogLine], None],
        variables: dict[str, Plain],
        owns: bool,
        permitted: Files,
    ) -> None:
        """
        @param permitted: files that the headers of a script may name
        @param on_fewer: called when less keeps the program alive
        @param clock: for C{fibaro.sleep}
        @param time_of_day: of the log lines
        @param write: takes each line that the script logs
        @param variables: of the QuickApp, over those that its file has
        @param opened: the controller
        @param owns: the controller begins and stops with this
        """
        self.controller = opened.controller
        self._opened = opened
        self._bridge = bridge
        self._on_fewer = on_fewer
        self._clock = clock
        self._asleep: IDelayedCall | None = None
        self._scene: SceneHost | None = None
        self._lingers = 0
        self._linger = Deadline(reactor, self._turned)
        self._time_of_day = time_of_day
        self._write = write
        self._variables = variables
        self._owns = owns
        self._permitted = permitted
        self._listener = 0
        self._unsubscribe: Callable[[], None] | None = None
        self._own: set[int] = set()
        self._forget = self.controller.when_settled(self._go_on)
        self._disown: Callable[[], None] = lambda: None
        self.device_id: int | None = None
        self.on_restart: Callable[[int], object] = self._no_restart

    # Starting.

    async def run_file(self, path: str, command: Command) -> None:
        """
        Run what a file has: a C{.fqa}, or a script with headers.

        @raise ScriptError: it cannot be run, or it failed
        @raise OSError: it cannot be read
        """
        try:
            form = read_form(path, self._permitted)
        except BadFile as problem:
            raise ScriptError(str(problem), str(problem)) from None
        await self.start(form, command)

    async def run_string(self, code: str, name: str, command: Command) -> None:
        """As L{run_file}, for a script; C{name} is what Lua calls it."""
        try:
            form = form_of_script(code, name.lstrip("=@"), self._permitted)
        except BadFile as problem:
            raise ScriptError(str(problem), str(problem)) from None
        if isinstance(form, Form):
            form.files[-1].chunk = name
        await self.start(form, command)

    async def start(self, form: Form | SceneForm, command: Command) -> None:
        """
        Run a QuickApp or a scene.

        @raise ScriptError: it failed
        @raise OperationError: the controller refuses it
        """
        for warning in form.warnings:
            self.log.warn("{text}", text=warning)
        if self._owns:
            await self._opened.start()
        if isinstance(form, SceneForm):
            await self._start_scene(form, command)
        else:
            await self._start_quickapp(form, command)

    async def _start_quickapp(self, form: Form, command: Command) -> None:
        """Make its device, or find the one that it had."""
        if self.device_id is None:
            with_variables(form, self._variables)
            number = await self.controller.add_quickapp(description_of(form))
            self.device_id = number
        else:
            await changed_files(form, self._get, self.device_id)
        self.controller.attach(self.device_id, self)
        device = await self._get(f"/devices/{self.device_id}")
        files = [
            part
            for file in form.files
            for part in (to_bytes(file.chunk), chunk_of(to_bytes(file.content)))
        ]
        await command(b"quickapp", _encoded(device), *files)

    async def _get(self, path: str) -> Plain:
        status, body = await self.controller.request("GET", path, None, self.device_id)
        if status != 200:
            raise OperationError("state", f"the controller answered {status} to {path}")
        return body

    async def _start_scene(self, form: SceneForm, command: Command) -> None:
        content = {"conditions": form.conditions, "actions": form.actions}
        number = await self.controller.add_scene(
            {"name": form.name, "type": "lua", "content": json.dumps(content)}
        )

        def act(trigger: Record) -> Deferred[None]:
            done = command(
                b"scene",
                number,
                _encoded(trigger),
                to_bytes(form.chunk),
                chunk_of(to_bytes(form.actions)),
            )
            return done.addCallback(lambda results: None)

        self._scene = SceneHost(
            number,
            form.conditions,
            self.controller,
            self._clock,
            self._time_of_day,
            act,
            self._on_fewer,
        )
        self._scene.start()
        if not triggers(form.conditions):
            # Nothing begins it but people.
            await act(dict(MANUAL))

    # IHost.

    def _tell(self, what: bytes, *values: Scalar) -> None:
        if self._listener:
            self._bridge.answer(self._listener, None, True, what, *values)

    def action(self, device_id: int, name: str, arguments: list[Plain]) -> None:
        """As L{IHost.action}."""
        self._tell(b"action", device_id, to_bytes(name), _encoded(arguments))

    def ui_event(self, device_id: int, event: Record) -> None:
        """As L{IHost.ui_event}."""
        self._tell(b"press", device_id, _encoded(event))

    def restart(self, device_id: int) -> None:
        """As L{IHost.restart}."""
        self.on_restart(device_id)

    def _no_restart(self, device_id: int) -> None:
        self.log.warn("QuickApp {number} is not started anew", number=device_id)

    def removed(self, device_id: int) -> None:
        """As L{IHost.removed}."""
        self.log.warn("the device {number} was removed", number=device_id)

    # What Lua asks for.

    @query("hc3_listen")
    def listen(self, ticket: int) -> None:
        """@param ticket: is told of actions, presses and events"""
        self._listener = ticket

    @query("hc3_own")
    def own(self, device_id: int) -> None:
        """Tell Lua of the properties of a device of the script, from now on."""
        if not self._own:
            self._disown = self.controller.subscribe(self._property)
        self._own.add(device_id)

    def _property(self, event: Record) -> None:
        data = record(event.get("data"))
        number = integer(data.get("id"))
        if event.get("type") != "DevicePropertyUpdatedEvent" or number is None:
            return
        if number in self._own:
            name = to_bytes(str(data.get("property")))
            self._tell(b"property", number, name, _encoded(data.get("newValue")))

    @query("hc3_follow")
    def follow(self, begin: bool) -> None:
        """Tell Lua of the controller's events from now on, or no more."""
        if begin and self._unsubscribe is None:
            self._unsubscribe = self.controller.subscribe(
                lambda event: self._tell(b"event", _encoded(event))
            )
        elif not begin and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @crossing("hc3_request")
    def request(
        self, ticket: int | None, method: bytes, path: bytes, body: bytes | None
    ) -> tuple[object, ...]:
        """
        Ask the controller.

        @param ticket: C{None} where Lua cannot wait
        @param body: JSON
        @return: status and JSON; nothing when the ticket is answered with them later,
            before anything else
        """
        if self._bridge.stopped:
            return 503, None
        try:
            data: Plain = None if body is None else json.loads(to_text(body))
        except ValueError:
            # What Lua writes for NaN and infinity is not everybody's JSON.
            return 400, None
        # What is asked for, also by some GETs, may come back as an action or an event.
        self._go_on()
        asked = self.controller.request(
            to_text(method), to_text(path), data, self.device_id
        ).addCallback(_answered)
        outcome: list[tuple[object, ...] | Failure] = []

        def seen(result: T) -> T:
            outcome.append(result)  # type: ignore[arg-type]
            return result

        asked.addBoth(seen)
        if outcome:
            return self._at_once(asked, outcome[0])
        if ticket is None:
            asked.addErrback(lambda failure: None)
            asked.cancel()
            return ()
        self._bridge.hold(ticket)
        self._bridge.wait_for(ticket, asked)
        return ()

    def _at_once(
        self, asked: Deferred[tuple[object, ...]], outcome: tuple[object, ...] | Failure
    ) -> tuple[object, ...]:
        if not isinstance(outcome, Failure):
            return outcome
        asked.addErrback(lambda failure: None)
        self.log.warn(
            "{address} is out of reach: {text}",
            address=self.controller.address,
            text=str(outcome.value),
        )
        return 503, None

    @crossing("hc3_sleep")
    def sleep(self, ticket: int, milliseconds: float) -> None:
        """Answer a ticket after a time, and nothing else before."""
        if self._bridge.stopped:
            return
        self._bridge.hold(ticket)
        self._asleep = self._clock.callLater(seconds(milliseconds), self._wake, ticket)

    def _wake(self, ticket: int) -> None:
        self._asleep = None
        self._bridge.answer(ticket, None, True)
        self._on_fewer()

    @query("hc3_log")
    def add_line(self, tag: bytes, level: bytes, text: bytes) -> None:
        """A line that the script logs."""
        self._line(to_readable(tag), to_readable(level), to_readable(text))

    @query("hc3_log_error")
    def add_error(self, tag: bytes, traceback: bytes) -> None:
        """An error of the script that nobody caught, in its log too."""
        self._line(to_readable(tag), "ERROR", to_readable(traceback).split("\n")[0])

    def _line(self, tag: str, level: str, text: str) -> None:
        self._write(LogLine(self._time_of_day(), tag, level, text, self.device_id))

    # IModule.

    @property
    def active(self) -> int:
        scene = 0 if self._scene is None else self._scene.active
        waits = self._asleep is not None or self._lingers > 0
        pending: int = self.controller.pending
        return scene + pending + int(waits or self._is_awaited)

    @property
    def _is_awaited(self) -> bool:
        """Others may use what runs here, at any time, as on the box."""
        runs = self.device_id is not None or self._scene is not None
        return runs and self._owns and self._opened.is_reachable

    def _go_on(self) -> None:
        self._lingers = LINGER
        self._linger.start(0)

    def _turned(self) -> None:
        self._lingers -= 1
        if self._lingers:
            self._linger.start(0)
        else:
            self._on_fewer()

    def counts(self) -> dict[str, int]:
        return {}

    def stop(self) -> Deferred[None] | None:
        self.follow(False)
        self._forget()
        self._disown()
        self._linger.cancel()
        if self._scene is not None:
            self._scene.stop()
        if self._asleep is not None:
            self._asleep.cancel()
        if self.device_id is not None:
            self.controller.detach(self.device_id)
        return self._opened.stop() if self._owns else None
