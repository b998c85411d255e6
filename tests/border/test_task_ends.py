"""Tasks: waiting for them, cancelling them."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from eplua_twisted import OperationError
from tests.support import LuaTestCase, for_each_lua


class AskedTestCase(LuaTestCase):
    """
    @ivar asked: what scripts wait for, by C{ask()}
    @ivar dropped: which of these were cancelled
    """

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[Deferred[Any]] = []
        self.dropped: list[Deferred[Any]] = []
        self.runtime.expose("ask", self.ask)

    def ask(self) -> Deferred[Any]:
        self.asked.append(Deferred(self.dropped.append))
        return self.asked[-1]


class WaitTests(AskedTestCase):
    def test_results(self) -> None:
        """They are what the function returned, or true; again and again."""
        self.run_lua(
            """
            local t = task.start(function() return 1, nil, ask() end)
            local u = task.start(function() end)
            task.start(function() print(t:wait()) print(t:wait()) print(u:wait()) end)
            """
        )
        self.assertEqual(self.lines, [])
        self.asked[0].callback("x")
        self.assertEqual(self.lines, [b"1\tnil\tx", b"1\tnil\tx", b"true"])

    def test_several(self) -> None:
        """Any number of tasks may wait for one."""
        self.run_lua(
            """
            local t = task.start(function() return ask() end)
            for i = 1, 3 do task.start(function() print(i, t:wait()) end) end
            """
        )
        self.asked[0].callback("x")
        self.assertEqual(self.lines, [b"1\tx", b"2\tx", b"3\tx"])

    def test_error(self) -> None:
        """Who waits gets the error, and then it is not reported."""
        self.run_lua(
            """
            local t = task.start(function() ask() error("bad") end)
            task.start(function() print(t:wait()) print(t) end)
            """
        )
        self.asked[0].callback(None)
        self.assertEqual(self.lines, [b"nil\ttest.lua:2: bad\terror", b"task: failed"])
        self.assertEqual(self.errors, [])

    def test_error_at_once(self) -> None:
        """Whoever has started it may still wait for it."""
        self.run_lua(
            """
            task.start(function()
              local t = task.start(function() error("bad", 0) end)
              print(t:wait())
            end)
            """
        )
        self.assertEqual((self.lines, self.errors), ([b"nil\tbad\terror"], []))

    def test_error_of_nobody(self) -> None:
        """It is reported with the place where the task was started."""
        self.run_lua("\ntask.start(function() error('bad') end)")
        self.run_lua("\n\ntask.start(function()\nask() error({code = 5}) end)")
        self.asked[0].callback(None)
        first, second = self.errors
        self.assertTrue(first.startswith("test.lua:2: bad\n"), first)
        self.assertTrue(first.endswith("\n\tin a task started at test.lua:2"), first)
        self.assertTrue(second.startswith("{code = 5}\n"), second)
        self.assertTrue(second.endswith("\n\tin a task started at test.lua:3"), second)

    def test_error_before_exit(self) -> None:
        """It is reported even when the script ends at once."""
        self.run_lua("task.start(function() error('bad', 0) end)")
        self.runtime.run_string(
            "task.start(function() error('worse', 0) end) os.exit(0)"
        ).addErrback(lambda _: None)
        self.assertEqual(
            [text.split("\n")[0] for text in self.errors], ["bad", "worse"]
        )

    def test_timeout(self) -> None:
        """The task goes on, and can be waited for again."""
        self.run_lua(
            """
            local t = task.start(function() return ask() end)
            task.start(function() print(t:wait(10)) print(t:wait(10)) print(t:wait(0)) end)
            """
        )
        self.reactor.advance(0.010)
        self.assertEqual(self.lines, [b"nil\tOperation canceled\ttimeout"])
        self.asked[0].callback("x")
        self.assertEqual(self.lines[1:], [b"x", b"x"])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_itself(self) -> None:
        self.assertRaisedAtLine(
            "local problem\n"
            "task.start(function() local _ _, problem = pcall(function()\n"
            "task.current():wait() end) end) error(problem, 0)",
            "a task cannot wait for itself",
        )

    def test_outside(self) -> None:
        self.assertRaisedAtLine("task.start(ask):wait()", "wait: not in a task")
        self.assertRaisedAtLine("task.start(ask).wait()", "call it with a colon")
        self.assertRaisedAtLine(
            "local t, problem = task.start(ask)\n"
            "task.start(function() local _ _, problem = pcall(function()\n"
            "t:wait('soon') end) end) error(problem, 0)",
            "bad argument #1 to 'wait'",
        )

    def test_long_chains(self) -> None:
        """A thousand tasks may wait for each other in a row, and end in a row."""
        self.run_lua(
            """
            local last = task.start(function() return ask() end)
            for i = 1, 1000 do
              local before = last
              last = task.start(function() return before:wait() end)
            end
            task.start(function() print(last:wait()) end)
            """
        )
        self.asked[0].callback("x")
        self.turn(10)
        self.assertEqual(self.lines, [b"x"])

    def test_current(self) -> None:
        """It is the task itself, and nil where nothing waits."""
        self.run_lua(
            """
            local t
            t = task.start(function()
              ask() print(task.current() == t)
              coroutine.wrap(function() print(task.current()) end)()
            end)
            print(task.current())
            setTimeout(function() print(task.current()) end, 0)
            """
        )
        self.asked[0].callback(None)
        self.turn()
        self.assertEqual(self.lines, [b"nil", b"true", b"nil", b"nil"])

    def test_never_referenced(self) -> None:
        """A task that waits goes on, whoever has forgotten it."""
        self.run_lua(
            """
            for i = 1, 3 do
              task.start(function() print(i, ask()) task.sleep(5) print(i, "slept") end)
            end
            collectgarbage() collectgarbage()
            """
        )
        for deferred in self.asked:
            deferred.callback("x")
        self.run_lua("collectgarbage()")
        self.reactor.advance(0.005)
        self.assertEqual(len(self.lines), 6, self.lines)

    def test_collected(self) -> None:
        """Tasks that can never go on leave nothing behind."""
        self.run_lua(
            """
            local gone = setmetatable({}, {__mode = "k"})
            for i = 1, 100 do
              local value = {}
              gone[value] = true
              local t
              t = task.start(function()
                local other = task.start(function() task.sleep(5) task.current().t = t end)
                other:wait()
                task.queue():get()
                value = nil
              end)
            end
            value, t = nil, nil
            function count()
              collectgarbage() collectgarbage()
              local n = 0
              for _ in pairs(gone) do n = n + 1 end
              return n
            end
            print(count() > 0)
            """
        )
        self.reactor.advance(0.005)
        self.turn(3)
        # What the stacks of the last ones still show is no leak.
        self.run_lua("for i = 1, 3 do task.start(ask) end print(count() < 5)")
        self.assertEqual((self.lines, self.errors), ([b"true", b"true"], []))


class CancelTests(AskedTestCase):
    def test_raises_where_it_waits(self) -> None:
        """When the script has returned; and what it waits for is cancelled at once."""
        self.run_lua(
            """
            local t = task.start(function()
              local good, problem = pcall(ask)
              print(good, problem, task.isCancelled(problem))
            end)
            t:cancel()
            print("returned")
            """
        )
        self.assertEqual(self.dropped, self.asked)
        self.assertEqual(self.lines, [b"returned", b"false\ttask cancelled\ttrue"])

    def test_silent(self) -> None:
        """To be cancelled is no error; who waits for it is told."""
        self.run_lua(
            """
            t = task.start(function() ask() print("never") end)
            task.start(function() print(t:wait()) print(t) end)
            t:cancel()
            t:cancel()
            """
        )
        self.assertEqual(self.errors, [])
        self.assertEqual(
            self.lines,
            [b"nil\tOperation canceled\tclosed", b"task: cancelled"],
        )
        self.run_lua("t:cancel() task.start(function() print(t:wait()) end)")
        self.assertEqual(self.lines[2:], [b"nil\tOperation canceled\tclosed"])

    def test_each_later_wait(self) -> None:
        """It raises again, and nothing is left of what was asked for."""
        self.run_lua(
            """
            local t = task.start(function()
              for i = 1, 3 do print(pcall(ask)) end
              print(pcall(task.sleep, 5))
              return "cleaned"
            end)
            task.start(function() print(t:wait()) end)
            t:cancel()
            """
        )
        self.assertEqual(self.dropped, self.asked)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.lines, [b"false\ttask cancelled"] * 4 + [b"cleaned"])

    def test_endless_cleanup(self) -> None:
        """A task that catches the cancel value for ever is left where it is."""
        self.run_lua(
            """
            count = 0
            local t = task.start(function()
              while true do pcall(ask) count = count + 1 end
            end)
            task.start(function() print(t:wait()) end)
            t:cancel()
            """
        )
        self.run_lua("print(count)")
        self.assertEqual(self.lines, [b"nil\tOperation canceled\tclosed", b"100"])
        self.assertIn("goes on waiting", self.errors[0])
        self.assertIn("in a task started at test.lua:3", self.errors[0])

    def test_error_in_cleanup(self) -> None:
        """Another error than the cancel value is one."""
        self.run_lua("task.start(function() pcall(ask) error('bad', 0) end):cancel()")
        self.assertEqual([text.split("\n")[0] for text in self.errors], ["bad"])

    def test_itself(self) -> None:
        """It ends at its next wait."""
        self.run_lua(
            """
            task.start(function()
              task.current():cancel()
              print("goes on")
              print(pcall(ask))
              ask()
              print("never")
            end)
            """
        )
        self.assertEqual(self.dropped, self.asked)
        self.assertEqual(
            (self.lines, self.errors), ([b"goes on", b"false\ttask cancelled"], [])
        )

    def test_finished(self) -> None:
        """Nothing happens, and the results stay."""
        self.run_lua(
            """
            local t = task.start(function() return 5 end)
            t:cancel()
            task.start(function() print(t:wait()) end)
            """
        )
        self.assertEqual((self.lines, self.errors), ([b"5"], []))

    def test_by_what_it_started(self) -> None:
        """A task that has started another is at no wait: its next one raises."""
        self.run_lua(
            """
            task.start(function()
              local outer = task.current()
              task.start(function() outer:cancel() end)
              print("goes on")
              task.sleep(5)
              print("never")
            end)
            """
        )
        self.assertEqual((self.lines, self.errors), ([b"goes on"], []))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_sleep(self) -> None:
        """Its timer goes."""
        self.run_lua("task.start(function() task.sleep(5000) end):cancel()")
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_yield(self) -> None:
        """A plain yield is a wait too."""
        self.run_lua(
            """
            local t = task.start(function()
              while true do coroutine.yield() end
            end)
            setTimeout(function() t:cancel() end, 5)
            """
        )
        self.turn(3)
        self.reactor.advance(0.005)
        self.turn(3)
        self.assertEqual((self.errors, self.reactor.getDelayedCalls()), ([], []))

    def test_waiting_for_a_task(self) -> None:
        """The other task goes on."""
        self.run_lua(
            """
            local other = task.start(function() print("other", ask()) end)
            task.start(function() other:wait(1000) end):cancel()
            """
        )
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.asked[0].callback("x")
        self.assertEqual((self.lines, self.errors), ([b"other\tx"], []))

    def test_answered_meanwhile(self) -> None:
        """An answer that comes with the cancelling does not resume it twice."""
        self.run_lua(
            """
            local t = task.start(function() print(pcall(same, 1)) print(pcall(ask)) end)
            cancel = function() t:cancel() end
            """.replace("same, 1", "ask")
        )
        self.runtime.expose("answer", lambda: self.asked[0].callback("x"))
        self.run_lua("answer() cancel()")
        self.assertEqual(self.lines, [b"false\ttask cancelled"] * 2)

    def test_coroutines_in_between(self) -> None:
        """The cancel value goes up through iterators and handlers as any error."""
        self.run_lua(
            """
            task.start(function()
              print(pcall(function()
                for x in function() return ask() end do print(x) end
              end))
              print(select("#", xpcall(ask, function(problem) return problem end)))
              local meta = setmetatable({}, {__index = function() return ask() end})
              print(pcall(function() return meta.x end))
            end):cancel()
            """
        )
        self.assertEqual(
            self.lines,
            [b"false\ttask cancelled", b"2", b"false\ttask cancelled"],
        )

    def test_the_value_is_ours(self) -> None:
        """A script cannot write in it, or pretend that a task was cancelled."""
        self.run_lua(
            """
            local value
            task.start(function()
              local _
              _, value = pcall(ask)
            end):cancel()
            setTimeout(function()
              value.x = 5
              print(value.x, getmetatable(value), task.isCancelled("task cancelled"))
              task.start(function() error(value) end)
            end, 0)
            """
        )
        self.turn()
        self.assertEqual(self.lines, [b"nil\tcancelled\tfalse"])
        self.assertEqual(
            [text.split("\n")[0] for text in self.errors], ["task cancelled"]
        )

    def test_many(self) -> None:
        """Thousands are cancelled at once, whatever depth they call each other at."""
        self.run_lua(
            """
            local before
            for i = 1, 3000 do
              local last = before
              before = task.start(function()
                local good, problem = pcall(task.sleep, 1000)
                if last then last:cancel() end
                error(problem, 0)
              end)
            end
            before:cancel()
            """
        )
        self.turn(30)
        self.assertEqual((self.errors, self.reactor.getDelayedCalls()), ([], []))

    def test_of_the_application(self) -> None:
        """A Deferred that fails with what it was cancelled with is no bug to report."""
        self.run_lua("task.start(ask):cancel()")
        self.assertTrue(self.asked[0].called)
        self.assertEqual(self.flushLoggedErrors(CancelledError), [])

    def test_stop_with_tasks(self) -> None:
        """A runtime that stops runs nothing of them."""
        self.run_lua(
            """
            for i = 1, 10 do
              task.start(function() pcall(ask) print("never") end)
              task.start(function() pcall(task.sleep, 5) print("never") end)
            end
            """
        )
        self.stop(self.runtime)
        self.assertEqual((self.lines, self.errors), ([], []))


class GroupTests(AskedTestCase):
    def test_all(self) -> None:
        """The first result of each, in the order of the functions."""
        self.run_lua(
            """
            task.start(function()
              print(task.all(ask, function() return 2, 3 end, function() end, ask))
              print(select("#", task.all()))
            end)
            """
        )
        self.asked[1].callback("b")
        self.assertEqual(self.lines, [])
        self.asked[0].callback("a")
        self.assertEqual(self.lines, [b"a\t2\tnil\tb", b"0"])

    def test_all_with_an_error(self) -> None:
        """The others are cancelled, and the error is raised where all is waited for."""
        self.run_lua(
            """
            local problem = {}
            task.start(function()
              local good, got = pcall(task.all, ask, function() ask() error(problem) end, ask)
              print(good, got == problem)
            end)
            """
        )
        self.asked[1].callback(None)
        self.assertEqual(self.dropped, [self.asked[0], self.asked[2]])
        self.assertEqual((self.lines, self.errors), ([b"false\ttrue"], []))

    def test_all_with_an_error_at_once(self) -> None:
        """What would come after it is not started."""
        self.run_lua(
            """
            task.start(function()
              print(pcall(task.all, ask, function() error("bad", 0) end, print))
            end)
            """
        )
        self.assertEqual(self.dropped, self.asked)
        self.assertEqual((self.lines, self.errors), ([b"false\tbad"], []))

    def test_error_that_nobody_catches(self) -> None:
        """It is reported once, as that of the task that waits for all."""
        self.run_lua("task.start(task.all, ask, function() error('bad', 0) end)")
        self.assertEqual([text.split("\n")[0] for text in self.errors], ["bad"])

    def test_any(self) -> None:
        """The results of the first; the others are cancelled before it goes on."""
        self.run_lua(
            """
            task.start(function()
              print(task.any(
                function() print("loser", pcall(ask)) end,
                function() return ask(), 2 end))
            end)
            """
        )
        self.asked[1].callback("b")
        self.assertEqual(self.dropped, [self.asked[0]])
        self.assertEqual(self.lines, [b"loser\tfalse\ttask cancelled", b"b\t2"])

    def test_any_with_a_time_limit(self) -> None:
        """Waiting for the first of an answer and a time."""
        self.run_lua(
            """
            task.start(function()
              print(task.any(ask, function() task.sleep(10) return "late" end))
            end)
            """
        )
        self.reactor.advance(0.010)
        self.assertEqual(self.lines, [b"late"])
        self.assertEqual(self.dropped, self.asked)

    def test_any_with_an_error(self) -> None:
        self.run_lua(
            """
            task.start(function()
              print(pcall(task.any, ask, function() ask() error("bad", 0) end))
            end)
            """
        )
        self.asked[1].errback(OperationError("eof", "End of file"))
        self.assertEqual((self.lines, self.errors), ([b"false\tbad"], []))

    def test_losers_that_raise(self) -> None:
        """Their errors are nobody's, and reported."""
        self.run_lua(
            "task.start(task.any, function() pcall(ask) error('bad', 0) end, print)"
        )
        self.assertEqual([text.split("\n")[0] for text in self.errors], ["bad"])

    def test_cancelled(self) -> None:
        """All of them are."""
        self.run_lua(
            """
            local t = task.start(function()
              task.all(ask, function() task.any(ask, ask) end)
              print("never")
            end)
            t:cancel()
            """
        )
        self.turn()
        self.assertEqual(len(self.dropped), 3)
        self.assertEqual((self.lines, self.errors), ([], []))

    def test_cancelled_by_one_of_them(self) -> None:
        self.run_lua(
            """
            task.start(function()
              local outer = task.current()
              task.all(ask, function() outer:cancel() end)
              print("never")
            end)
            """
        )
        self.assertEqual(self.dropped, self.asked)
        self.assertEqual((self.lines, self.errors), ([], []))

    def test_bad_arguments(self) -> None:
        """Nothing is started then."""
        self.run_lua(
            """
            task.start(function()
              print(pcall(task.all, ask, 5))
              print(pcall(task.any))
            end)
            print(pcall(task.all, ask))
            print(pcall(task.all))
            """
        )
        self.assertEqual(self.asked, [])
        for line, text in zip(
            self.lines,
            (
                b"#2 to 'task.all'",
                b"#1 to 'task.any'",
                b"not in a task",
                b"not in a task",
            ),
            strict=True,
        ):
            self.assertIn(text, line)


for _case in (WaitTests, CancelTests, GroupTests):
    globals().update(for_each_lua(_case))
del _case
