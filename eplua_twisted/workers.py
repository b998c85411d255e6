"""Several processes that run one script: C{twistd eplua --workers}."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Literal, cast

from twisted.application.service import Service
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, DeferredList, FirstError
from twisted.internet.error import (
    ProcessDone,
    ProcessExitedAlready,
    ProcessTerminated,
)
from twisted.internet.interfaces import (
    IDelayedCall,
    IProcessTransport,
    IReactorProcess,
)
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import InvalidLogLevelError, Logger, LogLevel
from twisted.python.failure import Failure

from eplua_twisted.border.clock import steady
from eplua_twisted.border.deadline import Deadline
from eplua_twisted.ending import hush
from eplua_twisted.errors import ScriptError
from eplua_twisted.process import Process
from eplua_twisted.service import Failures, Restart

EVENTS, LIFE = 3, 4
"""Descriptors of a worker: what it logs; what ends when the service is gone."""

MAX_LINE = 2**24
"""Bytes of what a worker writes that are kept until the line ends."""

START_TIMEOUT = 30.0
"""Seconds that a worker has to be ready."""

LAST_SHARE = 0.95
"""How much of the grace time a worker has to end, before it is killed."""


class WorkerFailed(Exception):
    """
    A worker has ended before it was ready.

    @ivar code: its exit code
    """

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Lines:
    """Bytes cut into lines; one that is too long is cut."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, data: bytes) -> Iterator[bytes]:
        """@return: the lines that are complete now"""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            lines.append(self._rest)
            self._rest = b""
        return iter(lines)

    def end(self) -> Iterator[bytes]:
        """@return: the line whose end never came, if there is one"""
        rest, self._rest = self._rest, b""
        return iter([rest] if rest else [])


class Worker(ProcessProtocol):
    """
    One process.

    C{starting}; C{ready} when its script serves; C{leaving} when it was told to go;
    C{ended}.

    @ivar ready: fires with C{None}; fails with L{WorkerFailed}
    @ivar ended: fires with C{None} when the process is gone
    """

    transport: IProcessTransport | None = None

    def __init__(
        self,
        number: int,
        reactor: ReactorBase,
        watched: float | None,
        gone: Callable[[Worker], None],
    ) -> None:
        """
        @param watched: seconds without a word after which it is killed
        @param gone: called when it has ended, but for the one that was told to
        """
        self._watched = watched
        self.number = number
        self.state: Literal["starting", "ready", "leaving", "ended"] = "starting"
        self.ready: Deferred[None] = Deferred()
        self.ended: Deferred[None] = Deferred()
        self.why, self.code = "", 1
        self._gone = gone
        self._lines = {1: Lines(), 2: Lines(), EVENTS: Lines()}
        self._patience = Deadline(steady(reactor), self.kill)
        self._patience.start(START_TIMEOUT)

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        self._heard(childFD, self._lines[childFD].add(data))

    def _heard(self, childFD: int, lines: Iterator[bytes]) -> None:
        for line in lines:
            if childFD == EVENTS:
                self._event(line)
            else:
                # What did not come by the log, such as that of io.write.
                level = "info" if childFD == 1 else "warn"
                self._log("eplua", level, line.decode("utf-8", "backslashreplace"))

    def _event(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            if event == "ready":
                self._is_ready()
                return
            namespace, level, text = map(str, event)
            self._log(namespace, level, text)
        except (ValueError, TypeError, InvalidLogLevelError):
            # It was too long, or a script has found the descriptor.
            self._log("eplua", "warn", line.decode("utf-8", "backslashreplace"))

    def _is_ready(self) -> None:
        """It is told again and again: a reactor that stands still says no more."""
        if self.state == "starting":
            self.state = "ready"
            self._patience.cancel()
            self.ready.callback(None)
        if self.state == "ready" and self._watched is not None:
            self._patience.restart(self._watched)

    def _log(self, namespace: str, level: str, text: str) -> None:
        Logger(namespace).emit(
            LogLevel.lookupByName(level),
            "worker {worker}: {text}",
            worker=self.number,
            text=text,
        )

    def leave(self, grace: float) -> Deferred[None]:
        """
        Have it accept nobody any more, do what it is about, and end.

        @param grace: seconds, after which it is killed
        @return: fires with C{None} when it is gone
        """
        if self.state != "ended":
            self.state = "leaving"
            self._signal("TERM")
            self._patience.restart(grace * LAST_SHARE)
        return self.ended

    def kill(self) -> None:
        """End it now."""
        self._signal("KILL")

    def _signal(self, name: str) -> None:
        # That it has ended, or could not be started, is told soon.
        if self.transport is not None:
            with suppress(ProcessExitedAlready):
                self.transport.signalProcess(name)

    def processEnded(self, reason: Failure) -> None:
        for childFD, lines in self._lines.items():
            self._heard(childFD, lines.end())
        self._patience.cancel()
        before, self.state = self.state, "ended"
        if isinstance(reason.value, ProcessTerminated) and reason.value.signal:
            self.why = f"was ended by signal {reason.value.signal}"
        elif isinstance(reason.value, ProcessTerminated | ProcessDone):
            self.code = reason.value.exitCode
            self.why = f"has ended with code {self.code}"
        else:
            self.why = f"could not be started: {reason.value}"
        if not self.ready.called:
            self.ready.errback(WorkerFailed(self.why, self.code))
        self.ended.callback(None)
        if before != "leaving":
            self._gone(self)


class Workers(Service):
    """
    The processes that run a script, each with a reactor and a runtime of its own, and
    with the same ports.

    States: C{stopped}; C{starting} until each is ready for the first time; C{running};
    C{reloading}, when each gives place to a new one.

    @ivar state: where it is
    """

    log = Logger()

    def __init__(
        self,
        reactor: ReactorBase,
        program: str,
        count: int,
        given: list[str],
        grace: float,
        check: Callable[[], None],
        restart: Restart | None = None,
    ) -> None:
        """
        @param program: Python that a worker runs, with its number, how many there are,
            and C{given}
        @param count: how many
        @param given: the words of the command's options, the script and its arguments
        @param grace: seconds that a worker has to end
        @param check: raises what keeps the script from being run
        @param restart: when workers that have died are started again; by default as
            L{Restart} has it, all of them together
        """
        self._reactor = reactor
        self._program = program
        self._count = count
        self._given = given
        self._grace = grace
        self._check = check
        self._failures = Failures(restart or Restart())
        self._process = Process(reactor, grace, self.reload)
        self._workers: dict[int, Worker] = {}
        self._all: set[Worker] = set()
        self._waiting: dict[int, IDelayedCall] = {}
        self._again = False
        self.state: Literal["stopped", "starting", "running", "reloading"] = "stopped"

    def startService(self) -> None:
        """
        Start the workers.

        @raise ScriptError: the script does not compile
        @raise OSError: it cannot be read
        """
        self._process.begin()
        try:
            self._check()
        except (ScriptError, OSError) as problem:
            self.log.error("{problem}", problem=problem)
            hush(problem)
            raise
        Service.startService(self)
        self.state = "starting"
        # A child is known to the reactor only when that runs.
        self._reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        if self.state != "starting":
            return
        for number in range(1, self._count + 1):
            self._workers[number] = self._spawn(number)
        all_ready = DeferredList(
            [worker.ready for worker in self._workers.values()],
            fireOnOneErrback=True,
            consumeErrors=True,
        )
        all_ready.addCallbacks(self._ready, self._not_begun)

    def _ready(self, _: object) -> None:
        if self.state == "starting":
            self.state = "running"
            self.log.info("{count} workers are ready", count=self._count)
            self._serve()

    def _serve(self) -> None:
        self._process.supervisor.ready()
        if self._again:
            self._again = False
            self.reload()

    def _not_begun(self, failure: Failure) -> None:
        if self.state == "starting":
            # The first one that has failed says what it is.
            problem = cast(FirstError, failure.value).subFailure.value
            assert isinstance(problem, WorkerFailed)
            self._process.end(problem.code or 1)

    def _spawn(self, number: int) -> Worker:
        worker = Worker(
            number, self._reactor, self._process.supervisor.watched, self._died
        )
        reactor = cast(IReactorProcess, self._reactor)
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            try:
                reactor.spawnProcess(
                    worker,
                    sys.executable,
                    [
                        *(sys.executable, "-P", "-c", self._program),
                        *(str(number), str(self._count)),
                        *self._given,
                    ],
                    env=os.environ,
                    childFDs={0: nothing, 1: "r", 2: "r", EVENTS: "r", LIFE: "w"},
                )
            finally:
                os.close(nothing)
        except OSError:
            # No memory or no descriptor: on the next turn, as if it had died.
            self._reactor.callLater(0, worker.processEnded, Failure())
        self._all.add(worker)
        worker.ended.addCallback(lambda _: self._all.discard(worker))
        return worker

    def _died(self, worker: Worker) -> None:
        """It has ended, and nobody had told it to."""
        if self._workers.get(worker.number) is not worker or self.state == "stopped":
            return
        self.log.error("worker {each.number} {each.why}", each=worker)
        if self._process.ending:
            # As when it was not ready at the start: L{_not_begun} knows that before.
            return
        delay = self._failures.add(steady(self._reactor).seconds())
        if delay is None:
            self.log.critical("workers have died too often: the service has failed")
            self._process.end(1)
            return
        self.log.info("it is started again in {delay} s", delay=delay)
        self._waiting[worker.number] = self._reactor.callLater(
            delay, self._start_again, worker.number
        )

    def _start_again(self, number: int) -> None:
        del self._waiting[number]
        worker = self._workers[number] = self._spawn(number)
        # That it ends is told by _died.
        worker.ready.addErrback(lambda failure: failure.trap(WorkerFailed) and None)

    def reload(self) -> None:
        """
        Put a new worker in the place of each, one after another: it listens before the
        old one stops to.  A script that is not ready leaves the old one where it is.
        """
        if self.state in ("starting", "reloading"):
            self._again = True
        elif self.state == "running":
            self.state = "reloading"
            self._process.supervisor.reloading()
            reloading = Deferred.fromCoroutine(self._reload())
            reloading.addErrback(
                lambda failure: self.log.failure("reloading failed", failure)
            )
            reloading.addCallback(self._reloaded)

    async def _reload(self) -> None:
        try:
            self._check()
            for number in range(1, self._count + 1):
                new = self._spawn(number)
                await new.ready
                if self.state != "reloading":
                    return
                old, self._workers[number] = self._workers[number], new
                if number in self._waiting:
                    self._waiting.pop(number).cancel()
                await old.leave(self._grace)
        except (ScriptError, OSError, WorkerFailed) as problem:
            if self.state == "reloading":
                self.log.error(
                    "not reloaded, the old script goes on: {problem}", problem=problem
                )
        else:
            self.log.info("{count} workers are reloaded", count=self._count)

    def _reloaded(self, _: object) -> None:
        if self.state != "reloading":
            return
        self.state = "running"
        self._serve()

    def stopService(self) -> Deferred[None]:
        """@return: fires with C{None} when all workers are gone"""
        Service.stopService(self)
        self.state = "stopped"
        self._process.close()
        for call in self._waiting.values():
            call.cancel()
        self._waiting.clear()
        leaving = [worker.leave(self._grace) for worker in self._all]
        return DeferredList(leaving).addCallback(lambda _: None)
