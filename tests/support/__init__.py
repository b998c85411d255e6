"""What the tests share: runtimes in memory and on the real reactor, and real peers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet import error
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from eplua_twisted import Runtime

ROOT = Path(__file__).parent.parent.parent
ALL_BYTES = bytes(range(256))
LUA_VERSIONS = ("5.3", "5.4", "5.5", "luajit")


class MemoryReactor(MemoryReactorClock):
    """
    A reactor in memory that takes turns, as a real one does: what is scheduled
    during a turn for at once belongs to the next.  (C{Clock.advance} goes on until
    nothing is due, so it never returns from an interval of 0.)
    """

    def advance(self, amount: float) -> None:
        self.rightNow += amount
        for call in [each for each in self.calls if each.getTime() <= self.rightNow]:
            if call.active() and call.getTime() <= self.rightNow:
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)


class LuaTestCase(SynchronousTestCase):
    """
    Scripts on a reactor in memory, whose time the test moves.

    @ivar lines: what the scripts printed
    @ivar errors: errors of the scripts that nobody caught
    """

    lua = "5.4"

    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.lines: list[bytes] = []
        self.errors: list[str] = []
        self.runtime = self.make_runtime()

    def make_runtime(self, **options: Any) -> Runtime:
        """Another runtime on the same reactor; it is stopped with the test."""
        runtime = Runtime(
            self.reactor,
            **{
                "lua": self.lua,
                "output": self.lines.append,
                "on_error": self.errors.append,
                **options,
            },
        )
        self.addCleanup(self.stop, runtime)
        return runtime

    def stop(self, runtime: Runtime) -> None:
        """Stop a runtime and see that it leaves nothing on the clock."""
        stopped = runtime.stop()
        self.reactor.pump([0, 0, 6, 0])
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def run_lua(self, code: str | bytes, *arguments: str) -> None:
        """Run a chunk called C{test.lua} to its end; it must not fail."""
        self.successResultOf(self.runtime.run_string(code, "@test.lua", *arguments))

    def turn(self, turns: int = 1) -> None:
        """Let the reactor take turns, without time passing."""
        for _ in range(turns):
            self.reactor.advance(0)


def for_each_lua(case: type) -> dict[str, type]:
    """
    The same tests on each Lua version: C{globals().update(for_each_lua(Case))}.
    """
    return {
        f"{case.__name__}_{version.replace('.', '')}": type(
            f"{case.__name__}_{version.replace('.', '')}",
            (case,),
            {"lua": version, "__module__": case.__module__},
        )
        for version in LUA_VERSIONS
        if version != getattr(case, "lua", None)
    }


class LoopbackTestCase(TestCase):
    """
    Scripts on the real reactor.

    @ivar lines: what the scripts printed
    @ivar errors: errors of the scripts that nobody caught
    """

    lua = "5.4"
    timeout = 20

    def setUp(self) -> None:
        self.lines: list[bytes] = []
        self.errors: list[str] = []
        self._line_waiters: list[tuple[int, Deferred[None]]] = []
        self.runtime = self.make_runtime()

    def make_runtime(self, **options: Any) -> Runtime:
        """Another runtime; it is stopped with the test."""
        runtime = Runtime(
            real_reactor,
            **{
                "lua": self.lua,
                "output": self._print,
                "on_error": self.errors.append,
                **options,
            },
        )
        self.addCleanup(runtime.stop)
        return runtime

    def _print(self, line: bytes) -> None:
        self.lines.append(line)
        for waiter in list(self._line_waiters):
            if len(self.lines) >= waiter[0]:
                self._line_waiters.remove(waiter)
                waiter[1].callback(None)

    def line(self, number: int) -> Deferred[None]:
        """@return: fires when the scripts have printed so many lines"""
        waiter: Deferred[None] = Deferred()
        if len(self.lines) >= number:
            waiter.callback(None)
        else:
            self._line_waiters.append((number, waiter))
        return waiter

    async def run_lua(self, code: str, *arguments: str) -> list[bytes]:
        """
        Run a chunk called C{test.lua} until nothing is open or pending.

        @return: what was printed
        """
        await self.runtime.run_string(code, "@test.lua", *arguments)
        await self.runtime.idle()
        return self.lines


class Peer(ProcessProtocol):
    """
    A program that nobody here wrote, in its own process.

    @ivar output: what it wrote, both streams
    @ivar ended: fires with its exit code
    """

    def __init__(self) -> None:
        self.output = b""
        self.ended: Deferred[int | None] = Deferred()
        self._waiters: list[tuple[Callable[[bytes], bool], Deferred[bytes]]] = []
        self._over = False

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        self.output += data
        for waiter in list(self._waiters):
            if waiter[0](self.output):
                self._waiters.remove(waiter)
                waiter[1].callback(self.output)

    def says(self, text: bytes) -> Deferred[bytes]:
        """@return: fires with all output when the text is in it"""
        waiter: Deferred[bytes] = Deferred()
        if text in self.output:
            waiter.callback(self.output)
        elif self._over:
            waiter.errback(AssertionError(f"ended: {self.output!r}"))
        else:
            self._waiters.append((lambda output: text in output, waiter))
        return waiter

    def processEnded(self, reason: Any) -> None:
        self._over = True
        waiters, self._waiters = self._waiters, []
        for _, waiter in waiters:
            waiter.errback(AssertionError(f"ended: {self.output!r}"))
        self.ended.callback(reason.value.exitCode)

    def kill(self, signal: str = "KILL") -> Deferred[int | None]:
        """@return: fires when the process is gone"""
        with suppress(error.ProcessExitedAlready):
            self.transport.signalProcess(signal)
        return self.ended


def start(case: TestCase, *command: str, env: dict[str, str] | None = None) -> Peer:
    """Start a peer; it ends with the test."""
    peer = Peer()
    real_reactor.spawnProcess(
        peer, command[0], command, env={**os.environ, **(env or {})}, path=str(ROOT)
    )
    case.addCleanup(lambda: None if peer._over else peer.kill())
    return peer


def start_python(
    case: TestCase, code: str, *arguments: str, env: dict[str, str] | None = None
) -> Peer:
    """Start a Python program that uses somebody else's library."""
    return start(case, sys.executable, "-u", "-c", code, *arguments, env=env)
