"""Scripts that do not return: the limit of their time ends them, whatever they try."""

from __future__ import annotations

import re
from typing import Any

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import Limits, Runtime
from tests.support import LuaTestCase, for_each_lua
from tests.support.cases import Outcome, run_cases

LIMIT = 20
"""Milliseconds."""

OVER = (
    rf": the callback has taken more than {LIMIT} ms \(option --max-callback-time\)\Z"
)

LOOP = "while true do end"
LOOPS = f"function() {LOOP} end"
NEXT = "setTimeout(function() ran('next') end, 50)"

ENDLESS = {
    "a loop": LOOP,
    "pcall in a loop": f"while true do pcall({LOOPS}) end",
    "xpcall in a loop": f"while true do xpcall({LOOPS}, {LOOPS}) end",
    "an error handler": f"xpcall(error, {LOOPS})",
    "an error handler that is interrupted": f"xpcall({LOOPS}, {LOOPS}) ran('on')",
    "a coroutine": f"coroutine.resume(coroutine.create({LOOPS})) ran('on')",
    "a wrapped coroutine": f"pcall(coroutine.wrap({LOOPS})) ran('on')",
    "coroutines in each other": (
        "local function f() while true do pcall(coroutine.wrap(f)) end end f()"
    ),
    "coroutines without many instructions": (
        "local function f() for i = 1, 30 do coroutine.resume(coroutine.create(f)) end"
        " end while true do f() end"
    ),
    "a coroutine that is resumed for ever": (
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end)"
        " while true do co() end"
    ),
    "calls that leave no room for the hook": (
        "local function f() while true do pcall(f) end end f()"
    ),
    "recursion": "local function f() f() f() end while true do pcall(f) end",
    "table.sort": "while true do local t = {} for i = 1, 99 do t[i] = i end"
    f" pcall(table.sort, t, {LOOPS}) end",
    "gsub": f"while true do pcall(string.gsub, 'x', 'x', {LOOPS}) end",
    "metamethods": f"local f = {LOOPS} local t = setmetatable({{}}, {{__index = f,"
    " __call = f, __lt = f}) pcall(function() return t.x end) pcall(t)"
    " pcall(function() return t < t end) ran('on')",
    "__tostring": f"print(setmetatable({{}}, {{__tostring = {LOOPS}}}))",
    "__tostring of an error": f"error(setmetatable({{}}, {{__tostring = {LOOPS}}}))",
    "load": f"load({LOOP!r})()",
    "load with a name of the library's": (
        f"load({LOOP!r}, '@<eplua>/border/tickets.lua')()"
    ),
    "a loader": f"load({LOOPS})",
    "debug.sethook": "pcall(debug.sethook) pcall(debug.sethook, function() end, '', 1)"
    f" pcall(debug.sethook, coroutine.running()) {LOOP}",
    "debug.gethook": f"assert(debug.gethook() == nil) {LOOP}",
    "json": "json.decode('[' .. ('[1,2,3],'):rep(300000) .. '1]')",
    "long strings": "while true do ('x'):rep(1e6) end",
    "patterns": "while true do (('a'):rep(20)):find(('.-'):rep(4) .. 'b') end",
    "a function of the application": "while true do same(1) end",
    "a timer": f"setTimeout({LOOPS}, 1) {NEXT}",
    "an interval": f"local n = 0 setInterval(function() n = n + 1"
    f" if n == 3 then ran('next') os.exit() end {LOOP} end, 1)",
    "an answer": f"net.resolve('127.0.0.1', {{success = {LOOPS}}}) {NEXT}",
    "a task": f"task.start({LOOPS}) ran('on')",
    "tasks in each other": (
        "local function f() while true do pcall(task.start, f) end end f()"
    ),
    "a task that has waited": f"task.start(function() task.sleep(1)"
    f" while true do pcall({LOOPS}) end end) {NEXT}",
    "a coroutine of a task": f"task.start(function() task.sleep(1)"
    f" coroutine.wrap({LOOPS})() ran('on') end) {NEXT}",
    "net.onError": f"net.onError({LOOPS}) setTimeout(error, 1) {NEXT}",
    "options": f"net.TCPSocket(setmetatable({{}}, {{__index = {LOOPS}}})) {LOOP}",
    "os.exit soon": f"setTimeout({LOOPS}, 1) setTimeout(function() ran('next') os.exit() end, 50)",
}

OF_PUC = {
    "a finalizer": f"setmetatable({{}}, {{__gc = {LOOPS}}}) collectgarbage() ran('on')",
    "finalizers": f"while true do setmetatable({{}}, {{__gc = function() while true do"
    f" pcall({LOOPS}) end end}}) pcall(collectgarbage) end",
    "a finalizer of a timer": f"setTimeout(function() setmetatable({{}}, {{__gc ="
    f" {LOOPS}}}) collectgarbage() end, 1) {NEXT}",
}

OF_NEW = {
    "__close": f"while true do pcall(function() local c <close> = setmetatable({{}},"
    f" {{__close = {LOOPS}}}) error('x') end) end",
    "__close while it is left": f"local c <close> = setmetatable({{}}, {{__close ="
    f" {LOOPS}}}) {LOOP}",
    "__close while a task is left": f"task.start(function() local c <close> ="
    f" setmetatable({{}}, {{__close = {LOOPS}}}) {LOOP} end)",
    "coroutine.close": "local co = coroutine.create(function() local c <close> ="
    f" setmetatable({{}}, {{__close = {LOOPS}}}) coroutine.yield() end)"
    " coroutine.resume(co) coroutine.close(co) ran('on')",
}

OF_LUAJIT = {
    "the compiler": f"pcall(jit.on) pcall(require('jit').on) {LOOP}",
    "a proxy": "if newproxy then getmetatable(newproxy(true)).__gc ="
    f" {LOOPS} collectgarbage() end {LOOP}",
}

CASES_OF = {
    "5.3": OF_PUC,
    "5.4": {**OF_PUC, **OF_NEW},
    "5.5": {**OF_PUC, **OF_NEW},
    "luajit": OF_LUAJIT,
}


WITH_MEMORY = ("a function of the application", "a timer", "__close while it is left")


class EndlessTests(SynchronousTestCase):
    """
    Each is ended with an error at its line, nothing of it goes on, and what comes
    after it runs.
    """

    lua = "5.4"

    def test_the_limit_ends_each(self) -> None:
        cases = {**ENDLESS, **CASES_OF[self.lua]}
        # With a limit of memory functions are called in another way.
        both = {name: code for name, code in cases.items() if name in WITH_MEMORY}
        found = run_cases(self.lua, cases, max_callback_time=LIMIT)
        more = run_cases(self.lua, both, max_callback_time=LIMIT, max_memory=64 * 2**20)
        for name, outcome in [*found.items(), *more.items()]:
            self.assertEqual(outcome.bugs, [], name)
            expected = ["next"] if "ran('next')" in cases[name] else []
            self.assertEqual(outcome.ran, expected, name)
            said = [text.split("\n")[0] for text in self.said(outcome)]
            over = [text for text in said if re.search(OVER, text)]
            self.assertTrue(over, (name, said))
            for text in over:
                self.assertRegex(text, r"^(test\.lua|\[string|<eplua>/border/tick)")

    def said(self, outcome: Outcome) -> list[str]:
        return outcome.errors + ([outcome.failure] if outcome.failure else [])


globals().update(for_each_lua(EndlessTests))


class ReportTests(LuaTestCase):
    def make_runtime(self, **options: Any) -> Runtime:
        return super().make_runtime(limits=Limits(max_callback_time=LIMIT), **options)

    def test_line(self) -> None:
        """The report has the line that was interrupted, and those that led there."""
        self.run_lua(
            "local function f()\nwhile true do end\nend\n"
            "setTimeout(function()\npcall(f)\nend, 1)"
        )
        self.reactor.advance(1)
        (error,) = self.errors
        self.assertTrue(error.startswith("test.lua:2: the callback has taken"))
        self.assertIn("test.lua:5: in function <test.lua:4>", error)
        self.assertNotIn("<eplua>", error)

    def test_handled(self) -> None:
        """net.onError is asked, and has its own time."""
        self.run_lua(f"net.onError(function() return true end) setTimeout({LOOPS}, 1)")
        self.reactor.advance(1)
        self.assertEqual(self.errors, [])

    def test_another_runtime(self) -> None:
        """One that shares the process goes on in the same turn."""
        other = self.make_runtime()
        self.run_lua(f"setTimeout({LOOPS}, 1)")
        self.successResultOf(other.run_string("setTimeout(print, 1, 'here')"))
        self.reactor.advance(1)
        self.assertEqual(len(self.errors), 1)
        self.assertEqual(self.lines, [b"here"])

    def test_slow(self) -> None:
        """A callback that holds all else up is warned about, with its place."""
        runtime = LuaTestCase.make_runtime(self)
        self.successResultOf(
            runtime.run_string(
                "setTimeout(function()\n"
                " local t = os.clock() while os.clock() < t + 0.3 do end\nend, 1)",
                "@test.lua",
            )
        )
        with capturedLogs() as logs:
            self.reactor.advance(1)
        (warning,) = map(formatEvent, logs)
        self.assertRegex(
            warning,
            r"^test\.lua:1: the callback has taken \d{3,} ms; nothing else ran meanwhile$",
        )
