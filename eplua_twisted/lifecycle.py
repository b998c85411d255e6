"""When a runtime is over, and in which order its things go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from eplua_twisted.border.bridge import Bridge
from eplua_twisted.border.deadline import Deadline
from eplua_twisted.border.interfaces import IModule
from eplua_twisted.border.resources import Resources

STOP_TIMEOUT = 5.0
"""Seconds that open things have to close in good order before they are aborted."""

ABORT_TIMEOUT = 1.0
"""Seconds that what was aborted has to go before it is given up, and modules too."""


class Lifecycle:
    """
    The life of one runtime.

    C{running}, then from L{stop} on C{stopping}: nothing begins and no answer is
    delivered, what is open closes.  Then C{stopped}: nothing is left.

    @ivar state: where it is
    @ivar exited: the script has called C{os.exit}
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        bridge: Bridge,
        resources: Resources,
        modules: Mapping[str, IModule],
        release: Callable[[], None],
        on_exit: Callable[[int], None] | None = None,
    ) -> None:
        """
        @param modules: those that were made so far
        @param release: lets the Lua state go, as the last thing
        @param on_exit: called with the code of L{end}, when all has stopped
        """
        self.state: Literal["running", "stopping", "stopped"] = "running"
        self._clock = clock
        self._bridge = bridge
        self._resources = resources
        self._modules = modules
        self._release = release
        self._on_exit = on_exit
        self.exited = False
        self._idle: list[Deferred[None]] = []
        self._look = Deadline(clock, self._settled)
        self._stopped: list[Deferred[None]] = []

    # Idle.

    def idle(self) -> Deferred[None]:
        """
        @return: fires with C{None} when nothing that counts is open or pending, or
            when all has stopped
        """
        if self.state == "stopped":
            return succeed(None)
        deferred: Deferred[None] = Deferred()
        self._idle.append(deferred)
        self.settle()
        return deferred

    @property
    def is_idle(self) -> bool:
        """Nothing that counts is open or pending now."""
        return self._bridge.quiet and not self._active

    def settle(self) -> None:
        """Something is over: look, on the next turn, whether all is."""
        if self._look.active or not self._idle or self.state != "running":
            # It is asked for already, or nobody is: counting would take longer.
            return
        if not self._active:
            self._look.start(0)

    @property
    def _active(self) -> int:
        if active := self._resources.active + self._bridge.pending:
            return active
        return sum(module.active for module in self._modules.values())

    def _settled(self) -> None:
        if self._bridge.quiet and not self._active:
            _fire(self._idle)
        else:
            # Answers wait still; or one of them has opened something.
            self.settle()

    # Stop.

    def stop(self) -> Deferred[None]:
        """
        Close everything: in good order for L{STOP_TIMEOUT}, then at once.  What is not
        gone L{ABORT_TIMEOUT} later is logged and given up.

        @return: fires with C{None} when nothing is left
        """
        if self.state == "stopped":
            return succeed(None)
        stopped: Deferred[None] = Deferred()
        self._stopped.append(stopped)
        if self.state == "running":
            self.state = "stopping"
            self._look.cancel()
            self._bridge.stop()
            # Lua may be what is asking: it returns first.
            self._clock.callLater(0, self._begin)
        return stopped

    def exit(self, code: int) -> None:
        """C{os.exit}: nothing of the script runs after it."""
        self.exited = True
        self.end(code)

    def end(self, code: int) -> None:
        """Stop, and tell the application with which code."""
        stopped = self.stop()
        if self._on_exit is not None:
            on_exit = self._on_exit
            stopped.addCallback(lambda _: on_exit(code))
            stopped.addErrback(self._failed, "on_exit")

    def _begin(self) -> None:
        closing = Deferred.fromCoroutine(self._close())
        closing.addErrback(self._failed, "stopping")
        closing.addCallback(lambda _: self._release())
        closing.addErrback(self._failed, "letting the Lua state go")
        closing.addCallback(lambda _: self._over())

    async def _close(self) -> None:
        self._resources.close()
        if not await self._empty_within(STOP_TIMEOUT):
            self._resources.abort()
            if not await self._empty_within(ABORT_TIMEOUT):
                self._resources.give_up()
        await DeferredList([self._stop(module) for module in self._modules.values()])

    async def _empty_within(self, seconds: float) -> bool:
        try:
            await self._resources.when_empty().addTimeout(seconds, self._clock)
        except DeferredTimeout:
            return False
        return True

    def _stop(self, module: IModule) -> Deferred[object]:
        stopped: Deferred[object] = maybeDeferred(module.stop)
        stopped.addTimeout(ABORT_TIMEOUT, self._clock)
        return stopped.addErrback(self._failed, f"stopping {type(module).__name__}")

    def _failed(self, failure: Failure, what: str) -> None:
        """A bug in one thing must not keep the others."""
        self.log.failure("{what} failed", failure, what=what)

    def _over(self) -> None:
        self.state = "stopped"
        _fire(self._idle)
        _fire(self._stopped)


def _fire(waiting: list[Deferred[None]]) -> None:
    """Fire all that wait; who begins to wait meanwhile waits on."""
    fired = waiting[:]
    waiting.clear()
    for deferred in fired:
        deferred.callback(None)
