"""os.exit: nothing of the script runs after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from eplua_twisted import Runtime, RuntimeStopped
from tests.support import LuaTestCase, for_each_lua
from tests.support.cases import Outcome, run_cases


class ExitTests(LuaTestCase):
    def setUp(self) -> None:
        self.codes: list[int] = []
        super().setUp()

    def make_runtime(self, **options: Any) -> Runtime:
        return super().make_runtime(on_exit=self.codes.append, **options)

    def exits(self, code: str) -> None:
        """Run code that exits: nothing is printed after it, whatever tries."""
        result = self.runtime.run_string(code, "@test.lua")
        result.addErrback(lambda failure: failure.trap(RuntimeStopped))
        self.reactor.pump([0.001, 0, 0])
        self.assertEqual(self.errors, [])

    def test_codes(self) -> None:
        for code, number in (("", 0), ("true", 0), ("false", 1), ("3", 3), ("'4'", 4)):
            self.runtime = self.make_runtime()
            self.exits(f"os.exit({code}) print('after')")
            self.assertEqual((self.codes[-1], self.lines), (number, []))

    def test_bad_code(self) -> None:
        self.run_lua("print(pcall(os.exit, 'x'))")
        self.assertIn(
            b"#1 to 'exit' (code: integer of at least -2147483648 expected",
            self.lines[0],
        )

    def test_pcall(self) -> None:
        """Not even through pcall, nested, or in a loop."""
        self.exits(
            """
            print("before")
            while true do
              pcall(function() pcall(os.exit, 7) print("in pcall") end)
              print("after")
            end
            """
        )
        self.assertEqual((self.codes, self.lines), ([7], [b"before"]))

    def test_xpcall(self) -> None:
        self.exits("xpcall(os.exit, function() print('handler') end, 7) print('after')")
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_coroutine(self) -> None:
        """Not in the coroutine, nor in those that resumed it."""
        self.exits(
            """
            local inner = coroutine.create(function() pcall(os.exit, 7) print("inner") end)
            local outer = coroutine.wrap(function() coroutine.resume(inner) print("outer") end)
            pcall(outer)
            print("main")
            """
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_task(self) -> None:
        self.exits(
            "task.start(function() pcall(os.exit, 7) print('task') end) print('main')"
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_timer(self) -> None:
        """Not in other callbacks that are due at the same time."""
        self.exits("setTimeout(os.exit, 1, 7) setTimeout(print, 1, 'after')")
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_sorting(self) -> None:
        """Through a C function on the stack."""
        self.exits(
            "pcall(table.sort, {1, 2, 3}, function() os.exit(7) end) print('after')"
        )
        self.assertEqual((self.codes, self.lines), ([7], []))

    def test_call_learns_of_it(self) -> None:
        self.run_lua("function f() os.exit(7) end")
        call = self.runtime.call("f")
        self.turn(2)
        self.failureResultOf(call, RuntimeStopped)


globals().update(for_each_lua(ExitTests))

DIE = "pcall(os.exit, 6) ran()"
"""Nothing is to run after it."""

FINALIZED = """
local function finalize(f)
  if newproxy then
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = f
    return proxy
  end
  return setmetatable({}, {__gc = f})
end
"""

CLOSED = """
-- Only from 5.4 on a variable can be closed.
local function closing(f, ...)
  local code = "local f, body = ... local x <close> = setmetatable({}, {__close = f}) body()"
  local chunk = load(code)
  if chunk then chunk(f, ...) else os.exit(6) end
end
"""

CASES = {
    "pcall": f"{DIE}",
    "no pcall": "os.exit(6) ran()",
    "a loop of pcall": "while true do pcall(os.exit, 6) end",
    "a loop that is compiled": "for i = 1, 1e12 do if i == 1e5 then pcall(os.exit, 6) end end",
    "xpcall": f"xpcall(os.exit, function() ran() end, 6) ran() {DIE}",
    "the handler of xpcall": f"xpcall(error, function() {DIE} end) ran()",
    "wrap": "pcall(coroutine.wrap(function() os.exit(6) end)) ran()",
    "wrap in a loop": f"while true do pcall(coroutine.wrap(function() {DIE} end)) end",
    "a coroutine": f"coroutine.resume(coroutine.create(function() {DIE} end)) ran()",
    "a coroutine for the second time": f"""
        local co = coroutine.wrap(function() while true do coroutine.yield() {DIE} end end)
        co() pcall(co) ran()""",
    "coroutines in coroutines": f"""
        local function nest(n)
          if n == 0 then {DIE} end
          pcall(coroutine.resume, coroutine.create(nest), n - 1)
          ran()
        end
        nest(50) ran()""",
    "sort": f"pcall(table.sort, {{3, 2, 1}}, function() {DIE} end) ran()",
    "gsub": f"pcall(string.gsub, 'aa', 'a', function() {DIE} end) ran()",
    "load": f"pcall(load, function() {DIE} end) ran()",
    "require": f"package.preload.x = function() {DIE} end pcall(require, 'x') ran()",
    "a metamethod": f"""
        local t = setmetatable({{}}, {{__index = function() {DIE} end}})
        pcall(function() return t.x end) ran()""",
    "tostring": f"""
        pcall(tostring, setmetatable({{}}, {{__tostring = function() {DIE} end}})) ran()""",
    "an error object": f"""
        setTimeout(function()
          error(setmetatable({{}}, {{__tostring = function() {DIE} return "x" end}}))
        end, 1)
        setTimeout(ran, 1)""",
    "a variable is closed": f"{CLOSED} closing(function() {DIE} end, function() end) ran()",
    "a variable is closed by it": f"{CLOSED} closing(ran, function() {DIE} end) ran()",
    "a coroutine is closed": f"""
        {CLOSED}
        if not coroutine.close then os.exit(6) end
        local co = coroutine.create(function()
          closing(function() {DIE} end, coroutine.yield)
        end)
        coroutine.resume(co)
        pcall(coroutine.close, co)
        ran()""",
    "a finalizer": f"{FINALIZED} finalize(function() {DIE} end) collectgarbage() ran()",
    "a finalizer without pcall": f"""
        {FINALIZED} finalize(function() os.exit(6) end) pcall(collectgarbage) ran()""",
    "a loop in a finalizer": f"""
        {FINALIZED}
        finalize(function() while true do pcall(os.exit, 6) end end)
        pcall(collectgarbage)
        ran()""",
    "xpcall in a finalizer": f"""
        {FINALIZED}
        finalize(function() xpcall(os.exit, function() ran() end, 6) ran() end)
        pcall(collectgarbage)
        ran()""",
    "a coroutine in a finalizer": f"""
        {FINALIZED}
        finalize(function() pcall(coroutine.wrap(function() {DIE} end)) ran() end)
        pcall(collectgarbage)
        ran()""",
    "finalizers of others": f"""
        {FINALIZED}
        for i = 1, 100 do finalize(ran) end
        kept = finalize(ran)
        os.exit(6)""",
    "finalizers that debug has set": """
        local ok = pcall(debug.setmetatable, {}, {__gc = function() ran() end})
        os.exit(6)""",
    "task": f"task.start(function() pcall(function() {DIE} end) ran() end) ran()",
    "task later": f"""
        task.start(function() task.sleep(1) {DIE} end)
        task.start(function() task.sleep(1) ran() end)
        setTimeout(ran, 1)""",
    "timer": f"setTimeout(function() {DIE} end, 1) setTimeout(ran, 1)",
    "interval": f"setInterval(function() {DIE} end, 1) setInterval(ran, 1)",
    "callback": f"""
        net.resolve("127.0.0.1", {{success = function() {DIE} end}})
        net.resolve("127.0.0.1", {{success = ran}})""",
    "listener": f"""
        local server = net.WebSocketServer()
        server:start("127.0.0.1", 0, {{started = function(port)
          local ws = net.WebSocketClient()
          ws:addEventListener("connected", function() {DIE} end)
          ws:addEventListener("connected", ran)
          ws:addEventListener("disconnected", ran)
          ws:connect("ws://127.0.0.1:" .. port)
        end}})""",
    "a client comes": f"""
        local server = net.TCPServer()
        server:start("127.0.0.1", 0, function() {DIE} end, {{success = function(port)
          net.TCPSocket():connect("127.0.0.1", port, {{success = function() end}})
        end}})""",
    "a request comes": f"""
        local server = net.HTTPServer()
        server:start("127.0.0.1", 0, function() {DIE} end, {{success = function(port)
          net.HTTPClient():request("http://127.0.0.1:" .. port, {{error = ran}})
        end}})""",
    "net.onError": f"""
        net.onError(function() {DIE} end)
        setTimeout(function() error("x") end, 1)
        setTimeout(ran, 1)""",
    "net.onError of the main chunk": f"net.onError(function() {DIE} end) error('x')",
    "an error in net.onError": f"""
        net.onError(function()
          error(setmetatable({{}}, {{__tostring = function() {DIE} end}}))
        end)
        error("x")""",
    "a hook": f"""
        debug.sethook(function() {DIE} end, "l")
        pcall(function()
          local x = 1
        end)
        ran()""",
}


class CaseTests(SynchronousTestCase):
    """From wherever it is called, on each Lua version; each in a process of its own."""

    lua = "5.4"

    def test_nothing_runs_after_it(self) -> None:
        good = Outcome([], [], None, [6], [], [])
        found = {
            name: replace(outcome, failure=None)
            for name, outcome in run_cases(self.lua, CASES).items()
        }
        self.assertEqual(
            {name: each for name, each in found.items() if each != good}, {}
        )


globals().update(for_each_lua(CaseTests))
