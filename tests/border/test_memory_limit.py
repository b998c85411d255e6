"""
Scripts that want more memory than they may have: an error, whichever way it is wanted, and
the process and the runtime go on.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import Limits
from tests.support import LuaTestCase, for_each_lua
from tests.support.cases import Outcome, run_cases

LIMIT = 16 * 2**20

FILL = "local function fill() t = {} while true do t[#t + 1] = {} end end "
FULL = f"{FILL} pcall(fill) "
EMPTY = "t = nil collectgarbage() ran('goes-on')"

OVER = {
    "a string": "('x'):rep(5e7)",
    "strings in a table": "local t = {} for i = 1, 1e5 do t[i] = ('x'):rep(1000) .. i end",
    "table.concat": "local s = ('x'):rep(9e6) table.concat({s, s})",
    "a string that doubles": "local s = 'x' while true do s = s .. s end",
    "gsub": "local s = ('x'):rep(1000) while true do s = s:gsub('x', 'xx') end",
    "tables": f"{FILL} fill()",
    "coroutines": "local t = {} while true do t[#t + 1] = coroutine.create(print) end",
    "closures": "local t = {} while true do t[#t + 1] = function() return t end end",
    "a timer": f"{FILL} setTimeout(fill, 1) setTimeout(function() {EMPTY} end, 2)",
    "a task": f"{FILL} task.start(function() task.sleep(1) fill() end)"
    f" setTimeout(function() {EMPTY} end, 5)",
    "an application's string": "much(5e7)",
    "an application's string later": "much_later(5e7, {error = function(message, code)"
    f" {EMPTY} error(message) end}})",
    "an application's string for a task": "task.start(function()"
    f" local data, message, code = much_later(5e7) {EMPTY} error(message) end)",
    "an application's strings": "local t = {} for i = 1, 1000 do t[i] = much(50000 + i) end",
}
"""Each says which option bounds it."""

GOES_ON = {
    "primitives": f"{FULL} for i = 1, 1000 do pcall(eplua.stats) pcall(net.UDPSocket)"
    f" pcall(setTimeout, print, 1) pcall(same, i, 'x' .. i) end {EMPTY}",
    "tables for the application": f"{FULL} for i = 1, 1000 do pcall(same, {{1, {{2}}}}) end"
    f" {EMPTY}",
    "files of the library": f"{FULL} pcall(net.HTTPClient) pcall(net.WebSocketClient)"
    f" pcall(function() return mqtt.Client end) {EMPTY}",
    "errors": f"{FULL} setTimeout(function() error({{}}) end, 1) setTimeout(error, 2)",
    "no debug": f"{FULL} debug = nil setTimeout(error, 2)",
    "os.exit": f"{FULL} os.exit(3)",
    "finalizers": "if not newproxy then setmetatable({}, {__gc = function() x = {}"
    f" while true do x[#x + 1] = {{}} end end}}) end x = nil {EMPTY}",
    "strings": "local ok, message = pcall(string.rep, 'x', 5e7) assert(not ok)"
    f" assert(message:find('not enough memory')) {EMPTY}",
    "ten gigabytes": f"pcall(string.rep, 'x', 1e10) {EMPTY}",
}
"""Each does what it can where there is no memory left; the process survives."""


FULL_AT_LINE_4 = """local function f()
  local x, t = "x", {}
  while true do
    WHAT
  end
end
"""
WHATS = {
    "tables": "t[#t + 1] = {}",
    "joining": "x = x .. x",
    "a function of C": "x = x:rep(100)",
}
HOWS = {
    "the main chunk": "f()",
    "a callback": "setTimeout(f, 1)",
    "a task": "task.start(function() task.sleep(1) f() end)",
    "a task that just began": "task.start(f)",
}
AT_LINE_4 = {
    f"{what} in {how}": FULL_AT_LINE_4.replace("WHAT", code) + call
    for what, code in WHATS.items()
    for how, call in HOWS.items()
}


@cache
def outcomes(lua: str) -> dict[str, Outcome]:
    return run_cases(lua, {**OVER, **GOES_ON, **AT_LINE_4}, max_memory=LIMIT)


class MemoryTests(SynchronousTestCase):
    lua = "5.4"

    def test_the_process_survives(self) -> None:
        for name, outcome in outcomes(self.lua).items():
            self.assertEqual(outcome.bugs, [], name)

    def test_the_option_is_named(self) -> None:
        for name, code in OVER.items():
            outcome = outcomes(self.lua)[name]
            said = [*outcome.errors, outcome.failure or ""]
            self.assertTrue(
                any(
                    "memory" in text and "(option --max-memory)" in text
                    for text in said
                ),
                (name, outcome),
            )
            if EMPTY in code:
                self.assertEqual(outcome.ran, ["goes-on"], (name, outcome))

    def test_at_its_line(self) -> None:
        """LuaJIT knows only the lines of the last function, where it is not one of C."""
        for name in AT_LINE_4:
            (said,) = filter(
                None,
                (outcomes(self.lua)[name].failure, *outcomes(self.lua)[name].errors),
            )
            known = self.lua != "luajit" or "a function of C" in name
            self.assertRegex(
                said,
                rf"^test\.lua:{'4' if known else '1-6'}: not enough memory"
                r"(?: for buffer allocation)? \(option --max-memory\)",
            )
            if "the main chunk" not in name:
                self.assertIn(f"\n\ttest.lua{':4' if known else ''}: in ", said)


PROBE = """
local function probe(name)
  local co, is_main = coroutine.running()
  local yieldable = coroutine.isyieldable and coroutine.isyieldable()
  print(name, type(co), is_main, yieldable, task.current() ~= nil)
  if not task.current() then print(pcall(coroutine.yield, 1)) end
  print(pcall(error, "caught", 0))
  if load("local a <const> = 1") then
    local f = load([[
      local name = ...
      local a <close> = setmetatable({}, {__close = function() print("closed", name) end})
      return name
    ]])
    print(f(name))
  end
end

probe("main")
coroutine.wrap(probe)("coroutine")
setTimeout(probe, 1, "callback")
setTimeout(function() coroutine.wrap(probe)("coroutine of a callback") end, 2)
task.start(function() task.sleep(3) probe("task") end)
net.onError(function(trace) probe("onError") print(trace) end)
setTimeout(function()
  local function fails() error({code = 5}) end
  fails()
end, 4)
setTimeout(function() local s = net.TCPSocket() s:conect() end, 5)
setTimeout(function() error(nil) end, 6)
setTimeout(function() probe("after errors") end, 7)
setTimeout(function() os.exit(3) end, 8)
setTimeout(print, 9, "never")
"""


class UnseenTests(LuaTestCase):
    """Functions run in coroutines where memory is limited."""

    def said(self, code: str, **options: Any) -> list[str]:
        self.lines.clear()
        self.errors.clear()
        codes: list[int] = []
        runtime = self.make_runtime(on_exit=codes.append, **options)
        done = runtime.run_string(code, "@test.lua")
        self.reactor.pump([0.001] * 12)
        self.successResultOf(done)
        return [line.decode() for line in self.lines] + self.errors + [*map(str, codes)]

    def test_a_script_does_not_see_it(self) -> None:
        limited = self.said(PROBE, limits=Limits(max_memory=LIMIT))
        expected = self.said(PROBE)
        if self.lua == "luajit":
            # The last function of what has failed has neither line nor variables there.
            expected = [
                each.replace("did you mean s:", "did you mean TCPSocket:").replace(
                    "\ttest.lua:28: in", "\ttest.lua: in"
                )
                for each in expected
            ]
        self.assertEqual(limited, expected)
        self.assertEqual(limited[-1], "3")


for _case in (MemoryTests, UnseenTests):
    globals().update(for_each_lua(_case))
del _case
