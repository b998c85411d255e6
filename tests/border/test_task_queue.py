"""task.queue: how producers and consumers of a script meet."""

from __future__ import annotations

from tests.support import LuaTestCase, for_each_lua


class TaskQueueTests(LuaTestCase):
    def test_in_order(self) -> None:
        """What is put is got, by whoever waits longest."""
        self.run_lua(
            """
            local q = task.queue()
            for i = 1, 2 do
              task.start(function() for _ = 1, 3 do print(i, q:get()) end end)
            end
            for i = 1, 6 do print(q:put(i)) end
            print("returned", #q)
            """
        )
        self.assertEqual(
            self.lines,
            [b"true"] * 6
            + [b"returned\t6", b"1\t1", b"2\t2", b"1\t3", b"2\t4", b"1\t5", b"2\t6"],
        )

    def test_put_waits_while_it_is_full(self) -> None:
        self.run_lua(
            """
            q = task.queue(2)
            task.start(function()
              for i = 1, 4 do print("put", i, q:put(i)) end
            end)
            """
        )
        self.assertEqual(self.lines, [b"put\t1\ttrue", b"put\t2\ttrue"])
        self.lines.clear()
        self.run_lua("task.start(function() print(q:get(), #q) end)")
        self.assertEqual(self.lines, [b"1\t1", b"put\t3\ttrue"])
        self.lines.clear()
        self.run_lua(
            "task.start(function() print(q:get(), q:get()) print(q:get()) end)"
        )
        self.assertEqual(self.lines, [b"2\t3", b"put\t4\ttrue", b"4"])

    def test_any_value_but_nil(self) -> None:
        """It comes out as it went in; false too."""
        self.run_lua(
            """
            local q, t = task.queue(), {}
            q:put(false) q:put(t)
            task.start(function() print(q:get(), q:get() == t) end)
            """
        )
        self.assertEqual(self.lines, [b"false\ttrue"])
        self.assertRaisedAtLine("task.queue():put(nil)", "anything but nil expected")

    def test_callbacks(self) -> None:
        """They are called later, in order, beside tasks that wait."""
        self.run_lua(
            """
            local q = task.queue(1)
            q:get({success = function(x) print("got", x) end})
            task.start(function() print("task", q:get()) end)
            q:get({success = function(x) print("got", x) end})
            for i = 1, 3 do
              q:put(i, {success = function(...) print("put", i, ...) end})
            end
            print("returned")
            """
        )
        self.assertEqual(
            self.lines,
            [
                b"returned",
                b"put\t1",
                b"got\t1",
                b"put\t2",
                b"task\t2",
                b"put\t3",
                b"got\t3",
            ],
        )

    def test_close(self) -> None:
        """Both sides end with closed; what is in the queue is not lost."""
        self.run_lua(
            """
            local q = task.queue(1)
            q:put("kept")
            task.start(function() print("put", q:put(2)) end)
            q:put(3, {error = function(...) print("error", ...) end})
            q:put(4)
            q:close() q:close()
            print(q, #q)
            task.start(function() print(q:get()) print(q:get()) print(q:put(5)) end)
            q:get({error = function(...) print("get", ...) end})
            """
        )
        self.assertEqual(
            self.lines,
            [
                b"TaskQueue: 1 of 1 (closed)\t1",
                b"kept",
                b"nil\tOperation canceled\tclosed",
                b"put\tnil\tOperation canceled\tclosed",
                b"error\tOperation canceled\tclosed",
                b"nil\tOperation canceled\tclosed",
                b"get\tOperation canceled\tclosed",
            ],
        )
        self.assertEqual(self.warnings, [])

    def test_close_wakes_consumers(self) -> None:
        self.run_lua(
            """
            local q = task.queue()
            for i = 1, 2 do task.start(function() print(i, q:get()) end) end
            q:close()
            """
        )
        self.assertEqual(
            self.lines,
            [b"%d\tnil\tOperation canceled\tclosed" % number for number in (1, 2)],
        )

    def test_cancelled(self) -> None:
        """A task that was cancelled takes no value with it, and leaves none."""
        self.run_lua(
            """
            local q = task.queue(1)
            local lost = task.start(function() q:get() print("never") end)
            task.start(function() print("next", q:get()) end)
            q:put(1)
            lost:cancel()
            local full = task.queue(1)
            full:put("a")
            task.start(function() full:put("never") end):cancel()
            task.start(function() full:put("b") end)
            task.start(function() print(full:get(), full:get()) end)
            """
        )
        self.assertEqual(self.lines, [b"next\t1", b"a\tb"])

    def test_count(self) -> None:
        """# and count say how many values wait, on each Lua."""
        self.run_lua(
            "q = task.queue() print(#q, q:count(), q) q:put(1) q:put(2) print(#q, q:count(), q)"
        )
        self.assertEqual(
            self.lines,
            [b"0\t0\tTaskQueue: 0 of 64", b"2\t2\tTaskQueue: 2 of 64"],
        )

    def test_outside_of_tasks(self) -> None:
        """What is there is taken; nothing is taken for nobody."""
        self.run_lua(
            """
            q = task.queue()
            q:put(1)
            print(q:get())
            print(q:get())
            q:put(2)
            task.start(function() print(q:get()) end)
            """
        )
        self.assertEqual(self.lines, [b"1", b"", b"2"])
        self.assertWarned("the answer of 'get' is lost")

    def test_bound(self) -> None:
        """Callbacks that wait have a bound, which is told; tasks are bound by memory."""
        self.run_lua(
            """
            local q, told = task.queue(1), 0
            for i = 1, 1003 do
              q:put(i, {error = function(message, code) told = told + 1 print(message, code) end})
            end
            local other = task.queue(1)
            for i = 1, 2000 do task.start(function() other:put(i) end) end
            task.start(function()
              local sum = 0
              for i = 1, 2000 do sum = sum + other:get() end
              print(sum)
            end)
            """
        )
        self.turn(20)
        told = b"1000 puts wait already at a queue (option size: 1)\tlimit"
        self.assertEqual(sorted(self.lines), [told] * 3 + [b"2001000"])

    def test_unheard_limit(self) -> None:
        """Without an error callback the script is warned at its line."""
        self.run_lua("local q = task.queue(1)\nfor i = 1, 1002 do\nq:put(i) end")
        self.assertWarned("1000 puts wait already")

    def test_bad_arguments(self) -> None:
        self.assertRaisedAtLine("task.queue(0)", "#1 to 'task.queue'", "size")
        self.assertRaisedAtLine("task.queue('many')", "#1 to 'task.queue'")
        self.assertRaisedAtLine("task.queue().put(1)", "call it with a colon")
        self.assertRaisedAtLine("task.queue():get(5)", "callbacks: table expected")

    def test_cannot_wait_here(self) -> None:
        """Inside a function of C the wait is refused, and takes no value later."""
        self.run_lua(
            """
            local q = task.queue()
            task.start(function()
              print((pcall(table.sort, {1, 2}, function() q:get() return true end)))
            end)
            q:put("x")
            print(#q)
            """
        )
        self.assertEqual(self.lines, [b"false", b"1"])


globals().update(for_each_lua(TaskQueueTests))
