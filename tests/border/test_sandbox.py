"""
Every known way out of Lua itself, in processes of their own: with a sandbox, and with
limits but no sandbox. Each is tried on each Lua version.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support import LUA_VERSIONS
from tests.support.cases import run_cases

SEARCH = """
-- Whatever can be reached from a value, by all that a script can do with it.
local seen, found = {}, nil
local bad = {}
for name in ("open popen execute remove rename tmpname lines getregistry getupvalue setupvalue "
  .. "upvaluejoin upvalueid sethook setlocal getlocal setuservalue setmetatable_any loadlib "
  .. "loadfile dofile dump attach"):gmatch("%S+") do bad[name] = true end
local allowed = {}
for _, f in ipairs({table.remove, ...}) do allowed[f] = true end
local function look(value, way)
  local kind = type(value)
  if value == nil or seen[value] or kind == "string" or kind == "number" or kind == "boolean" then
    return
  end
  seen[value] = way
  if kind == "table" then
    for key, each in next, value do
      look(key, way .. "{}")
      local name = way .. "." .. tostring(key)
      if bad[key] and type(each) == "function" and not allowed[each] then
        found = found or name
      end
      look(each, name)
    end
  end
  if kind == "function" and getfenv then
    local good, environment = pcall(getfenv, value)
    if good then look(environment, way .. "<env>") end
  end
  local good, meta = pcall(getmetatable, value)
  if good then look(meta, way .. "<meta>") end
end
look(_G, "_G")
look(package.loaded, "loaded")
look(package.preload, "preload")
look(getmetatable(""), "string")
look(coroutine.running(), "thread")
for level = 0, 20 do
  if getfenv then
    local good, environment = pcall(getfenv, level)
    if good then look(environment, "level") end
  end
end
"""

WAYS = {
    "everything": SEARCH + "if found then ran(found) end",
    "io": "if io then ran() end",
    "os": "for name in pairs(os) do if not (' clock date difftime time '):find(' ' .. name"
    " .. ' ') then ran(name) end end",
    "debug": "if debug then ran() end",
    "require": "for _, name in ipairs({'io', 'os', 'debug', 'python', 'ffi', 'jit.util',"
    " 'jit.opt', 'jit.profile', 'string.buffer', 'jit'}) do local good, found ="
    " pcall(require, name) if good and (name ~= 'os' or found.execute)"
    " and (name ~= 'jit' or found.attach) then ran(name) end end",
    "package.loaded": "for _, name in ipairs({'io', 'debug', 'python', 'ffi', 'jit.opt'}) do"
    " if package.loaded[name] then ran(name) end end",
    "package.loadlib": "if package.loadlib then ran() end",
    "searchers": "local list = package.searchers or package.loaders"
    " if #list > 2 then ran() end for i = 1, #list do"
    " local good, found = pcall(list[i], 'io') if good and type(found) ~= 'string'"
    " and found ~= nil then ran() end end",
    "package.path": "package.path = '/etc/?' package.cpath = '/usr/lib/?.so'"
    " if pcall(require, 'hostname') or pcall(require, 'passwd') then ran() end"
    " local _, why = pcall(require, 'passwd') if why:find('syntax') or why:find('<') and"
    " why:find('expected') then ran(why) end",
    "searchpath": "if package.searchpath and package.searchpath('passwd', '/etc/?') then"
    " ran() end",
    "a module with a slash": "package.path = '?' if pcall(require, '/etc/passwd') then ran()"
    " end local _, why = pcall(require, '/etc/passwd') if not why:find('not found') then"
    " ran(why) end",
    "bytecode": "if string.dump then ran() end"
    " for _, head in ipairs({'\\27Lua', '\\27LuaS', '\\27LuaT', '\\27LJ\\2'}) do"
    " if load(head .. ('\\0'):rep(100), 'x', 'b') then ran() end"
    " if loadstring and loadstring(head .. ('\\0'):rep(100)) then ran() end"
    " local sent if load(function() if not sent then sent = true return head .. 'x' end end)"
    " then ran() end end",
    "bytecode in pieces": "local i = 0 if load(function() i = i + 1"
    " return i == 1 and '\\27' or i == 2 and 'Lua' or nil end, 'x', 'b') then ran() end",
    "dump of a string": "if ('').dump or getmetatable('').__index.dump then ran() end",
    "loadfile": "if loadfile or dofile then ran() end",
    "an environment": "if not getfenv then return end"
    " for _, f in ipairs({print, net.resolve, setTimeout, pcall, require, load, string.find,"
    " task.start, coroutine.wrap, getmetatable(net).__index, net.TCPSocket}) do"
    " local good, found = pcall(getfenv, f) if good and (found.io or found.debug) then ran()"
    " end end"
    " for i = 0, 50 do local good, found = pcall(getfenv, i)"
    " if good and (found.io or found.debug or found.loadfile) then ran('level ' .. i) end end",
    "an environment for others": "if not setfenv then return end"
    " local mine = setmetatable({}, {__index = function(_, name) ran(name) end})"
    " for _, f in ipairs({print, net.resolve, setTimeout, pcall, load, require}) do"
    " pcall(setfenv, f, mine) end pcall(setfenv, 0, mine)"
    " setTimeout(function() end, 1) pcall(net.resolve, 5)",
    "an environment in a callback": "if not getfenv then return end"
    " local pcall, getfenv, setfenv, ran = pcall, getfenv, setfenv, ran"
    " local function look() for i = 0, 50 do local good, found = pcall(getfenv, i)"
    " if good and (found.io or found.debug) then ran('level ' .. i) end"
    " pcall(setfenv, i, {}) end end"
    " setTimeout(look, 1) task.start(function() task.sleep(1) look() end)"
    " net.onError(look) setTimeout(error, 2) setmetatable({}, {__gc = look})"
    " json.encode(setmetatable({}, {__index = look, __pairs = look, __len = look}))",
    "module": "if module then module('debug', package.seeall) ran() end",
    "jit": "if jit then for name, each in pairs(jit) do if type(each) == 'function' then"
    " ran(name) end end end",
    "collected primitives": "local held = {} for i = 1, 100 do"
    " held[i] = net.TCPSocket() end held = nil collectgarbage() collectgarbage()",
    "metatables of ours": "for _, each in ipairs({net, mqtt, json, task, net.TCPSocket(),"
    " setTimeout(print, 0), eplua}) do local meta = getmetatable(each)"
    " if type(meta) == 'table' and (meta.__gc or meta.__mode) then ran() end end"
    " local meta = getmetatable(ran) if type(meta) == 'table' then ran() end",
    "arguments of hooks": "local function spy(...) for i = 1, select('#', ...) do"
    " local each = select(i, ...) if type(each) == 'userdata' or type(each) == 'function'"
    " then ran(type(each)) end end return false end"
    " local trap = setmetatable({}, {__index = spy, __newindex = spy, __len = spy,"
    " __pairs = spy, __tostring = spy, __eq = spy, __lt = spy, __le = spy, __concat = spy,"
    " __call = spy, __unm = spy})"
    " for _, f in ipairs({net.TCPSocket, net.HTTPServer, net.resolve, json.encode,"
    " mqtt.Client.connect, task.start, setTimeout, print}) do pcall(f, trap) pcall(f, 'x', trap)"
    " end"
    " pcall(function() net.TCPSocket():connect(trap, trap, trap) end)"
    " pcall(function() net.HTTPClient():request('http://x/', {options = trap}) end)"
    " net.onError(trap) setTimeout(function() error(trap) end, 1)",
    "replaced functions": "local select, type, ran = select, type, ran net.TCPSocket()"
    " for _, t in ipairs({_G, string, table, math, coroutine}) do"
    " for name, each in pairs(t) do if type(each) == 'function' and name ~= 'ran'"
    " and name ~= 'pairs' and name ~= 'ipairs' then"
    " t[name] = function(...) for i = 1, select('#', ...) do"
    " if type((select(i, ...))) == 'userdata' then ran(name) end end end end end end"
    " net.TCPSocket():connect('127.0.0.1', 1, {}) net.HTTPClient():request('http://x/')",
    "files by other names": "if pcall(function() net.HTTPServer():static('/', '/etc') end)"
    " then ran() end if pcall(net.TCPSocket, {tls = {certificateAuthority = '/etc/passwd'}})"
    " then ran() end",
    "a time that crashes": "for _, format in ipairs({'%Ez', '%', '*t', '!%c', ('%c'):rep(9e3)})"
    " do pcall(os.date, format, 2^53) pcall(os.date, format, -2^53) end",
    "many coroutines": "local function nest(n) if n > 0 then"
    " coroutine.wrap(nest)(n - 1) end end pcall(nest, 1000)",
    "deep calls": "local function deep() return deep() + 1 end pcall(deep)"
    " pcall(string.rep, 'x', -1) pcall(string.format, '%99999d', 1)",
    "unpack": "local unpack = table.unpack or unpack pcall(unpack, {}, 1, 1e8)"
    " pcall(unpack, {}, -2^31, 2^31 - 1) pcall(string.char, unpack({}, 1, 200))",
}
"""Pieces of Lua that call C{ran} when they have got out of a sandbox."""

LIMITED = {
    "upvalues": "for _, name in ipairs({'getupvalue', 'setupvalue', 'upvaluejoin',"
    " 'getregistry', 'getlocal', 'setlocal', 'sethook', 'setmetatable', 'getmetatable',"
    " 'getuservalue', 'setuservalue', 'upvalueid', 'gethook', 'getfenv', 'setfenv',"
    " 'debug'}) do if debug[name] then ran(name) end end",
    "functions of frames": "for i = 0, 50 do for _, what in ipairs({'f', 'nSltuf', 'fL'}) do"
    " local good, info = pcall(debug.getinfo, i, what) if good and info and info.func then ran() end end end"
    " local info = debug.getinfo(coroutine.running() or print, 0) if info and info.func then"
    " ran() end if pcall(debug.getinfo, 1, '>f') and debug.getinfo(1, '>f').func then ran() end",
    "everything": "-- The wrapped ones are there.\n"
    + SEARCH.replace(
        "table.remove, ...",
        "table.remove, io.open, io.popen, io.lines, os.execute, os.remove, os.rename, os.tmpname,"
        " string.dump, debug.traceback, debug.getinfo, getmetatable(io.stdout).__index.lines",
    )
    + "if found then ran(found) end",
    "files": "for _, f in ipairs({function() return io.open('/etc/passwd') end,"
    " function() return io.lines('/etc/passwd') end,"
    " function() return io.input('/etc/passwd') end,"
    " function() return io.popen('id') end, function() return os.execute('id') end,"
    " function() return io.open('/proc/self/root/etc/passwd') end,"
    " function() return io.open('/proc/self/cwd/../../../../etc/passwd') end})"
    " do local good, value = pcall(f) if good and value then ran() end end",
    "module": "if module then ran() end",
    "an environment": WAYS["an environment"].replace(
        "found.io or found.debug", "false"
    ),
    "jit": WAYS["jit"],
    "require": "for _, name in ipairs({'ffi', 'jit.util', 'jit.opt', 'string.buffer'}) do"
    " if pcall(require, name) then ran(name) end end if require('io') ~= io"
    " or require('debug') ~= debug or require('os') ~= os then ran() end",
    "package.path": WAYS["package.path"],
}
"""The same for limits without a sandbox."""


class SandboxTests(SynchronousTestCase):
    def check(self, cases: dict[str, str], limits: str) -> None:
        for version in LUA_VERSIONS:
            for name, outcome in run_cases(version, cases, limits=limits).items():
                where = version, name, outcome
                self.assertEqual(outcome.ran, [], where)
                self.assertEqual(outcome.bugs, [], where)
                self.assertEqual(outcome.codes, [], where)

    def test_nothing_leads_out_of_a_sandbox(self) -> None:
        self.check(WAYS, "sandbox")

    def test_nothing_leads_round_limits(self) -> None:
        directory = Path(self.mktemp())
        directory.mkdir()
        self.check(LIMITED, os.path.realpath(directory))

    def test_these_are_ways(self) -> None:
        """Without a sandbox they lead somewhere; so the tests above can fail."""
        names = (
            "everything",
            "io",
            "os",
            "debug",
            "package.loaded",
            "searchpath",
            "jit",
        )
        outcomes = run_cases("luajit", {each: WAYS[each] for each in names})
        opened = {name for name, outcome in outcomes.items() if outcome.ran}
        self.assertEqual(opened | {"searchpath"}, set(names))
        outcomes = run_cases(
            "5.4", {each: LIMITED[each] for each in ("upvalues", "functions of frames")}
        )
        self.assertTrue(all(outcome.ran for outcome in outcomes.values()))

    def test_what_stays(self) -> None:
        """The string library and coroutines are whole, and time is told."""
        code = """
        for name in ("byte char find format gmatch gsub len lower match rep reverse sub upper")
          :gmatch("%S+") do assert(string[name], name) end
        for name in ("create resume running status wrap yield"):gmatch("%S+") do
          assert(coroutine[name], name)
        end
        assert(os.time() and os.clock() and os.date() and os.difftime(2, 1) == 1)
        assert(load("return 5")() == 5 and require("net") == net and require("json") == json)
        assert(pcall and xpcall and select and setmetatable and table.concat and math.floor)
        print(("x"):rep(3), coroutine.wrap(function() return "co" end)())
        """
        for version in LUA_VERSIONS:
            outcome = run_cases(version, {"stays": code}, limits="sandbox")["stays"]
            self.assertEqual((outcome.failure, outcome.lines), (None, ["xxx\tco"]))
