"""Tasks: waiting instead of callbacks."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from eplua_twisted import OperationError
from tests.support import LuaTestCase, for_each_lua


class TaskTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.asked: list[Deferred[Any]] = []
        self.runtime.expose("ask", self.ask)

    def ask(self) -> Deferred[Any]:
        """An operation that the test answers."""
        self.asked.append(Deferred())
        return self.asked[-1]

    def test_start_runs_at_once(self) -> None:
        """Up to its first wait, with its arguments."""
        self.run_lua(
            "task.start(function(...) print('in', ...) ask() print('woken') end, 1, nil) print('out')"
        )
        self.assertEqual(self.lines, [b"in\t1\tnil", b"out"])
        self.asked[0].callback(None)
        self.assertEqual(self.lines[2:], [b"woken"])

    def test_results(self) -> None:
        """What success would get, or true where that is nothing."""
        self.run_lua("task.start(function() print(ask()) print(ask()) end)")
        self.asked[0].callback((1, "two", None))
        self.asked[1].callback(())
        self.assertEqual(self.lines, [b"1\ttwo\tnil", b"true"])

    def test_error(self) -> None:
        self.run_lua("task.start(function() print(ask()) end)")
        self.asked[0].errback(OperationError("refused", "Connection refused"))
        self.assertEqual(self.lines, [b"nil\tConnection refused\trefused"])

    def test_sleep(self) -> None:
        self.run_lua(
            "task.start(function() print(task.sleep(10)) print(task.sleep('5')) end)"
        )
        self.reactor.advance(0.010)
        self.assertEqual(self.lines, [b"true"])
        self.reactor.advance(0.005)
        self.assertEqual(self.lines, [b"true", b"true"])

    def test_pcall(self) -> None:
        """pcall and xpcall around waits work."""
        self.run_lua(
            """
            task.start(function()
              print(pcall(function() local x = ask() error("after " .. x, 0) end))
              print(xpcall(function() return ask() end, debug.traceback))
            end)
            """
        )
        self.asked[0].callback("one")
        self.asked[1].callback("two")
        self.assertEqual(self.lines, [b"false\tafter one", b"true\ttwo"])

    def test_many(self) -> None:
        """Tasks wait independently of each other."""
        self.run_lua("for i = 1, 3 do task.start(function() print(i, ask()) end) end")
        for number in (1, 0, 2):
            self.asked[number].callback(number)
        self.assertEqual(self.lines, [b"2\t1", b"1\t0", b"3\t2"])

    def test_task_in_a_task(self) -> None:
        """The outer one goes on when the inner one waits, and waits for itself."""
        self.run_lua(
            """
            task.start(function()
              task.start(function() print("inner", ask()) end)
              print("outer", ask())
            end)
            """
        )
        self.asked[1].callback("b")
        self.asked[0].callback("a")
        self.assertEqual(self.lines, [b"outer\tb", b"inner\ta"])

    def test_only_tasks_wait(self) -> None:
        """Callbacks and plain coroutines do not, not even inside a task."""
        self.run_lua(
            """
            print(ask())
            setTimeout(function() print(ask()) end, 0)
            coroutine.wrap(function() print(ask()) end)()
            task.start(function()
              coroutine.wrap(function() print(ask()) end)()
              setTimeout(function() print("timer", ask()) end, 0)
              ask()
            end)
            """
        )
        self.turn()
        self.assertEqual(self.lines, [b"", b"", b"", b"", b"timer"])

    def test_generator_in_a_task(self) -> None:
        """Plain coroutines inside a task yield to the task as ever."""
        self.run_lua(
            """
            task.start(function()
              for x in coroutine.wrap(function() for i = 1, 2 do coroutine.yield(i) end end) do
                print(x, ask())
              end
            end)
            """
        )
        self.asked[0].callback("a")
        self.asked[1].callback("b")
        self.assertEqual(self.lines, [b"1\ta", b"2\tb"])

    def test_yield_gives_way(self) -> None:
        """A plain yield of a task lets whatever is due run, and goes on."""
        self.run_lua(
            "setTimeout(print, 0, 'due') task.start(function() coroutine.yield() print('on') end)"
        )
        self.turn(2)
        self.assertEqual(self.lines, [b"due", b"on"])

    def test_error_is_reported(self) -> None:
        """As a callback's: once, with the script's line and traceback."""
        self.run_lua(
            "task.start(function()\nask()\nlocal function f() error('bad') end f() end)"
        )
        self.asked[0].callback(None)
        self.assertEqual(len(self.errors), 1)
        self.assertTrue(self.errors[0].startswith("test.lua:3: bad\nstack traceback:"))
        self.assertNotIn("<eplua>", self.errors[0])

    def test_resumed_by_the_script(self) -> None:
        """A task that waits is resumed by its answer only."""
        self.run_lua(
            """
            local co
            task.start(function() co = coroutine.running() print(pcall(ask)) end)
            coroutine.resume(co, "forged")
            """
        )
        self.assertIn(b"false\t", self.lines[0])
        self.assertIn(b"resumed by its answer only", self.lines[0])
        self.asked[0].callback("late")
        self.assertEqual(len(self.lines), 1)

    def test_sleep_outside(self) -> None:
        self.run_lua("print(pcall(function() task.sleep(1) end))")
        self.assertEqual(
            self.lines,
            [b"false\ttest.lua:1: task.sleep: not in a task (see task.start)"],
        )

    def test_bad_arguments(self) -> None:
        self.run_lua(
            "print(pcall(task.start, 5)) task.start(function() print(pcall(task.sleep, 0/0)) end)"
        )
        self.assertIn(
            b"#1 to 'task.start' (function: function expected, got 5)", self.lines[0]
        )
        self.assertIn(b"#1 to 'task.sleep'", self.lines[1])

    def test_cannot_wait_here(self) -> None:
        """Inside a C function that cannot be left the wait is refused, not lost."""
        self.run_lua(
            """
            task.start(function()
              print(pcall(table.sort, {1, 2}, function() ask() return true end))
            end)
            """
        )
        self.assertEqual(len(self.lines), 1)
        self.assertTrue(self.lines[0].startswith(b"false\t"), self.lines)

    def test_tostring(self) -> None:
        self.run_lua("t = task.start(ask) print(t)")
        self.asked[0].callback(1)
        self.run_lua("print(t)")
        self.assertEqual(self.lines, [b"task: running", b"task: done"])

    def test_thousands(self) -> None:
        """Finished tasks leave nothing behind."""
        self.run_lua(
            "for i = 1, 2000 do task.start(function() task.sleep(0) count = (count or 0) + 1 end) end"
        )
        self.turn(12)
        self.run_lua("print(count)")
        self.assertEqual(self.lines, [b"2000"])


globals().update(for_each_lua(TaskTests))
