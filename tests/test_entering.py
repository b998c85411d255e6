"""Entries of a prompt: run as tasks, one after another, and shown."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from eplua_twisted import Limits
from eplua_twisted.entering import LONGEST, Entering, Unfinished
from eplua_twisted.errors import RuntimeStopped, ScriptError
from tests.support import LuaTestCase, for_each_lua


class EnteringTests(LuaTestCase):
    def setUp(self) -> None:
        super().setUp()
        # On LuaJIT there is none by default.
        self.runtime = self.make_runtime(limits=Limits(max_callback_time=60_000))
        self.entering = Entering(lambda: self.runtime)

    def entered(self, code: str) -> str | None:
        """The values, as they are shown."""
        return self.successResultOf(self.entering.enter(code))

    def failed(self, entry: Deferred[str | None]) -> str:
        problem = self.failureResultOf(entry, ScriptError).value
        assert isinstance(problem, ScriptError)
        return problem.traceback

    def test_tables_in_tables_are_bounded(self) -> None:
        said = self.entered(
            "(function() local t = {} for _ = 1, 5 do local u = {}"
            " for i = 1, 60 do u[i] = t end t = u end return t end)()"
        )
        assert said is not None
        self.assertIn("more)", said)
        self.assertTrue(len(said) < 100_000, len(said))

    def test_nothing_runs_in_a_runtime_that_is_gone(self) -> None:
        """A signal may come at any time: its handler must not fail."""
        self.stop(self.runtime)
        self.assertFalse(self.entering.leave())
        self.failureResultOf(self.entering.enter("1"), RuntimeStopped)

    def test_values(self) -> None:
        for code, shown in (
            ("1 + 1", "2"),
            ("return 'a\\n', nil, true", '"a\\n", nil, true'),
            ("{1, {name = 'lamp'}}", '{1, {name = "lamp"}}'),
            ("net.TCPSocket()", "TCPSocket: closed"),
            ("nil", "nil"),
            ("x = 5", None),
            ("x", "5"),
            ("local x = 6", None),
            ("x", "5"),
        ):
            self.assertEqual(self.entered(code), shown, code)

    def test_more_lines_are_wanted(self) -> None:
        for code in ("for i = 1, 2 do", "f(", "x = [[", "1 +", "--[["):
            self.failureResultOf(self.entering.enter(code), Unfinished)
        self.assertEqual(self.entered("x = [[\na]]"), None)

    def test_what_is_wrong(self) -> None:
        self.assertIn("(entry):1: ", self.failed(self.entering.enter("x = = 1")))
        trace = self.failed(self.entering.enter("local y = 1\nerror('oops')"))
        self.assertTrue(trace.startswith("(entry):2: oops\n"), trace)
        self.assertNotIn("Runtime.call", trace)
        self.assertEqual(self.errors, [])

    def test_what_is_too_long(self) -> None:
        self.assertIn("at most", self.failed(self.entering.enter("x" * (LONGEST + 1))))

    def test_it_may_wait(self) -> None:
        entry = self.entering.enter("net.TCPSocket():connect('127.0.0.1', 80)")
        self.assertNoResult(entry)
        self.reactor.accept()
        self.turn()
        self.assertEqual(self.successResultOf(entry), "true")

    def test_what_waits_is_cancelled(self) -> None:
        entry = self.entering.enter("task.queue(1):get()")
        self.entering.cancel()
        self.assertEqual(self.failed(entry), "interrupted")
        self.entering.cancel()
        self.assertEqual(self.entered("1"), "1")

    def test_what_runs_is_left(self) -> None:
        """A signal's handler asks for it, in the middle of what runs."""
        self.assertFalse(self.entering.leave())
        left: list[bool] = []
        self.runtime.expose("signal", lambda: left.append(self.entering.leave()))
        trace = self.failed(self.entering.enter("signal() while true do end"))
        self.assertTrue(trace.startswith("(entry):1: interrupted"), trace)
        self.assertEqual(left, [True])
        self.assertEqual(self.entered("1"), "1")

    def test_what_ended_before_it_was_left_leaves_the_next_alone(self) -> None:
        self.runtime.expose("signal", lambda: self.entering.leave() and None)
        self.entered("signal()")
        self.assertEqual(self.entered("(function() for _ = 1, 1e5 do end end)()"), None)

    def test_the_end(self) -> None:
        entry = self.entering.enter("os.exit(3)")
        self.turn(2)
        self.failureResultOf(entry, RuntimeStopped)
        self.failureResultOf(self.entering.enter("1"), RuntimeStopped)

    def test_completion(self) -> None:
        self.entered(
            "lamp = {on = 1, off = 2, ['a b'] = 3} s = net.TCPSocket()"
            " local function called() error('called') end"
            " trap = setmetatable({a = 1}, {__index = called, __eq = called})"
        )
        for before, names in (
            ("la", ["lamp"]),
            ("print(lamp.o", ["off", "on"]),
            ("net.TC", ["TCPServer", "TCPSocket"]),
            ("x = s:readE", ["readExactly"]),
            ("string.rep", ["rep"]),
            ("trap.x", []),
            ("trap.", ["a"]),
            ("nothing.here.", []),
            ("'", None),
        ):
            found = self.successResultOf(self.entering.complete(before))
            if names is not None:
                self.assertEqual(found, names, before)
        self.assertIn("print", self.successResultOf(self.entering.complete("")))


globals().update(for_each_lua(EnteringTests))
