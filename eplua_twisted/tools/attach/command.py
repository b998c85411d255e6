"""C{eplua attach}: a prompt in a running service."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IReactorUNIX
from twisted.python import usage
from twisted.python.failure import Failure

from eplua_twisted.console import complain, parse
from eplua_twisted.errors import RuntimeStopped
from eplua_twisted.signals import end_by
from eplua_twisted.tools.attach.client import Attached
from eplua_twisted.tools.repl.command import install, say
from eplua_twisted.tools.repl.loop import run_entries

if TYPE_CHECKING:
    from eplua_twisted.tools.repl.prompt import Prompt

GREETED_WITHIN = 5.0
"""Seconds."""


class Options(usage.Options):
    """
    Which service.

    @ivar path: its socket
    """

    synopsis = "SOCKET"
    longdesc = (
        "SOCKET is the path that a service was given with --attach. What is typed runs in"
        " its script; Ctrl-C cancels what waits, Ctrl-D leaves; the service goes on."
    )
    examples = (("eplua attach /run/lamp/prompt", "look into a service"),)
    path = ""

    def parseArgs(self, *paths: str) -> None:
        if len(paths) != 1:
            raise usage.UsageError(f"attach: one SOCKET expected, got {len(paths)}")
        self.path = paths[0]


class AttachCommand:
    """One run, until nothing more is typed, or the service has gone."""

    def __init__(self, reactor: ReactorBase, path: str) -> None:
        # Late: it is imported when its package is known to be there.
        from eplua_twisted.tools.repl.prompt import Prompt

        self._reactor = reactor
        self._path = path
        self._attached = Attached()
        self._prompt: Prompt = Prompt(self._attached.complete, os.environ)
        self._code = 0
        self._leaving = False
        self._ended_by: int | None = None
        self._crash: Failure | None = None

    def main(self) -> int:
        """@return: the exit code: 1 when the service could not be reached, or has gone"""
        from prompt_toolkit.patch_stdout import patch_stdout

        with patch_stdout(raw=True):
            self._catch()
            self._reactor.callWhenRunning(self._start)
            self._reactor.run(installSignalHandlers=False)
        if self._crash is not None:
            self._crash.raiseException()
        if self._ended_by is not None:
            end_by(self._ended_by)
        return self._code

    def _catch(self) -> None:
        loop = asyncio.get_event_loop()
        loop.add_signal_handler(signal.SIGINT, self._attached.cancel)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end, number)

    def _end(self, number: int) -> None:
        self._ended_by = number
        self._leave()

    def _leave(self) -> None:
        self._leaving = True
        self._attached.cancel()
        self._attached.close()
        self._prompt.end()

    def _start(self) -> None:
        running = Deferred.fromCoroutine(self._run())
        running.addErrback(self._crashed)
        running.addCallback(lambda _: self._reactor.stop())

    def _crashed(self, failure: Failure) -> None:
        """A bug in this package."""
        self._crash = failure

    async def _run(self) -> None:
        why = await self._connect()
        if why is not None:
            self._code = 1
            say(f"eplua attach: {self._path}: {why}")
            return
        self._attached.gone.addCallback(self._gone)
        say("attached; Ctrl-D leaves, the service goes on")
        if self._prompt.problem is not None:
            say(self._prompt.problem)
        # When the service has gone that was said.
        with suppress(RuntimeStopped):
            await run_entries(self._prompt, self._attached, say, say)
        self._leave()

    async def _connect(self) -> str | None:
        """@return: why that does not go"""
        attached = self._attached
        endpoint = UNIXClientEndpoint(cast(IReactorUNIX, self._reactor), self._path)
        try:
            if not stat.S_ISSOCK(os.stat(self._path).st_mode):
                return "it is no socket"
            await connectProtocol(endpoint, attached)
            await attached.greeted.addTimeout(GREETED_WITHIN, self._reactor)
        except DeferredTimeout:
            return "what answers is not eplua"
        except ConnectError as problem:
            number = problem.osError
            return os.strerror(number) if number else str(problem)
        except OSError as problem:
            return problem.strerror or str(problem)
        return None

    def _gone(self, why: str) -> None:
        if not self._leaving:
            self._code = 1
            say(f"eplua attach: {why}")
            self._prompt.end()


def main(arguments: list[str]) -> int:
    """
    C{eplua attach}.

    @return: the exit code
    """
    options = Options()  # type: ignore[no-untyped-call]
    if not parse(options, arguments, "eplua attach"):
        return 2
    reactor = install(lambda text: complain(f"eplua attach: {text}"))
    if reactor is None:
        return 1
    return AttachCommand(reactor, options.path).main()
