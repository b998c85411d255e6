"""Errors that leave nothing to work with: the command still ends, with the message."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.support import for_each_lua, start
from tests.support.cases import Outcome, run_cases

FAILURES = {
    # LuaJIT's compiled code does not always know the line.
    "local function f() return 1 + f() end f()": r"^(test\.lua:1: )?stack overflow",
    "local function f() coroutine.wrap(f)() end f()": "C stack overflow",
    "local function f() assert(coroutine.resume(coroutine.create(f))) end f()": (
        "C stack overflow"
    ),
    "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k)"
    " return t[k] .. 'x' end return t.x": "stack overflow",
    "error(setmetatable({}, {__tostring = function(t) return tostring(t) .. 'x' end}))": (
        "an error value of type table"
    ),
    "error(setmetatable({}, {__tostring = function() error('x') end}))": (
        "an error value of type table"
    ),
    "error(setmetatable({}, {__tostring = function() return {} end}))": (
        "an error value of type table"
    ),
    "error(setmetatable({}, {__metatable = false}))": "table: 0x",
    "error(setmetatable({code = 5}, {__pairs = error, __index = error, __len = error}))": (
        r"^\{code = 5\}$"
    ),
    "error({code = 5})": r"^\{code = 5\}$",
    "local t = {} t.t = t error(t)": r"^\{t = \{t = \{t = \{\.\.\.\}\}\}\}$",
    "local t = {} for i = 1, 1e5 do t[i] = i end error(t)": r"^\{.{,99}, \.\.\.\}$",
    "error()": "^nil$",
    "error(print)": "^function: ",
    "error(io.stdout)": "^file ",
    "error(('x'):rep(5e6))": r"^test\.lua:1: x{5000000}$",
    "error('\\0\\255')": r"^test\.lua:1: \x00\\xff$",
    "debug.traceback, string.find, string.gsub, table.concat, tostring = nil error('x')": (
        r"^test\.lua:1: x$"
    ),
    "coroutine.wrap(function()\nerror('inside') end)()": (
        r"^test\.lua:[12]: test\.lua:2: inside$"
    ),
    "coroutine.wrap(function() error({code = 7}) end)()": r"^\{code = 7\}$",
    "string.gmatch = nil error('x')": r"^test\.lua:1: x$",
}

PUC_FAILURES = {
    "local function f() return (string.gsub('x', 'x', f)) end f()": "C stack overflow",
}
"""LuaJIT has no bound for this: it crashes with and without us."""

FINALIZERS = """
for _ = 1, 200 do
  local function f() error("in gc", 0) end
  if newproxy then getmetatable(newproxy(true)).__gc = f else setmetatable({}, {__gc = f}) end
end
"""


class MainChunkTests(SynchronousTestCase):
    """Whatever it raises, run_file fails with it, and nothing else fails."""

    lua = "5.4"

    def test_it_fails_with_what_was_raised(self) -> None:
        expected = FAILURES if self.lua == "luajit" else {**FAILURES, **PUC_FAILURES}
        cases = {each: each for each in expected}
        for code, outcome in run_cases(self.lua, cases).items():
            failure = outcome.failure or ""
            self.assertTrue(re.search(expected[code], failure), (code, failure[:200]))
            self.assertEqual(
                replace(outcome, failure=None), Outcome([], [], None, [], [], []), code
            )

    def test_tasks_in_tasks(self) -> None:
        """Each one in the one before: the innermost fails, the others go on."""
        code = "local n = 0 function f() n = n + 1 task.start(f) ran() end f()"
        outcome = run_cases(self.lua, {"tasks": code})["tasks"]
        self.assertGreater(len(outcome.ran), 100)
        (error,) = outcome.errors
        self.assertIn("tasks have started each other 150 deep", error)

    def test_finalizers(self) -> None:
        """Their errors are reported; what they come in the middle of goes on."""
        cases = {
            "main": f"{FINALIZERS} collectgarbage() ran('end')",
            "later": f"""
                setTimeout(function() {FINALIZERS} end, 1)
                for i = 2, 50 do
                  setTimeout(function() for i = 1, 100 do local t = {{i}} end end, i)
                end
                task.start(function() for i = 1, 50 do task.sleep(1) end ran("task") end)
                setTimeout(ran, 2000, "timer")
                setTimeout(collectgarbage, 3000)""",
            "while Python answers": f"""
                for i = 1, 50 do
                  setTimeout(function()
                    {FINALIZERS}
                    for i = 1, 50 do same(("x"):rep(3000)) end
                  end, i)
                end
                setTimeout(ran, 2000, "end")
                setTimeout(collectgarbage, 3000)""",
        }
        ran = {
            "main": ["end"],
            "later": ["task", "timer"],
            "while Python answers": ["end"],
        }
        for name, outcome in run_cases(self.lua, cases).items():
            self.assertEqual(sorted(outcome.ran), ran[name], name)
            (error,) = set(outcome.errors)
            # LuaJIT tells of them when their frames have gone.
            frames = "" if self.lua == "luajit" else r".*\n\ttest\.lua:\d: in .*"
            self.assertRegex(error, rf"(?s)^in gc{frames}\n\tin a finalizer$")
            self.assertIsNone(outcome.failure)


class MemoryTests(TestCase):
    """There is no memory left."""

    timeout = 60
    lua = "5.4"

    async def run_with_little(self, code: str) -> tuple[int | None, bytes]:
        peer = start(
            self,
            *("sh", "-c", 'ulimit -v 250000; exec "$@"', "sh"),
            *(sys.executable, "-m", "eplua_twisted.cli", "--lua", self.lua, "-e", code),
        )
        ended = await peer.ended
        return ended, re.sub(rb"[^\n]* nothing else ran meanwhile\n", b"", peer.output)

    async def test_it_is_said_and_what_needs_little_goes_on(self) -> None:
        grow = (
            "local function grow() local t = {}"
            " while true do t[#t + 1] = ('x'):rep(1000) .. #t end end "
        )
        self.assertEqual(
            await self.run_with_little(f"{grow} grow()"),
            (1, b"eplua: not enough memory\n"),
        )
        ended, said = await self.run_with_little(
            f"{grow} setTimeout(grow, 1) task.start(function() task.sleep(2) grow() end)"
            " setTimeout(print, 3, 'goes on')",
        )
        self.assertEqual(ended, 1)
        # Where a task was is said, if there is memory for that.
        self.assertRegex(
            said,
            rb"^not enough memory\n\tin setTimeout, the function at \(command line\):1\n"
            rb"(\(command line\):1: )?not enough memory\n(stack traceback:\n(\t.*\n)+)?"
            rb"\tin a task started at \(command line\):1\ngoes on\n$",
        )


for _case in (MainChunkTests, MemoryTests):
    globals().update(for_each_lua(_case))
del _case
