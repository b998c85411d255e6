"""Several QuickApps and scenes of one controller, each with a runtime of its own."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Unpack

from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from eplua_twisted.border.clock import let_rest
from eplua_twisted.border.permissions import UNLIMITED, Access
from eplua_twisted.clocks import Work, follow
from eplua_twisted.errors import OperationError, RuntimeStopped, ScriptError
from eplua_twisted.hc3.opening import Opened
from eplua_twisted.hc3.setup import Lenient, Setup
from eplua_twisted.runtime import Runtime
from eplua_twisted.runtime_options import RuntimeOptions
from eplua_twisted.site.network import network_of

TURNS = 3
"""Turns of the reactor in which nothing happened: then nothing will."""


class Programs:
    """
    What C{eplua --hc3 a.lua b.fqa} runs.

    @ivar runtimes: by their files, in the order in which they were given
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        clock: IReactorTime,
        paths: Sequence[str],
        setup: Setup,
        failed: Callable[[Exception], None],
        run_for: float | None,
        /,
        **options: Unpack[RuntimeOptions],
    ) -> None:
        """
        @param clock: what the scripts' time goes by
        @param setup: its controller, or the plan of one, is what all share
        @param failed: told of each program that could not be run; the others go on
        @param run_for: seconds of the scripts' time after which all are stopped
        @param options: of each runtime
        """
        self._reactor = reactor
        # A clock whose time can be moved stands still while one is not there yet.
        self._work = Work()
        time_of_day, self._unfollow = follow(options.get("clock"), self._work)
        allowed = frozenset(options.get("allow_unauthorized", ()))
        self._opened = Opened(
            setup.plan,
            network_of(
                reactor,
                allowed if setup.verify else Lenient(allowed),
                Access(
                    options.get("permissions", UNLIMITED),
                    options.get("sandbox", False),
                ),
            ),
            clock,
            time_of_day or time.time,
            setup.controller,
        )
        self._setup = replace(setup, opened=self._opened)
        self._over: Deferred[None] = Deferred()
        self._failed = failed
        self._options = options
        self._clock = clock
        self._run_for = run_for
        self._end: IDelayedCall | None = None
        self._stopping = False
        self._starting = 0
        self._restarting: set[int] = set()
        self.runtimes: dict[int, Runtime] = {}
        self._paths = list(paths)

    def named(self) -> dict[str, Runtime]:
        """The runtimes that there are, by their files; twice the same: by number."""
        named: dict[str, Runtime] = {}
        for place, runtime in self.runtimes.items():
            name = self._paths[place]
            named[f"{name} ({place + 1})" if name in named else name] = runtime
        return named

    def begin(self) -> Deferred[None]:
        """
        Start all of them, one after the other.

        @return: fires when the last one has run
        """
        if self._run_for is not None:
            self._end = self._clock.callLater(self._run_for, self.stop)
        return Deferred.fromCoroutine(self._begin())

    async def _begin(self) -> None:
        await self._held(self._opened.start())
        for place in range(len(self._paths)):
            if not self._stopping:
                await self._start(place)

    async def _start(self, place: int, number: int | None = None) -> None:
        setup = replace(
            self._setup,
            on_restart=lambda number: self._restart(place, number),
            number=number,
        )
        options: RuntimeOptions = {**self._options, "hc3": setup}
        runtime = Runtime(**options)
        self.runtimes[place] = runtime
        try:
            await runtime.run_file(self._paths[place])
        except (ScriptError, OperationError, OSError) as problem:
            self._failed(problem)
            await self._held(runtime.stop())
        except RuntimeStopped:
            # os.exit, or a signal.
            pass

    async def _held(self, work: Awaitable[object]) -> None:
        """Wait for what takes no time of the scripts."""
        self._work.under_way += 1
        try:
            await work
        finally:
            self._work.under_way -= 1

    def _restart(self, place: int, number: int) -> None:
        """A QuickApp is to start anew, in a new runtime; two that ask are one."""
        if place in self._restarting:
            return
        self._restarting.add(place)
        self._starting += 1

        async def again() -> None:
            await self._held(self.runtimes[place].stop())
            self._restarting.discard(place)
            if not self._stopping:
                await self._start(place, number)

        done = Deferred.fromCoroutine(again())
        done.addErrback(lambda failure: self.log.failure("restarting failed", failure))
        done.addBoth(self._started)

    def _started(self, _: object) -> None:
        self._starting -= 1

    def reload(self, name: str) -> Deferred[None]:
        """It does not: a QuickApp is started anew by its controller."""
        message = "scripts of Home Center 3 are restarted by their controller"
        return fail(OperationError("state", message))

    def stop_script(self, name: str) -> Deferred[None]:
        """@return: fires as L{Runtime.stop} of that script"""
        return self.named()[name].stop()

    def idle(self) -> Deferred[None]:
        """
        @return: fires when nothing is open or pending in any of them; when others may
            call them at any time, when all are stopped
        """
        if self._opened.is_reachable:
            return self._over
        return Deferred.fromCoroutine(self._idle())

    async def _idle(self) -> None:
        quiet = 0
        while quiet < TURNS and not self._stopping:
            for runtime in list(self.runtimes.values()):
                await runtime.idle()
            # One may have asked another for something meanwhile.
            await deferLater(self._reactor, 0, lambda: None)
            still = not self._starting and all(
                each.is_idle for each in self.runtimes.values()
            )
            quiet = quiet + 1 if still else 0

    def stop(self) -> Deferred[None]:
        """@return: fires when all have stopped, and the controller too"""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            if self._end is not None and self._end.active():
                self._end.cancel()
            self._over.callback(None)
            self._unfollow()
        await DeferredList([each.stop() for each in self.runtimes.values()])
        await self._opened.stop()
        # The two may be the same.
        let_rest(self._clock)
        let_rest(self._reactor)
