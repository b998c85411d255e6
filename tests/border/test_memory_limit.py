"""
Scripts that want more memory than they may have: an error, whichever way it is wanted, and
the process and the runtime go on.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support import for_each_lua
from tests.support.cases import run_cases

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


class MemoryTests(SynchronousTestCase):
    lua = "5.4"

    def test_the_process_survives_and_the_option_is_named(self) -> None:
        cases = {**OVER, **GOES_ON}
        found = run_cases(self.lua, cases, max_memory=LIMIT)
        for name, outcome in found.items():
            self.assertEqual(outcome.bugs, [], name)
            if name in GOES_ON:
                continue
            said = [*outcome.errors, outcome.failure or ""]
            self.assertTrue(
                any(
                    "memory" in text and "(option --max-memory)" in text
                    for text in said
                ),
                (name, outcome),
            )
            if EMPTY in cases[name]:
                self.assertEqual(outcome.ran, ["goes-on"], (name, outcome))


globals().update(for_each_lua(MemoryTests))
