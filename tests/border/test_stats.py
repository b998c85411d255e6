"""What a runtime says of itself, to its script and to the application."""

from __future__ import annotations

from dataclasses import fields

from eplua_twisted import Limits, RuntimeStopped, Stats
from eplua_twisted.api import read
from eplua_twisted.border.stats import lua_name
from tests.support import LuaTestCase, for_each_lua

BUSY = "local t = os.clock() while os.clock() < t + 0.01 do end"
"""Takes longer than anything else of a test, and is not slow."""


class StatsTests(LuaTestCase):
    def stat(self, name: str) -> str:
        """What the script finds there."""
        self.run_lua(f"print(eplua.stats().{name})")
        return self.lines.pop().decode()

    def test_names(self) -> None:
        """The same in Python, in Lua and in the definitions."""
        self.run_lua("for name in pairs(eplua.stats()) do print(name) end")
        names = [lua_name(each.name) for each in fields(Stats)]
        self.assertEqual(sorted(map(bytes.decode, self.lines)), sorted(names))
        self.assertEqual([*read().fields("eplua.Stats")], names)

    def test_what_is_open(self) -> None:
        self.run_lua("s = net.UDPSocket() s:bind('127.0.0.1', 0) setTimeout(print, 5)")
        self.assertEqual(self.runtime.stats().open, {"UDPSocket": 1, "Timer": 1})
        self.assertEqual(self.stat("open.UDPSocket"), "1")
        self.assertEqual(self.stat("UDPSocket"), "1")
        self.assertEqual(self.stat("TCPServer"), "nil")
        self.assertEqual(self.runtime.stats().timers, 1)

    def test_what_waits(self) -> None:
        """With callbacks, without an answer that is wanted, and in a task."""
        self.run_lua(
            "s = net.UDPSocket() s:receive({success = print}) s:receive({error = print})"
            " task.start(function() s:receive() end)"
            " task.start(function() task.sleep(1000) end)"
        )
        stats = self.runtime.stats()
        self.assertEqual((stats.waiting, stats.tasks), (3, 2))
        self.assertEqual(self.stat("waiting"), "3")
        self.run_lua("s:close()")
        stats = self.runtime.stats()
        self.assertEqual((stats.waiting, stats.tasks), (0, 1))

    def test_tasks_that_have_ended(self) -> None:
        self.run_lua(
            "task.start(print) a = task.start(task.sleep, 5) a:cancel()"
            " net.onError(function() return true end) task.start(error, 'x')"
        )
        self.turn(2)
        self.assertEqual(self.runtime.stats().tasks, 0)

    def test_callbacks(self) -> None:
        """To ask is none; the rate is over the time since it was last asked for."""
        before = self.runtime.stats()
        self.assertEqual(self.runtime.stats().callbacks, before.callbacks)
        self.run_lua("setInterval(function() end, 100)")
        self.reactor.pump([0.1] * 20)
        stats = self.runtime.stats()
        self.assertEqual(stats.callbacks - before.callbacks, 21)
        self.assertAlmostEqual(stats.callbacks_per_second, 10.5)
        self.reactor.pump([0.1] * 40)
        # Others may ask in between.
        for _ in range(3):
            self.assertAlmostEqual(self.runtime.stats().callbacks_per_second, 10)

    def test_longest_callback(self) -> None:
        self.run_lua(f"local a\nsetTimeout(function()\n{BUSY} end, 5)")
        self.reactor.advance(1)
        self.run_lua("setTimeout(function() end, 5)")
        self.reactor.advance(1)
        stats = self.runtime.stats()
        self.assertEqual(stats.longest_callback_at, "test.lua:2")
        self.assertTrue(stats.longest_callback >= 10, stats)
        self.assertEqual(self.stat("longestCallbackAt"), "test.lua:2")

    def test_longest_that_starts_a_task(self) -> None:
        """What a callback starts is a part of it."""
        self.run_lua(
            f"setTimeout(function()\n task.start(function() end)\n{BUSY} end, 5)"
        )
        self.reactor.advance(1)
        self.assertEqual(self.runtime.stats().longest_callback_at, "test.lua:1")

    def test_longest_in_a_task(self) -> None:
        """A task that goes on is named by where it was started."""
        self.run_lua(f"\ntask.start(function() task.sleep(5)\n{BUSY} end)")
        self.reactor.advance(1)
        self.assertEqual(self.runtime.stats().longest_callback_at, "test.lua:2")

    def test_longest_of_a_call(self) -> None:
        self.run_lua(f"\n\nfunction f()\n{BUSY} end")
        self.successResultOf(self.runtime.call("f"))
        self.assertEqual(self.runtime.stats().longest_callback_at, "test.lua:3")

    def test_queue(self) -> None:
        """Answers that are here while the script runs."""
        self.run_lua(
            "local s = net.UDPSocket() local f = {success = function() end}"
            " s:bind('127.0.0.1', 0, f)"
            " s:sendTo('a', '127.0.0.1', 9, f) print(eplua.stats().queue)"
        )
        self.assertEqual(self.lines, [b"2"])
        self.assertEqual(self.runtime.stats().queue, 0)

    def test_memory(self) -> None:
        before = self.runtime.stats().memory
        self.run_lua("list = {} for i = 1, 20000 do list[i] = {} end")
        self.assertTrue(self.runtime.stats().memory - before > 500_000)

    def test_asked_while_the_script_runs(self) -> None:
        self.runtime.expose("ask", lambda: self.runtime.stats().callbacks)
        self.run_lua("print(pcall(ask))")
        self.assertEqual(
            self.lines,
            [b"false\ttest.lua:1: the script is running: it has eplua.stats()"],
        )
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_asked_after_the_end(self) -> None:
        stopped = self.runtime.stop()
        self.turn(2)
        self.successResultOf(stopped)
        self.assertRaises(RuntimeStopped, self.runtime.stats)

    def test_without_memory(self) -> None:
        """A script that has taken all can still be looked at."""
        runtime = self.make_runtime(limits=Limits(max_memory=4 * 2**20))
        full = "keep = {} while pcall(function() keep[#keep + 1] = {} end) do end"
        # LuaJIT leaves no room for the end of it either.
        runtime.run_string(full, "@test.lua").addErrback(lambda _: None)
        self.assertTrue(runtime.stats().memory > 2 * 2**20)
        self.successResultOf(runtime.run_string("keep = nil"))


globals().update(for_each_lua(StatsTests))
