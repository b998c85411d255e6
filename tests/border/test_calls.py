"""Calls between an application and its scripts."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError

from eplua_twisted import OperationError, RuntimeStopped, ScriptError
from tests.support import LuaTestCase, for_each_lua


class CallTests(LuaTestCase):
    def test_results(self) -> None:
        self.run_lua("function sum(a, b) return a + b, {a, b} end")
        self.assertEqual(
            self.successResultOf(self.runtime.call("sum", 1, 2)), (3, [1, 2])
        )

    def test_error(self) -> None:
        self.run_lua("function bad() error('no') end")
        failure = self.failureResultOf(self.runtime.call("bad"), ScriptError)
        self.assertEqual(str(failure.value), "test.lua:1: no")

    def test_no_such_function(self) -> None:
        failure = self.failureResultOf(self.runtime.call("none"), ScriptError)
        self.assertIn("'none' is not a global function", str(failure.value))

    def test_from_within(self) -> None:
        """A call made while Lua runs comes after it."""
        done: list[Any] = []

        def application() -> None:
            self.runtime.call("later", "x").addCallback(done.append)

        self.runtime.expose("application", application)
        self.run_lua(
            "function later(x) print('later', x) end application() print('first')"
        )
        self.assertEqual(self.lines, [b"first", b"later\tx"])
        self.assertEqual(done, [()])


class CallThatWaitsTests(LuaTestCase):
    """The function runs as a task."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[Deferred[Any]] = []
        self.runtime.expose("ask", self.ask)

    def ask(self) -> Deferred[Any]:
        self.asked.append(Deferred())
        return self.asked[-1]

    def test_fires_when_it_is_done(self) -> None:
        self.run_lua("function f(x) return x, ask(), task.current() ~= nil end")
        called = self.runtime.call("f", 1)
        self.assertNoResult(called)
        self.asked[0].callback("x")
        self.assertEqual(self.successResultOf(called), (1, b"x", True))

    def test_fails_when_it_fails(self) -> None:
        self.run_lua("function f()\nask() error('no') end")
        called = self.runtime.call("f")
        self.asked[0].callback(None)
        problem = self.failureResultOf(called, ScriptError).value
        self.assertEqual(str(problem), "test.lua:2: no")
        self.assertIn("stack traceback:", problem.traceback)
        self.assertEqual(self.errors, [])

    def test_cancel(self) -> None:
        """To cancel the Deferred cancels the task."""
        self.run_lua("function f() print(pcall(ask)) end")
        called = self.runtime.call("f")
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.assertTrue(self.asked[0].called)
        self.assertEqual((self.lines, self.errors), ([b"false\ttask cancelled"], []))

    def test_error_after_cancel(self) -> None:
        """Nobody waits for it any more: it is reported."""
        self.run_lua("function f() pcall(ask) error('no', 0) end")
        called = self.runtime.call("f")
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.assertEqual([text.split("\n")[0] for text in self.errors], ["no"])

    def test_cancelled_by_the_script(self) -> None:
        self.run_lua("function f() task.current():cancel() ask() end")
        called = self.runtime.call("f")
        failure = self.failureResultOf(called, ScriptError)
        self.assertEqual(str(failure.value), "task cancelled")

    def test_keeps_the_program_alive(self) -> None:
        """A call that waits is pending; so is nothing when it is over."""
        self.run_lua("function f() task.queue():get() end")
        called = self.runtime.call("f")
        idle = self.runtime.idle()
        self.turn(3)
        self.assertNoResult(idle)
        called.cancel()
        self.failureResultOf(called, CancelledError)
        self.turn(3)
        self.successResultOf(idle)

    def test_stop(self) -> None:
        """Who waits for a call learns that there will be no answer."""
        self.run_lua("function f() pcall(ask) print('never') end")
        called = self.runtime.call("f")
        self.stop(self.runtime)
        self.failureResultOf(called, RuntimeStopped)
        self.assertEqual(self.lines, [])


class ExposeTests(LuaTestCase):
    def test_a_plain_result_returns_at_once(self) -> None:
        """A plain result returns at once; a tuple is several; text is UTF-8."""
        self.runtime.expose("f", lambda *values: (len(values), "ä", [1, {"k": b"v"}]))
        self.run_lua("local n, s, t = f(1, nil, 'x') print(n, s, t[1], t[2].k)")
        self.assertEqual(self.lines, ["3\tä\t1\tv".encode()])

    def test_arguments(self) -> None:
        seen: list[Any] = []
        self.runtime.expose("f", lambda *values: seen.append(values))
        self.run_lua("f('s', 1, 1.5, true, nil, {1, 2}, {a = {b = {}}})")
        self.assertEqual(seen, [(b"s", 1, 1.5, True, None, [1, 2], {b"a": {b"b": {}}})])

    def test_exception(self) -> None:
        """It becomes a Lua error with its text, at the script's line."""

        def f() -> None:
            raise ValueError("out of range")

        self.runtime.expose("f", f)
        self.run_lua("print(pcall(function()\nf() end))")
        self.assertEqual(self.lines, [b"false\ttest.lua:2: out of range"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_deferred_in_a_task(self) -> None:
        later: Deferred[Any] = Deferred()
        self.runtime.expose("f", lambda: later)
        self.run_lua("task.start(function() print(f()) end)")
        self.assertEqual(self.lines, [])
        later.callback(("a", [1]))
        self.assertTrue(self.lines[0].startswith(b"a\ttable"))

    def test_deferred_with_callbacks(self) -> None:
        self.runtime.expose("good", lambda x: succeed(x))
        self.runtime.expose("bad", lambda: fail(OperationError("refused", "Nope")))
        self.run_lua("good(5, {success = print}) bad({error = print}) print('called')")
        self.assertEqual(self.lines, [b"called", b"5", b"Nope\trefused"])

    def test_async_function(self) -> None:
        """A coroutine works as a Deferred does."""
        later: list[Deferred[int]] = []

        async def f(x: int) -> int:
            later.append(Deferred())
            return x + await later[-1]

        self.runtime.expose("f", f)
        self.run_lua("f(1, {success = print}) task.start(function() print(f(2)) end)")
        self.assertEqual(self.lines, [])
        for each in later:
            each.callback(10)
        self.assertEqual(self.lines, [b"11", b"12"])

    def test_async_function_raises(self) -> None:
        async def f() -> None:
            raise ValueError("broken")

        self.runtime.expose("f", f)
        self.run_lua("f({error = print}) task.start(function() print(f()) end)")
        self.assertEqual(self.lines, [b"broken\tinternal", b"nil\tbroken\tinternal"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_what_cannot_be_called(self) -> None:
        for value in (5, None, "print", [print]):
            problem = self.assertRaises(TypeError, self.runtime.expose, "f", value)
            self.assertIn("f: a ", str(problem))
        self.run_lua("print(f)")
        self.assertEqual(self.lines, [b"nil"])

    def test_traceback_is_logged(self) -> None:
        """Wherever it is raised: the line of the application is in the log, once."""

        def now() -> None:
            raise ValueError("now")

        def later() -> Deferred[None]:
            return succeed(None).addCallback(lambda _: now())

        self.runtime.expose("now", now)
        self.runtime.expose("later", later)
        for code in (
            "pcall(now)",
            "now({error = print})",
            "later({error = print})",
            "task.start(later)",
        ):
            self.run_lua(code)
            (failure,) = self.flushLoggedErrors(ValueError)
            self.assertIn('raise ValueError("now")', failure.getTraceback(), code)

    def test_cause(self) -> None:
        """ScriptError has as its cause what the application raised."""
        problem = ValueError("broken")

        def f() -> None:
            raise problem

        self.runtime.expose("f", f)
        self.run_lua(
            "function g() f() end function h() pcall(f) error('other') end"
            " function i() pcall(f) end function k() error('broken') end"
        )
        failure = self.failureResultOf(self.runtime.call("g"), ScriptError)
        self.assertIs(failure.value.__cause__, problem)
        failure = self.failureResultOf(self.runtime.call("h"), ScriptError)
        self.assertIs(failure.value.__cause__, None)
        self.successResultOf(self.runtime.call("i"))
        failure = self.failureResultOf(self.runtime.call("k"), ScriptError)
        self.assertIs(failure.value.__cause__, None)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 3)

    def test_cause_is_not_another_error(self) -> None:
        """An error of the script's that only says, or ends with, the same has none."""

        def f() -> None:
            raise ValueError("1")

        self.runtime.expose("f", f)
        self.run_lua(
            """
            function same() pcall(f)
              error("1") end
            function ends() pcall(f) error("no room 1") end
            function again() local _, message = pcall(f) error("no: " .. message) end
            function passed() local _, message = pcall(f) error(message, 0) end
            """
        )
        for name, expected in (
            ("same", False),
            ("ends", False),
            ("again", True),
            ("passed", True),
        ):
            problem = self.failureResultOf(self.runtime.call(name), ScriptError).value
            self.assertEqual(problem.__cause__ is not None, expected, name)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 4)

    def test_operation_error(self) -> None:
        """Its message and code are the script's; nothing is logged."""

        def f() -> None:
            raise OperationError("refused", "Nope")

        async def g() -> None:
            f()

        self.runtime.expose("f", f)
        self.runtime.expose("g", g)
        self.run_lua(
            """
            print(pcall(function() f() end))
            f({error = print})
            g({error = print})
            task.start(function() print(g()) end)
            """
        )
        self.assertEqual(
            self.lines,
            [
                b"false\ttest.lua:2: Nope",
                b"Nope\trefused",
                b"Nope\trefused",
                b"nil\tNope\trefused",
            ],
        )

    def test_bad_callbacks(self) -> None:
        """They are refused before the function is called."""
        called: list[int] = []
        self.runtime.expose("f", lambda: called.append(1))
        self.assertRaisedAtLine("f({success = print, error = 5})", "callbacks.error")
        self.assertEqual(called, [])

    def test_cannot_wait_here(self) -> None:
        """Below a C function a task cannot wait: the line is told, nothing is left."""
        later: Deferred[int] = Deferred()
        self.runtime.expose("f", lambda: later)
        self.run_lua(
            """
            task.start(function()
              print(pcall(string.gsub, "x", "x", function() return f() end))
            end)
            """
        )
        later.errback(ValueError("too late"))
        self.assertIn(b"test.lua:3: cannot wait here", self.lines[0])
        self.flushLoggedErrors(ValueError)

    def test_plain_with_callbacks(self) -> None:
        """With callbacks even a plain result is answered there, later, once."""
        self.runtime.expose("f", lambda: "now")
        self.run_lua("print(f({success = print}))")
        self.assertEqual(self.lines, [b"", b"now"])

    def test_deferred_failing_in_a_task(self) -> None:
        self.runtime.expose("bad", lambda: fail(ConnectionRefusedError()))
        self.run_lua("task.start(function() print(bad()) end)")
        self.assertEqual(self.lines, [b"nil\tConnection refused\trefused"])

    def test_table_of_data_is_no_callbacks(self) -> None:
        self.runtime.expose("f", lambda value: value[b"success"])
        self.run_lua("print(f({success = 'data'}))")
        self.assertEqual(self.lines, [b"data"])


class ExposeTableTests(LuaTestCase):
    def test_table_of_functions(self) -> None:
        """Each is as one that is exposed alone, and errors name it with its table."""
        asked: list[Deferred[Any]] = []

        def ask() -> Deferred[Any]:
            asked.append(Deferred())
            return asked[-1]

        self.runtime.expose("home", {"ask": ask, "add": lambda a, b: a + b})
        self.run_lua(
            """
            print(home.add(1, 2))
            task.start(function() print(home.ask()) end)
            home.ask({success = print})
            home.ask({succes = print, error = print})
            """
        )
        for deferred in asked:
            deferred.callback("x")
        self.assertEqual(self.lines, [b"3", b"x", b"x"])
        self.assertWarned("'home.ask' does not know the callback \"succes\"")

    def test_what_cannot_be_called(self) -> None:
        """It is a TypeError, and nothing is exposed."""
        wrong: Any
        for wrong in (
            5,
            "print",
            None,
            [print],
            {"f": 5},
            {"f": print, "g": {}},
            {5: print},
        ):
            self.assertRaises(TypeError, self.runtime.expose, "f", wrong)
        self.run_lua("print(f)")
        self.assertEqual(self.lines, [b"nil"])

    def test_coroutines(self) -> None:
        """An async function may be exposed; it waits in a task."""

        async def ask(value: bytes) -> tuple[bytes, int]:
            await succeed(None)
            return value, 2

        self.runtime.expose("ask", ask)
        self.run_lua("task.start(function() print(ask('x')) end)")
        self.assertEqual(self.lines, [b"x\t2"])

    def test_cause(self) -> None:
        """What a function raised, at once or later, is the cause of the ScriptError."""

        async def later() -> None:
            raise LookupError("no such room")

        def at_once() -> None:
            raise LookupError("no such room")

        self.runtime.expose("home", {"later": later, "at_once": at_once})
        self.run_lua(
            """
            function one() home.at_once() end
            function two() local _, message = home.later() error(message) end
            """
        )
        for name in ("one", "two"):
            problem = self.failureResultOf(self.runtime.call(name), ScriptError).value
            self.assertIsInstance(problem.__cause__, LookupError)
            (logged,) = self.flushLoggedErrors(LookupError)
            self.assertIn("no such room", logged.getTraceback())


class TextTests(LuaTestCase):
    """C{text=True}: applications get C{str}."""

    def setUp(self) -> None:
        super().setUp()
        self.said: list[str] = []
        self.runtime = self.make_runtime(text=True, output=self.said.append)

    def test_both_directions(self) -> None:
        """In calls, exposed functions and their tables; keys too."""
        seen: list[Any] = []

        def note(*values: object) -> tuple[object, ...]:
            seen.extend(values)
            return values

        self.runtime.expose("note", note)
        self.run_lua(
            "function f(...) return note(...) end print('hellö', note('ü', {a = {'ß'}}))"
        )
        self.assertEqual(seen, ["ü", {"a": ["ß"]}])
        self.assertTrue(self.said[0].startswith("hellö\tü\ttable"))
        called = self.runtime.call("f", "é", {"k": b"v"}, 1, 1.5, True, None)
        self.assertEqual(
            self.successResultOf(called), ("é", {"k": "v"}, 1, 1.5, True, None)
        )

    def test_any_bytes(self) -> None:
        """What is not UTF-8 comes back as it was."""
        self.run_lua("function f(x) print(x) return x, #x end")
        everything = bytes(range(256))
        text, length = self.successResultOf(self.runtime.call("f", everything))
        self.assertIsInstance(text, str)
        self.assertEqual(length, 256)
        self.assertEqual(text.encode("utf-8", "surrogateescape"), everything)
        self.assertEqual(
            self.successResultOf(self.runtime.call("f", text)), (text, 256)
        )
        self.assertEqual(self.said, [text, text])


for _case in (CallTests, CallThatWaitsTests, ExposeTests, ExposeTableTests, TextTests):
    globals().update(for_each_lua(_case))
del _case
