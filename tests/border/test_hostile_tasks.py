"""What scripts do to tasks that no task is made for: nothing crashes, hangs or is lost."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support import for_each_lua
from tests.support.cases import run_cases

CASES = {
    "closures of dead tasks": """
        for i = 1, 200 do
          task.start(function()
            local t = task.current()
            local q = task.queue(1)
            task.start(function() q:get() end):cancel()
            q:put(function() end)
            t.note = function() return t end
            net.resolve("localhost", {success = function() end})
          end)
        end
        collectgarbage() collectgarbage()
        setTimeout(function() collectgarbage() ran() end, 5)
    """,
    "cancelled while collected": """
        for i = 1, 200 do
          local t = task.start(function()
            local s = net.TCPSocket()
            s:connect("127.0.0.1", 1)
          end)
          if i % 2 == 0 then t:cancel() end
        end
        collectgarbage()
        setTimeout(ran, 5)
    """,
    "deep starts": """
        local function deeper(n)
          if n > 0 then task.start(deeper, n - 1) end
        end
        deeper(100)
        local function endless() task.start(endless) end
        task.start(endless)
        setTimeout(ran, 5)
    """,
    "deep cancels": """
        local tasks = {}
        for i = 1, 5000 do
          tasks[i] = task.start(function()
            pcall(task.sleep, 1e6)
            if tasks[i + 1] then tasks[i + 1]:cancel() end
          end)
        end
        tasks[1]:cancel()
        setTimeout(ran, 5)
    """,
    "endless cleanup": """
        local t = task.start(function() while true do pcall(task.sleep, 1) end end)
        local u = task.start(function()
          while true do pcall(function() net.resolve("localhost") end) end
        end)
        local v = task.start(function() while true do pcall(coroutine.yield) end end)
        setTimeout(function() t:cancel() u:cancel() v:cancel() end, 1)
        setTimeout(ran, 5)
    """,
    "yields where it must not": """
        task.start(function()
          print(pcall(table.sort, {3, 2, 1}, function() task.sleep(1) end))
          print(pcall(string.gsub, "x", "x", function() task.sleep(1) end))
          print(pcall(load, function() task.sleep(1) end))
          ran()
        end)
    """,
    "resumed from outside": """
        local co
        task.start(function() co = coroutine.running() pcall(task.sleep, 1) ran() end)
        print(coroutine.resume(co, "forged"))
        print(coroutine.resume(co))
        if coroutine.close then print(pcall(coroutine.close, co)) end
        local held
        task.start(function() held = coroutine.running() task.sleep(1) end)
        if coroutine.close then print(pcall(coroutine.close, held)) end
    """,
    "metamethods and iterators": """
        task.start(function()
          local t = setmetatable({}, {
            __index = function() task.sleep(1) return 5 end,
            __add = function() task.sleep(1) return 6 end,
            __call = function() task.sleep(1) return 7 end,
          })
          assert(t.x == 5 and t + 1 == 6 and t() == 7)
          for x in function(_, n) task.sleep(1) n = n and nil return n end do end
          ran()
        end)
    """,
    "raises nil": """
        task.start(error)
        task.start(function() task.sleep(0) error() end)
        local t = task.start(function() task.sleep(0) error(nil) end)
        task.start(function() print(t:wait()) ran() end)
    """,
    "handles": """
        local t = task.start(task.sleep, 1)
        for _, value in ipairs({t.wait, t.cancel}) do
          for _, self in ipairs({5, "x", {}, print, task, task.queue()}) do
            assert(not pcall(value, self))
          end
        end
        t.co, t.waits, t.withdraw, t.stops, t.outcome = 1, 2, 3, 4, 5
        t:cancel()
        assert(not pcall(setmetatable, t, {}))
        ran()
    """,
    "in finalizers": """
        for i = 1, 10 do
          local f = function()
            task.start(function() task.sleep(1) end)
            task.start(task.sleep, 1):cancel()
          end
          if newproxy then getmetatable(newproxy(true)).__gc = f
          else setmetatable({}, {__gc = f}) end
        end
        collectgarbage() collectgarbage()
        setTimeout(ran, 5)
    """,
    "os.exit in a task": """
        task.start(function()
          task.start(function() pcall(task.sleep, 1) pcall(os.exit, 3) ran("never") end)
          pcall(task.all, function() task.sleep(5) end, function() task.sleep(1) end)
          ran("never")
        end)
    """,
    "os.exit while cancelled": """
        task.start(function() pcall(task.sleep, 1) os.exit(4) ran("never") end):cancel()
        task.start(function() pcall(task.sleep, 100) ran("never") end)
    """,
    "a million waits": """
        task.start(function()
          local q = task.queue(1)
          task.start(function() for i = 1, 20000 do q:put(i) end q:close() end)
          local sum = 0
          while true do
            local value = q:get()
            if not value then break end
            sum = sum + value
          end
          assert(sum == 200010000)
          ran()
        end)
    """,
    "globals replaced": """
        coroutine.running, coroutine.yield, coroutine.resume, coroutine.status = nil
        pcall, error, select, type, setmetatable, unpack = nil
        table.unpack, table.remove, string.format = nil
        task.start(function()
          local q = task.queue()
          task.start(function() task.sleep(1) q:put(1) end)
          q:get()
          task.all(function() task.sleep(1) end, function() end)
          task.start(task.sleep, 50):cancel()
          ran()
        end)
    """,
    "an error in a table of fields": """
        local t = task.start(function() task.sleep(1) error(setmetatable({}, {
          __tostring = function() error("no") end,
          __index = function() error("no") end,
        })) end)
        task.start(function() t:wait() ran() end)
    """,
    "closing variables": """
        local chunk = load([[
          task.start(function()
            local x <close> = setmetatable({}, {__close = function() task.sleep(1) ran() end})
            task.sleep(5)
          end)
        ]])
        if chunk then chunk() else ran() end
    """,
}

EXITS = {"os.exit in a task": [3], "os.exit while cancelled": [4]}

SILENT = {*EXITS}
"""Those in which C{ran} is not called."""


class HostileTaskTests(SynchronousTestCase):
    lua = "5.4"

    def test_each_goes_on_and_fails_nowhere_in_python(self) -> None:
        for name, outcome in run_cases(self.lua, CASES, seconds=2).items():
            self.assertEqual(outcome.bugs, [], name)
            self.assertEqual(outcome.failure, None, name)
            self.assertEqual(outcome.codes, EXITS.get(name, []), name)
            self.assertEqual(
                outcome.ran, [] if name in SILENT else ["RAN"], (name, outcome)
            )
            for error in outcome.errors:
                self.assertNotIn("<eplua>", error, name)


globals().update(for_each_lua(HostileTaskTests))
