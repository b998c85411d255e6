"""What those see who look at a runtime."""

from __future__ import annotations

from eplua_twisted import RuntimeStopped
from eplua_twisted.border.inspection import MOST, Task, Thing, Timer
from tests.support import LuaTestCase, for_each_lua


class InspectionTests(LuaTestCase):
    def test_open(self) -> None:
        self.run_lua(
            "u = net.UDPSocket() u:bind('127.0.0.1', 5) s = net.TCPServer()"
            " s:start('127.0.0.1', 80, print) gone = net.UDPSocket() gone:close()"
        )
        self.turn(3)
        found = self.runtime.inspect().open
        self.assertEqual(
            [(each.kind, each.description) for each in found],
            [
                ("UDPSocket", "127.0.0.1:5 (bound)"),
                ("TCPServer", "127.0.0.1:80 (running)"),
            ],
        )
        self.assertTrue(isinstance(found[0], Thing))

    def test_tasks(self) -> None:
        """With the script's own line where each waits, however deep the library is."""
        self.run_lua(
            "local function wait()\n  task.sleep(50)\nend\n"
            "task.start(function()\n  wait()\nend)\n"
            "s = net.UDPSocket() task.start(function()\n\n  s:receive() end)\n"
            "q = task.queue() task.start(q.get, q)\n"
            "task.start(function() task.sleep(0) end)"
        )
        self.turn(3)
        self.assertEqual(
            self.runtime.inspect().tasks,
            [
                # Nothing of the script's is in it.
                Task("test.lua:10", ""),
                Task("test.lua:4", "test.lua:2"),
                Task("test.lua:7", "test.lua:9"),
            ],
        )

    def test_a_script_that_waits_in_the_middle(self) -> None:
        """As scripts of Home Center 3 do, outside of any task."""
        runtime = self.make_runtime(hc3=True)
        runtime.run_string(
            "--%%name=App\nfunction QuickApp:onInit()\n  fibaro.sleep(3000)\nend",
            "@test.lua",
        )
        self.reactor.pump([0.1] * 20)
        (held,) = runtime.inspect().tasks
        self.assertEqual((held.started, held.at), ("the script itself", "test.lua:3"))
        self.assertEqual(runtime.stats().tasks, 0)
        self.reactor.pump([0.5] * 20)
        self.assertEqual(runtime.inspect().tasks, [])

    def test_timers(self) -> None:
        self.run_lua(
            "setTimeout(function() end, 5)\nsetInterval(print, 70)\n"
            "setTimeout(print, 5, 'x') task.start(task.sleep, 9)\n"
            "net.UDPSocket({timeout = 5}):receive({error = print})"
        )
        found = self.runtime.inspect().timers
        self.assertEqual(
            [(each.kind, each.place, each.period) for each in found],
            [
                ("setTimeout", "test.lua:1", None),
                ("setInterval", "test.lua:2", 70),
                ("setTimeout", "", None),
                ("task.sleep", "", None),
                ("timeout", "", None),
            ],
        )
        self.assertTrue(isinstance(found[0], Timer))

    def test_bounded(self) -> None:
        self.run_lua(
            "for i = 1, 1000 do setTimeout(print, 5) task.start(task.sleep, 9) end"
        )
        found = self.runtime.inspect()
        self.assertEqual((len(found.timers), len(found.tasks)), (MOST, MOST))
        self.assertEqual(self.runtime.stats().timers, 2000)

    def test_whatever_the_script_has_replaced(self) -> None:
        self.run_lua(
            "u = net.UDPSocket() u:bind('127.0.0.1', 5) for name in pairs(string) do string[name] = error end"
            " tostring, next, pairs = error, error, error"
        )
        self.assertEqual(
            [each.kind for each in self.runtime.inspect().open], ["UDPSocket"]
        )

    def test_is_no_callback(self) -> None:
        self.run_lua("setTimeout(print, 5)")
        before = self.runtime.stats().callbacks
        self.runtime.inspect()
        self.assertEqual(self.runtime.stats().callbacks, before)

    def test_while_the_script_runs(self) -> None:
        self.runtime.expose("look", lambda: len(self.runtime.inspect().open))
        self.run_lua("print(pcall(look))")
        said = b"false\ttest.lua:1: the script is running: it cannot be looked at now"
        self.assertEqual(self.lines, [said])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_after_the_end(self) -> None:
        stopped = self.runtime.stop()
        self.turn(2)
        self.successResultOf(stopped)
        self.assertRaises(RuntimeStopped, self.runtime.inspect)


class SlowTests(LuaTestCase):
    def test_kept(self) -> None:
        """The last ones, with their places."""
        self.run_lua(
            "function f(s) local t = os.clock() while os.clock() < t + s do end end"
        )
        self.run_lua("\nsetTimeout(function() f(0.26) end, 1)")
        self.reactor.advance(1)
        (slow,) = self.runtime.inspect().slow
        self.assertEqual(slow.place, "test.lua:2")
        self.assertTrue(slow.milliseconds >= 260, slow)


globals().update(for_each_lua(InspectionTests))
