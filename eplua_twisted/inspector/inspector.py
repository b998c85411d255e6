"""The inspector: tells the pages that are open what goes on, each second."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.environment import Environment
from eplua_twisted.errors import OperationError, ScriptError
from eplua_twisted.http_server.request import HTTPServerRequest
from eplua_twisted.inspector.door import Door
from eplua_twisted.inspector.log import LastLines, Line
from eplua_twisted.inspector.state import Plain, Record, state_of
from eplua_twisted.runtime import Runtime
from eplua_twisted.site.files import PageFiles, files_of
from eplua_twisted.site.live import Live
from eplua_twisted.site.site import Site
from eplua_twisted.websocket.accepted import AcceptedWebSocket

DIRECTORY = Path(__file__).parent / "page"

LIVE = b"/live"
"""The path of the page's WebSocket."""

EACH = 1.0
"""Seconds between two states that a page is told."""

POLICY = 1008
"""A close code (RFC 6455, 7.4.1)."""

READ_ONLY = "this inspector only shows: it was started without --inspect-control"


class Controls(Protocol):
    """What a page may have done to a script, by its name."""

    def reload(self, name: str) -> Deferred[None]:
        """
        Stop it, and run it anew.

        @return: fires with C{None}; fails with L{ScriptError}, L{OperationError} or
            C{OSError}: then the old one goes on, or nothing does
        """

    def stop_script(self, name: str) -> Deferred[None]:
        """@return: fires with C{None} when it has stopped"""


class Inspector:
    """
    Tells the pages the whole state, with the lines that are new for each.  A page that
    has not taken the last one is left out, and gets the newest when it has.

    A page says C{reload} or C{stop}, with a script's name; C{refused} says why not.
    """

    log = Logger()

    def __init__(
        self,
        environment: Environment,
        runtimes: Callable[[], Mapping[str, Runtime]],
        door: Door,
        controls: Controls | None,
    ) -> None:
        """
        @param runtimes: those that there are, by the names of their scripts
        @param controls: C{None}: the pages only show
        """
        self.lines = LastLines()
        self._runtimes = runtimes
        self._door = door
        self._controls = controls
        self._live = Live(environment, self)
        # The number of the last line that each page was told.
        self._pages: dict[AcceptedWebSocket, int] = {}
        self._tick = Deadline(environment.reactor, self._tell)
        self._files = PageFiles(files_of(DIRECTORY))
        self.site = Site(environment.reactor, environment.time_of_day, door.check, 0)
        self._files.mount(self.site)
        self.site.pages[b"/"] = self._enter
        self.site.upgrades[LIVE] = self._live.take_over
        self.lines.start()

    def _enter(self, request: HTTPServerRequest) -> None:
        if not self._door.enter(request):
            self._files.answer(request)

    def stop(self) -> Deferred[None]:
        """@return: fires with C{None} when the pages are closed"""
        self.lines.stop()
        self._tick.cancel()
        self._pages.clear()
        self._live.stop()
        return self.site.stop()

    # What the pages are told.

    def opened(self, page: AcceptedWebSocket) -> None:
        self._pages[page] = 0
        self._tell()

    def ended(self, page: AcceptedWebSocket) -> None:
        self._pages.pop(page, None)
        if not self._pages:
            self._tick.cancel()

    def _tell(self) -> None:
        state: Record = {
            "type": "state",
            "time": time.monotonic(),
            "control": self._controls is not None,
            "scripts": [state_of(*each) for each in self._runtimes().items()],
            "errors": [_line(each) for each in reversed(self.lines.errors)],
        }
        for page, last in list(self._pages.items()):
            if page.buffered_amount:
                continue
            new = self.lines.since(last)
            self._pages[page] = new[-1].number if new else last
            _send(page, {**state, "lines": [_line(each) for each in new]})
        if self._pages:
            self._tick.start(EACH)

    # What they say.

    def received(self, page: AcceptedWebSocket, data: bytes) -> None:
        try:
            said = json.loads(data)
            what, name = said["type"], said["script"]
        except (ValueError, KeyError, TypeError, RecursionError):
            what = name = None
        if what not in ("reload", "stop") or not isinstance(name, str):
            page.close_with(POLICY, b"no message of this page")
            return
        if self._controls is None:
            _refuse(page, READ_ONLY)
            return
        if name not in self._runtimes():
            _refuse(page, f"there is no script {name}")
            return
        controls = self._controls
        method = controls.reload if what == "reload" else controls.stop_script
        done = maybeDeferred(method, name)
        done.addCallback(lambda _: self._tell())
        done.addErrback(self._not_done, page, what)

    def _not_done(self, failure: Failure, page: AcceptedWebSocket, what: str) -> None:
        if failure.check(ScriptError, OperationError, OSError):
            _refuse(page, str(failure.value))
        else:
            self.log.failure("{what} failed", failure, what=what)
            _refuse(page, "internal error: the log has it")


def _line(line: Line) -> Plain:
    moment = time.strftime("%H:%M:%S", time.localtime(line.time))
    return [moment, line.level, line.text]


def _send(page: AcceptedWebSocket, message: Record) -> None:
    if page.is_open:
        page.send(json.dumps(message, allow_nan=False).encode("ascii"), False)


def _refuse(page: AcceptedWebSocket, why: str) -> None:
    _send(page, {"type": "refused", "message": why})
