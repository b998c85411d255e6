"""Test cases that run scripts: in memory, and on the real reactor."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from eplua_twisted import Runtime
from eplua_twisted.border import entries
from tests.memory import MemoryReactor

LUA_VERSIONS = ("5.3", "5.4", "5.5", "luajit")


SLOW = "nothing else ran meanwhile"
"""How the warning about a slow callback ends."""


class LuaTestCase(SynchronousTestCase):
    """
    Scripts on a reactor in memory, whose time the test moves.

    @ivar lines: what the scripts printed
    @ivar errors: errors of the scripts that nobody caught
    @ivar warnings: what the log says to those who wrote the script
    """

    lua = "5.4"

    def setUp(self) -> None:
        self.reactor = MemoryReactor()
        self.warnings: list[str] = []
        observer: Any = self._log
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
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

    def _log(self, event: LogEvent) -> None:
        text = event.get("text", SLOW)
        # A machine that has other things to do makes every script slow.
        if event.get("log_level") is LogLevel.warn and not text.endswith(SLOW):
            self.warnings.append(text)

    def assertWarned(self, *texts: str) -> None:
        """
        The log has these warnings and no others, since this was asked last; each
        names the script's file and line.
        """
        warnings, self.warnings = self.warnings, []
        self.assertEqual(len(warnings), len(texts), warnings)
        for warning, text in zip(warnings, texts, strict=True):
            self.assertIn(text, warning)
            self.assertRegex(warning, r"^test\.lua:\d+: ")

    def assertRaisedAtLine(self, code: str, *texts: str) -> None:
        """The last line of a piece of Lua raises an error with these texts in it."""
        code = code.rstrip()
        self.run_lua(f"print(pcall(function() {code}\nend))")
        said = self.lines.pop().decode("utf-8", "backslashreplace")
        line = code.count("\n") + 1
        self.assertTrue(said.startswith(f"false\ttest.lua:{line}: "), (code, said))
        for text in texts:
            self.assertIn(text, said, code)

    def press(self) -> None:
        """Have everything of the runtime stop reading, as a script that is behind does."""
        self.runtime._resources.pause(True)

    def release(self) -> None:
        """The script has caught up."""
        self.runtime._resources.pause(False)

    def tell_of_slow(self, seconds: float) -> None:
        """Callbacks that take longer are slow from now on."""
        self.patch(entries, "SLOW", seconds)
        self.runtime._bridge.long = seconds

    @property
    def alive(self) -> int:
        """How many open things keep the program alive."""
        return self.runtime._resources.active

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

    def listen(self, factory: Any) -> int:
        """
        A server of Twisted's that the test plays; it stops with the test.

        @return: its port
        """
        reactor: Any = real_reactor
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        number: int = port.getHost().port
        return number

    async def run_lua(self, code: str, *arguments: str) -> list[bytes]:
        """
        Run a chunk called C{test.lua} until nothing is open or pending.

        @return: what was printed
        """
        await self.runtime.run_string(code, "@test.lua", *arguments)
        await self.runtime.idle()
        return self.lines
