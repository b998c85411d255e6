"""Who is told what, later and in order: those who run QuickApps, and listeners."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.copies import copied
from eplua_twisted.hc3.interfaces import IHost, Listener
from eplua_twisted.hc3.listeners import Listeners
from eplua_twisted.hc3.plain import Plain, Record, record, text

PER_TURN = 100
"""How much is told in one turn of the reactor."""

MAX_UNTOLD = 10_000
"""What may wait to be told: beyond it the newest is dropped, and logged once."""


UI_ACTION = "UIAction"
"""The action by which a view's element is used: event, element, and a value."""


def ui_event_of(device_id: int, arguments: list[Plain]) -> Record:
    """What L{UI_ACTION} means for who runs the QuickApp."""
    kind, element = [*arguments, None, None][:2]
    return {
        "deviceId": device_id,
        "elementName": text(element),
        "eventType": text(kind),
        "values": arguments[2:],
    }


class Outbox:
    """Makes calls later, in the order in which they were asked for."""

    log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._soon = Deadline(clock, self._send)
        self._full = False

    def put(self, call: Callable[[], object]) -> None:
        if len(self._waiting) < MAX_UNTOLD:
            self._waiting.append(call)
        elif not self._full:
            self._full = True
            self.log.error(
                "{count} events and actions wait already: more are dropped",
                count=MAX_UNTOLD,
            )
        self._soon.start(0)

    def _send(self) -> None:
        for _ in range(min(PER_TURN, len(self._waiting))):
            call = self._waiting.popleft()
            try:
                call()
            except Exception:  # noqa: BLE001 - the others are told after a bug in one
                self.log.failure("who was told of an event or action failed")
        if self._waiting:
            self._soon.start(0)
        else:
            self._full = False

    def stop(self) -> None:
        self._waiting.clear()
        self._soon.cancel()


class Hosts:
    """Those who run QuickApps, by the numbers of their devices."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._hosts: dict[int, IHost] = {}

    def __contains__(self, device_id: int) -> bool:
        return device_id in self._hosts

    def attach(self, device_id: int, host: object) -> None:
        """
        @raise OperationError: C{state}: somebody runs it already
        """
        if device_id in self._hosts:
            raise OperationError("state", f"device {device_id} is run already")
        self._hosts[device_id] = IHost(host)

    def detach(self, device_id: int) -> None:
        """Nobody runs it any more; harmless when nobody did."""
        self._hosts.pop(device_id, None)

    # What they are told.  C{root} is whose host it is, which counts when it is told.

    def action(
        self, root: int, device_id: int, name: str, arguments: list[Plain]
    ) -> None:
        given = [copied(each) for each in arguments]
        self._tell(root, lambda host: host.action(device_id, name, given))

    def ui_event(self, root: int, device_id: int, event: Record) -> None:
        given = record(copied(event))
        self._tell(root, lambda host: host.ui_event(device_id, given))

    def restart(self, root: int) -> None:
        self._tell(root, lambda host: host.restart(root))

    def removed(self, device_id: int) -> None:
        host = self._hosts.pop(device_id, None)
        if host is not None:
            self._outbox.put(partial(host.removed, device_id))

    def _tell(self, root: int, tell: Callable[[IHost], object]) -> None:
        host = self._hosts.get(root)
        if host is None:
            return

        def call() -> None:
            # It may have gone meanwhile, and another one be in its place.
            if self._hosts.get(root) is host:
                tell(host)

        self._outbox.put(call)


class EventListeners(Listeners[[Record]]):
    """Those who are told of events, each event in its turn."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self._outbox = outbox

    def tell(self, event: Record) -> None:
        for listener in self._listeners:
            self._outbox.put(partial(self._tell, listener, record(copied(event))))

    def _tell(self, listener: Listener, event: Record) -> None:
        if listener in self._listeners:
            listener(event)
