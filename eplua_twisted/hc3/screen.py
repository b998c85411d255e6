"""
The screen of a controller: a page that shows the views of its QuickApps and their log,
and by which people use them.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.errors import OperationError
from eplua_twisted.hc3.device_types import is_quickapp
from eplua_twisted.hc3.interfaces import Answer, IController
from eplua_twisted.hc3.log_lines import MAX_LINES, Lines, LogLine
from eplua_twisted.hc3.markup import pieces_of
from eplua_twisted.hc3.plain import Plain, Record, integer, record, records, text
from eplua_twisted.hc3.site import Site
from eplua_twisted.hc3.view_elements import shown_device
from eplua_twisted.site.files import PageFiles, files_of
from eplua_twisted.site.live import Live
from eplua_twisted.websocket.accepted import AcceptedWebSocket

DIRECTORY = Path(__file__).parent / "screen_page"

PICTURES = b"'self' http: https: data:"
"""Where pictures in labels may come from."""

LIVE = b"/live"
"""The path of the page's WebSocket."""

MAX_UNSENT = 1024 * 1024
"""Bytes that may wait for a page; one that is slower is closed, and comes again."""

MAX_VALUES = 200
"""Values of one event."""

PAUSE = 0.05
"""Seconds in which several changes of a device become one."""

TRY_AGAIN_LATER = 1013
POLICY = 1008
"""Close codes (RFC 6455, 7.4.1, and its registry)."""


def _message(kind: str, **fields: Plain) -> bytes:
    return json.dumps({"type": kind, **fields}, allow_nan=False).encode("ascii")


def _line(line: LogLine) -> Record:
    return {
        "time": time.strftime("%H:%M:%S", time.localtime(line.created)),
        "level": line.level,
        "tag": line.tag,
        "device": line.device_id,
        "text": [*pieces_of(line.text)],
    }


class Screen:
    """
    Tells the pages that are open what has changed, and the controller what was used.

    A page is told C{screen} with all devices and the last log lines; then C{device} for
    each that has changed or is new, with the names of the elements that its script has
    C{said}; C{removed}, C{lines}, and C{refused} for what it asked for in vain.  It says
    C{event} with C{device}, C{element}, C{event} and C{values}.
    """

    log = Logger()

    def __init__(
        self, controller: IController, environment: Environment, lines: Lines
    ) -> None:
        """@param lines: what the scripts log"""
        self._live = Live(environment, self)
        self._controller = controller
        self._lines = lines
        # Those that were told all; and who waits for it.
        self._open: set[AcceptedWebSocket] = set()
        self._waiting: set[AcceptedWebSocket] = set()
        self._ends: list[Callable[[], None]] = []
        self._shown: set[int] = set()
        # Devices that have changed, with the elements that their scripts have set.
        self._changed: dict[int, set[str]] = {}
        self._missed: set[int] = set()
        self._new_lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._soon = Deadline(environment.reactor, self._flush)
        self._asking: Deferred[None] | None = None

    def mount(self, site: Site) -> None:
        """Let a site answer with the page, and its WebSocket."""
        PageFiles(files_of(DIRECTORY), PICTURES).mount(site)
        site.upgrades[LIVE] = self._live.take_over

    # Clients.

    def opened(self, client: AcceptedWebSocket) -> None:
        if not self._ends:
            self._ends = [
                self._controller.subscribe(self._happened),
                self._lines.subscribe(self._logged),
            ]
        self._waiting.add(client)
        asked = self._controller.request("GET", "/devices")
        asked.addCallback(self._begin, client)
        asked.addErrback(lambda failure: failure.trap(OperationError))
        asked.addErrback(
            lambda failure: self.log.failure("the screen failed", failure=failure)
        )
        asked.addCallback(lambda _: self._not_begun(client))

    def _begin(self, answer: Answer, client: AcceptedWebSocket) -> None:
        """Tell a new client all there is."""
        if client not in self._waiting or answer[0] != 200:
            return
        self._waiting.discard(client)
        self._open.add(client)
        devices = [each for each in records(answer[1]) if is_quickapp(each)]
        self._shown |= {int(str(each["id"])) for each in devices}
        self._send(
            _message(
                "screen",
                devices=[shown_device(each) for each in devices],
                lines=[_line(each) for each in self._lines.kept],
            ),
            client,
        )
        # What has changed while it was asked for may be missing.
        for number in self._missed:
            self._changed.setdefault(number, set())
        if not self._waiting:
            self._missed.clear()
        self._flush_soon()

    def _not_begun(self, client: AcceptedWebSocket) -> None:
        """The controller did not say what there is: the page comes again."""
        if client in self._waiting:
            self._waiting.discard(client)
            client.close_with(TRY_AGAIN_LATER, b"the controller is out of reach")

    def received(self, client: AcceptedWebSocket, data: bytes) -> None:
        try:
            given: Record = record(json.loads(data))
        except (ValueError, RecursionError):
            given = {}
        event = _event(given)
        if event is None:
            client.close_with(POLICY, b"no message of this page")
            return
        asked = self._controller.request("POST", "/plugins/callUIEvent", event)
        asked.addCallback(self._used, client)
        asked.addErrback(self._not_used, client)

    def _used(self, answer: Answer, client: AcceptedWebSocket) -> None:
        status, body = answer
        if status >= 300:
            why = text(record(body).get("message")) or f"status {status}"
            self._send(_message("refused", message=why), client)

    def _not_used(self, failure: object, client: AcceptedWebSocket) -> None:
        why = str(getattr(failure, "value", failure))
        self._send(_message("refused", message=why), client)

    def ended(self, client: AcceptedWebSocket) -> None:
        self._open.discard(client)
        self._waiting.discard(client)
        if not self._open and not self._waiting:
            self._rest()

    def _rest(self) -> None:
        """Nobody looks."""
        for end in self._ends:
            end()
        self._ends = []
        self._soon.cancel()
        self._changed.clear()
        self._missed.clear()
        self._new_lines.clear()

    def _send(self, message: bytes, client: AcceptedWebSocket) -> None:
        if not client.is_open:
            return
        if client.buffered_amount > MAX_UNSENT:
            client.abort()
        else:
            client.send(message, False)

    # What happens.

    def _happened(self, event: Record) -> None:
        kind, data = text(event.get("type")), record(event.get("data"))
        number = integer(data.get("deviceId", data.get("id")))
        if number is None or not kind.startswith(("Device", "PluginChangedView")):
            return
        if number in self._shown or kind in (
            "DeviceCreatedEvent",
            "DeviceModifiedEvent",
        ):
            said = self._changed.setdefault(number, set())
            if kind == "PluginChangedViewEvent":
                said.add(text(data.get("componentName")))
            if self._waiting:
                self._missed.add(number)
            self._flush_soon()

    def _logged(self, line: LogLine) -> None:
        self._new_lines.append(line)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if (self._changed or self._new_lines) and not self._soon.active:
            self._soon.start(PAUSE)

    def _flush(self) -> None:
        if self._new_lines:
            lines: list[Plain] = [_line(each) for each in self._new_lines]
            self._new_lines.clear()
            self._tell(_message("lines", lines=lines))
        if self._asking is None and self._changed:
            changed, self._changed = self._changed, {}
            self._asking = Deferred.fromCoroutine(self._ask(changed))
            self._asking.addErrback(
                lambda failure: self.log.failure("the screen failed", failure=failure)
            )
            self._asking.addCallback(self._asked)

    def _asked(self, _: object) -> None:
        self._asking = None
        self._flush_soon()

    async def _ask(self, changed: dict[int, set[str]]) -> None:
        for number, said in changed.items():
            try:
                status, body = await self._controller.request(
                    "GET", f"/devices/{number}"
                )
            except OperationError:
                # It is out of reach: what changed comes with the next change of it.
                continue
            device = record(body)
            if status == 200 and is_quickapp(device):
                self._shown.add(number)
                names: list[Plain] = [*sorted(said)]
                shown = shown_device(device)
                self._tell(_message("device", device=shown, said=names))
            elif number in self._shown:
                self._shown.discard(number)
                self._tell(_message("removed", device=number))

    def _tell(self, message: bytes) -> None:
        for client in list(self._open):
            self._send(message, client)

    # The end.

    def stop(self) -> None:
        """Close the pages, and let no other one in."""
        self._live.stop()
        self._rest()


def _event(given: Record) -> Record | None:
    """What a page says as the controller takes it; C{None} for anything else."""
    number = integer(given.get("device"))
    element, event = text(given.get("element")), text(given.get("event"))
    values = given.get("values")
    if (
        given.get("type") != "event"
        or number is None
        or not element
        or not event
        or not isinstance(values, list)
        or len(values) > MAX_VALUES
    ):
        return None
    return {
        "deviceId": number,
        "elementName": element,
        "eventType": event,
        "values": values,
    }
