"""What C{eplua hc3 ui} shows: the views of QuickApps as text."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

from twisted.internet.base import ReactorBase

from eplua_twisted.border.clock import steady
from eplua_twisted.border.permissions import UNLIMITED, Access
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.hc3.device_types import is_quickapp
from eplua_twisted.hc3.fetch import Client
from eplua_twisted.hc3.interfaces import Answer
from eplua_twisted.hc3.plain import record, records, text
from eplua_twisted.hc3.remote import RemoteController
from eplua_twisted.hc3.setup import Lenient, Setup
from eplua_twisted.hc3.ui_options import UIOptions
from eplua_twisted.hc3.view_elements import shown_device
from eplua_twisted.hc3.view_text import views_text
from eplua_twisted.main_loop import run_until_over
from eplua_twisted.runtime import Runtime
from eplua_twisted.signals import end_by
from eplua_twisted.site.network import network_of

Write = Callable[[str], object]


class Views:
    """
    One run of the command.

    The exit code is 1 when there is nothing to show, or a script's C{onInit} failed.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        options: UIOptions,
        write: Write,
        complain: Write,
        environment: Mapping[str, str],
    ) -> None:
        """
        @param write: takes the text
        @param complain: takes what went wrong
        @param environment: has user and password
        """
        self._reactor = reactor
        self._options = options
        self._write = write
        self._complain = complain
        self._environment = environment
        self._code = 0

    def main(self) -> int:
        """
        Run the reactor until the views are shown; a SIGINT ends the process before.

        @return: the exit code
        """
        if not run_until_over(self._reactor, self.show):
            end_by(signal.SIGINT)
        return self._code

    async def show(self) -> int:
        """@return: the exit code"""
        try:
            if self._options.script is not None:
                self._show(await self._of_script(self._options.script))
            else:
                self._show(await self._of_controller(str(self._options.url)))
        except ScriptError as problem:
            self._fail(problem.traceback)
        except OSError as problem:
            self._fail(f"cannot read {problem.filename}: {problem.strerror}")
        except OperationError as problem:
            self._fail(str(problem))
        except RuntimeStopped:
            self._fail("the script has ended itself before its view could be shown")
        return self._code

    def _fail(self, why: str) -> None:
        self._complain(why)
        self._code = 1

    def _show(self, answer: Answer) -> None:
        status, body = answer
        if status != 200:
            why = text(record(body).get("message")) or f"status {status}"
            self._fail(f"the controller answers: {why}")
            return
        found = [
            shown_device(each)
            for each in records(body)
            if is_quickapp(each) and self._options.is_wanted(each)
        ]
        if found:
            self._write(views_text(found))
        else:
            wanted = ", ".join(self._options.wanted)
            self._fail(f"there is no QuickApp {wanted}".rstrip())

    async def _of_controller(self, url: str) -> Answer:
        environment = network_of(
            steady(self._reactor), Lenient(frozenset()), Access(UNLIMITED, False)
        )
        client = Client(environment)
        user = self._environment.get("HC3_USER", "admin")
        password = self._environment.get("HC3_PASSWORD", "")
        try:
            controller = RemoteController(
                client, environment.reactor, url, user, password
            )
            return await controller.request("GET", "/devices")
        finally:
            await client.close()

    async def _of_script(self, path: str) -> Answer:
        """Run it until its C{onInit} is over; what it logs is not shown."""
        runtime = Runtime(
            self._reactor,
            output=lambda line: None,
            on_error=self._unhandled,
            hc3=Setup(),
        )
        try:
            await runtime.run_file(path)
            return await runtime.hc3.request("GET", "/devices")
        finally:
            await runtime.stop()

    def _unhandled(self, report: str) -> None:
        self._code = 1
