"""A real controller, asked over the network."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.copies import NotPlain, copied
from eplua_twisted.hc3.fetch import Client, Fetched
from eplua_twisted.hc3.hosts import (
    UI_ACTION,
    EventListeners,
    Hosts,
    Outbox,
    ui_event_of,
)
from eplua_twisted.hc3.interfaces import (
    Answer,
    IController,
    Listener,
    QuickAppDescription,
)
from eplua_twisted.hc3.plain import Plain, Record, integer, items, record, records, text
from eplua_twisted.hc3.polling import Polling
from eplua_twisted.hc3.routing import Refused
from eplua_twisted.hc3.stand_in import MARK, stand_in
from eplua_twisted.http_client.urls import parse

TIMEOUT = 75.0
"""Seconds for a request: longer than any long poll of the box waits."""


@implementer(IController)
class RemoteController:
    """
    A Home Center 3 in the network.

    A QuickApp that runs here has a device there, whose actions come from its events.
    Events come from L{start} on.

    @ivar address: where it is
    """

    def __init__(
        self, client: Client, clock: IReactorTime, url: str, user: str, password: str
    ) -> None:
        """
        @param clock: waits between attempts
        @param url: C{http://HOST} or C{https://HOST}, with or without a port
        @raise OperationError: C{url}: it is none
        """
        self._client = client
        self.address = _base(url)
        self._user = user
        token = f"{user}:{password}".encode("utf-8", "surrogateescape")
        self._headers: tuple[bytes, ...] = (
            b"Authorization",
            b"Basic " + b64encode(token),
            b"Accept",
            b"application/json",
            b"X-Fibaro-Version",
            b"2",
        )
        self._outbox = Outbox(clock)
        self._hosts = Hosts(self._outbox)
        self._listeners = EventListeners(self._outbox)
        self._roots: dict[int, int] = {}
        self._polling = Polling(clock, self._ask, self._take, self.address)
        self._stopped = False

    # What the box does by itself it tells by its events.
    pending = 0

    def when_settled(self, call: Callable[[], object]) -> Callable[[], None]:
        """As L{IController.when_settled}."""
        return lambda: None

    # Asking.

    def start(self) -> Deferred[None]:
        """
        See that it is there, and begin to ask for events.

        @return: fires with C{None}; fails with L{OperationError}: it cannot be reached,
            does not accept user and password, or is no Home Center
        """
        return Deferred.fromCoroutine(self._start())

    async def _start(self) -> None:
        status, body = await self._ask("/settings/info")
        if status != 200 or not text(record(body).get("serialNumber")):
            raise OperationError(
                "protocol",
                f"what answers at {self.address} is no Home Center (status {status})",
            )
        await self._polling.first()
        self._polling.start()

    def request(
        self, method: str, path: str, body: Plain = None, source: int | None = None
    ) -> Deferred[Answer]:
        """As L{IController.request}."""
        try:
            content = b"" if body is None else _encoded(body)
            url = parse(f"{self.address}/api{path}")
            self._check_running()
        except NotPlain as problem:
            return succeed(Refused(400, str(problem)).answer)
        except OperationError:
            return fail()
        headers = self._headers
        if content:
            headers = (*headers, b"Content-Type", b"application/json")
        asked = self._client.request(
            method.encode("ascii"), url, headers, content, TIMEOUT
        )
        return asked.addCallbacks(self._answered, self._unreachable)

    def _check_running(self) -> None:
        if self._stopped:
            raise OperationError("state", "the controller is stopped")

    def _ask(self, path: str) -> Deferred[Answer]:
        """By C{GET}; what is refused fails."""
        return self.request("GET", path).addCallback(self._accepted)

    def _accepted(self, answer: Answer) -> Answer:
        if answer[0] in (401, 403):
            raise OperationError(
                "denied",
                f"{self.address} does not accept user {self._user!r} and its password"
                " (HC3_USER and HC3_PASSWORD in the environment)",
            )
        return answer

    def _answered(self, fetched: Fetched) -> Answer:
        content = fetched.body
        if not content.strip():
            return fetched.status, None
        shown = content.decode("utf-8", "surrogateescape")
        try:
            body: Plain = json.loads(shown)
        except (ValueError, RecursionError):
            # What is no JSON is shown as it is, as an error page of something else.
            return fetched.status, shown
        return fetched.status, body

    def _unreachable(self, failure: Failure) -> Failure:
        problem = failure.value
        if isinstance(problem, OperationError):
            why = f"{self.address} cannot be reached: {problem.message}"
            return Failure(OperationError(problem.code, why))
        return failure

    # QuickApps that run here.

    def add_quickapp(self, description: QuickAppDescription) -> Deferred[int]:
        """
        As L{IController.add_quickapp}.  A device of the same name and type that was made
        for this before is taken again; a number may be any QuickApp's, which is taken
        as it is.
        """
        return Deferred.fromCoroutine(self._add_quickapp(description))

    async def _add_quickapp(self, description: QuickAppDescription) -> int:
        fqa = stand_in(description)
        number = description.get("id")
        if number is not None:
            status, found = await self._ask(f"/devices/{number}")
            if status != 200:
                raise OperationError("state", f"{self.address} has no device {number}")
            if record(found).get("parentId"):
                raise OperationError("state", f"device {number} is a child of another")
            return number
        _, devices = await self._ask("/devices?interface=quickApp")
        for each in records(devices):
            properties = record(each.get("properties"))
            same = each.get("name") == fqa["name"] and each.get("type") == fqa["type"]
            if same and properties.get("userDescription") == MARK:
                return integer(each.get("id")) or 0
        status, made = await self.request("POST", "/quickApp", fqa)
        number = integer(record(made).get("id"))
        if status not in (200, 201) or number is None:
            why = text(record(made).get("message")) or f"status {status}"
            raise OperationError("state", f"{self.address} makes no QuickApp: {why}")
        return number

    def attach(self, device_id: int, host: object) -> None:
        """As L{IController.attach}; whether there is such a device is not asked."""
        self._hosts.attach(device_id, host)
        self._roots[device_id] = device_id

    def detach(self, device_id: int) -> None:
        """As L{IController.detach}."""
        self._hosts.detach(device_id)

    def add_scene(self, description: Record) -> Deferred[int]:
        """As L{IController.add_scene}: fails, as scenes run on the box."""
        return fail(OperationError("state", f"scenes run on {self.address} itself"))

    def attach_scene(self, scene_id: int, host: object) -> None:
        """As L{IController.attach_scene}: the box runs its scenes itself."""
        raise OperationError("state", f"scenes run on {self.address} itself")

    def detach_scene(self, scene_id: int) -> None:
        """As L{IController.detach_scene}: none is attached."""

    def set_scene_running(self, scene_id: int, running: bool) -> None:
        """As L{IController.set_scene_running}: none is attached."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """As L{IController.subscribe}."""
        return self._listeners.subscribe(listener)

    # Its events.

    async def _take(self, event: Record) -> None:
        data = record(event.get("data"))
        number = integer(data.get("id"))
        kind = event.get("type")
        if kind == "DeviceActionRanEvent" and number is not None:
            root = await self._root(number)
            if root in self._hosts:
                name, arguments = text(data.get("actionName")), items(data.get("args"))
                if name == UI_ACTION:
                    event_of_view = ui_event_of(number, arguments)
                    self._hosts.ui_event(root, number, event_of_view)
                else:
                    self._hosts.action(root, number, name, arguments)
        elif kind == "DeviceRemovedEvent" and number is not None:
            self._roots.pop(number, None)
            self._hosts.removed(number)
        self._listeners.tell(event)

    async def _root(self, number: int) -> int:
        """The device of the QuickApp that a device belongs to; asked for once."""
        if number not in self._roots:
            status, found = await self._ask(f"/devices/{number}")
            parent = integer(record(found).get("parentId")) if status == 200 else 0
            self._roots[number] = parent or number
        return self._roots[number]

    def stop(self) -> Deferred[None]:
        """As L{IController.stop}."""
        self._stopped = True
        self._polling.stop()
        self._outbox.stop()
        return self._client.close()


def _base(given: str) -> str:
    """
    The URL of a box, without a path.

    @raise OperationError: C{url}
    """
    url = parse(given.rstrip("/"))
    if not url.can_exist:
        raise OperationError("url", "URL with a host name")
    if url.user is not None:
        raise OperationError(
            "url", "user and password belong into HC3_USER and HC3_PASSWORD, not here"
        )
    if url.path not in ("", "/"):
        raise OperationError("url", f"an address without a path expected, not {given}")
    return f"{url.scheme}://{url.authority}"


def _encoded(body: Plain) -> bytes:
    """@raise NotPlain: it is not what JSON has"""
    text = json.dumps(copied(body), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogateescape")
