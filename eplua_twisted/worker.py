"""A process that runs a script for L{Workers<eplua_twisted.workers.Workers>}."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import BinaryIO, Protocol, Unpack, cast

from twisted.internet.abstract import FileDescriptor
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.main import CONNECTION_DONE
from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    eventAsText,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from eplua_twisted.border.ports import Ports
from eplua_twisted.border.values import to_readable
from eplua_twisted.errors import RuntimeStopped, ScriptError
from eplua_twisted.runtime import Runtime
from eplua_twisted.runtime_options import RuntimeOptions
from eplua_twisted.workers import EVENTS, LIFE

BEAT = 0.5
"""Seconds after which a worker says again that it is there."""

SHARE = 0.7
"""How much of the grace time the clients have: the rest is for closing."""


class Asked(Protocol):
    """
    What the command was asked for.

    @ivar grace: seconds that the process has to end
    """

    grace: float

    def runtime(
        self, running: ReactorBase, /, **given: Unpack[RuntimeOptions]
    ) -> RuntimeOptions: ...

    def begin(self, runtime: Runtime) -> Deferred[None]: ...


@implementer(ILogObserver)
class EventLines:
    """What the service is told: a line for each event of the log, and for C{ready}."""

    def __init__(self) -> None:
        for descriptor in (EVENTS, LIFE):
            os.set_inheritable(descriptor, False)
        self._stream: BinaryIO = os.fdopen(EVENTS, "wb")

    def __call__(self, event: LogEvent) -> None:
        text = eventAsText(event, includeTimestamp=False, includeSystem=False)
        namespace = event["log_namespace"]
        if namespace == "log_legacy":
            namespace = event.get("log_system", "-")
        self.tell([namespace, event["log_level"].name, text])

    def tell(self, value: object) -> None:
        """Write a line, unless nobody reads any more."""
        try:
            self._stream.write(json.dumps(value).encode() + b"\n")
            self._stream.flush()
        except BrokenPipeError:
            pass


class Life(FileDescriptor):
    """Ends when the service is gone, however it went."""

    def __init__(self, reactor: ReactorBase, gone: Callable[[], None]) -> None:
        super().__init__(cast(IReactorFDSet, reactor))
        self._gone = gone

    def fileno(self) -> int:
        return LIFE

    def doRead(self) -> Exception | None:
        return None if os.read(LIFE, 1) else CONNECTION_DONE

    def connectionLost(self, reason: Failure) -> None:
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self._gone()


class Program:
    """
    The script in this process.

    The exit code is that of C{os.exit}; 1 when the script could not be run; else 0.
    """

    log = Logger("eplua")

    def __init__(
        self,
        reactor: ReactorBase,
        options: Asked,
        worker: tuple[int, int],
        events: EventLines,
    ) -> None:
        """@param worker: its number, and how many there are"""
        self._reactor = reactor
        self._options = options
        self._events = events
        self._ports = Ports(worker)
        self._leaving = self._over = False
        self._code = 0
        self._runtime = Runtime(
            **options.runtime(
                reactor, output=self._print, on_exit=self._exited, ports=self._ports
            )
        )

    def main(self) -> int:
        """@return: the exit code"""
        self._reactor.callWhenRunning(self._start)
        self._reactor.run()
        return self._code

    def _start(self) -> None:
        # The service decides about the others, which come from a terminal to all.
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._told)
        life = Life(self._reactor, self._leave)
        life.startReading()  # type: ignore[no-untyped-call]
        Deferred.fromCoroutine(self._begin()).addErrback(self._failed)

    async def _begin(self) -> None:
        await self._options.begin(self._runtime)
        await self._ports.taken()
        # The script knows on the next turn what has come of its ports.
        self._reactor.callLater(0, self._ready)

    def _ready(self) -> None:
        if not self._leaving:
            self._events.tell("ready")
            self._reactor.callLater(BEAT, self._ready)

    def _failed(self, failure: Failure) -> None:
        problem = failure.value
        if isinstance(problem, RuntimeStopped):
            # os.exit, or the service: the code is known.
            return
        if isinstance(problem, ScriptError):
            self.log.error("{text}", text=problem.traceback)
        else:
            self.log.failure("the script could not be run", failure)
        self._runtime.stop().addCallback(lambda _: self._exited(1))

    def _print(self, line: bytes) -> None:
        self.log.info("{text}", text=to_readable(line))

    def _told(self, number: int, frame: object) -> None:
        self._reactor.callFromThread(self._leave)

    def _leave(self) -> None:
        """Accept nobody any more, let the clients have their answers, and end."""
        if not self._leaving:
            self._leaving = True
            Deferred.fromCoroutine(self._drain())

    async def _drain(self) -> None:
        try:
            drained = self._ports.drain()
            await drained.addTimeout(self._options.grace * SHARE, self._reactor)
        except DeferredTimeout:
            self.log.info("clients are there still: they are closed")
        await self._runtime.stop()
        self._exited(0)

    def _exited(self, code: int) -> None:
        self._code = self._code or code & 0xFF
        self._leaving = True
        # The script may end itself while the service has it leave.
        if not self._over:
            self._over = True
            self._reactor.stop()
