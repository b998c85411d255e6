-- The Lua end of the bridge.
--
-- Called once per Lua state with the functions that give the library's files and the
-- primitives of Python's modules. Returns the function that takes every answer, the one
-- that exposes the application's functions, and what is called last.

local source, primitives_of, holds, tests = ...

local error, pairs, pcall, rawget, type = error, pairs, pcall, rawget, type
local collect, load = collectgarbage, load
local real = _G

-- The script's globals are not those of the Lua state: in these lupa looks for
-- `debug.traceback` before each call, where an error of a metamethod ends the process.
local globals = {}
for name, value in pairs(real) do globals[name] = value end
globals._G, package.loaded._G = globals, globals
for name in pairs(globals) do real[name] = nil end

-- Nothing but primitives leads to Python, and nothing leads into a primitive.
globals.debug.getmetatable(source).__metatable = false

-- What each file of the library is given. A file imports what it uses, and what it
-- returns is all that others have of it.
---@class eplua.core
---@field classes table<string, table> of net, by name
---@field modules table<table, string> the names of the script's modules
local core = {
  PREFIX = "@<eplua>/",
  modules = {},
  holds = holds, -- scripts wait in the middle of anything
  state_globals = real,
  unpack = globals.table.unpack or globals.unpack, -- luacheck: ignore 143
}

-- What the library's files find in their globals: all that Lua has, as it was before a
-- script could change it, however late a file is loaded. `_G` there is the script's.
local environment = {}
core.environment = environment
for name, value in pairs(globals) do
  environment[name] = value
  if type(value) == "table" and value ~= globals and name ~= "package" then
    environment[name] = {}
    for key, each in pairs(value) do environment[name][key] = each end
  end
end

--- The primitives of a Python module by name.
---@param module string
---@return table<string, function>
local function primitives(module)
  local list, named = { primitives_of(module) }, {}
  if list[1] == nil then return nil, list[2] end
  for i = 1, #list, 2 do named[list[i]] = list[i + 1] end
  return named
end

local loaded = {}

--- A file, or the Python module for it, is out of reach: no descriptor is left.
local function cannot_load(name, why)
  local message = "cannot load " .. name .. ": " .. why
  if loaded["border/reports"] then loaded["border/reports"].raise(message) end
  error(message, 0)
end

--- The result of a library file, e.g. core.import("net/tcp", "tcp"); loaded when first
--- asked for.
---@param name string its path in lua/, without the ending
---@param module string|nil the Python module with its primitives
function core.import(name, module)
  if loaded[name] == nil then
    local code, why = source(name)
    if not code then cannot_load(name, why) end
    local chunk, problem = load(code, core.PREFIX .. name .. ".lua", "t", environment)
    if not chunk then error(problem, 0) end
    local named
    if module then
      named, why = primitives(module)
      if not named then cannot_load(name, why) end
    end
    loaded[name] = chunk(core, named) or true
  end
  return loaded[name]
end

---@type table<string, function> print, report, warn and the like
core.library = primitives("library")
core.memory = primitives("memory")

---@type table<string, function> what there is for calls of the application and by it
core.calls = primitives("calls")

local calls, memory = core.calls, core.memory
local lift, lower = memory.memory_lift, memory.memory_lower

local function lowered(...)
  lower()
  return ...
end

-- lupa notes in Lua each table that Python gets: where memory is limited, that needs room.
local function lifting(f)
  return function(...)
    lift()
    return lowered(f(...))
  end
end

if memory.memory_limited() then
  calls.finish, calls.invoke = lifting(calls.finish), lifting(calls.invoke)
  -- LuaJIT does not collect when memory runs out: it has to be earlier.
  if rawget(globals, "jit") then collect("setpause", 100) end
end

core.import("border/collector")
local exit, reports = core.import("border/exit"), core.import("border/reports")
local limits, tickets = core.import("border/limits", "limits"), core.import("border/tickets")
local sweep = core.import("border/class").sweep
local asked = core.import("border/commands")
local commands, deliver = asked.commands, tickets.deliver

local function dispatch(ticket, ok, ...)
  local again
  if ticket ~= 0 then again = deliver(ticket, ok, ...) else commands[ok](...) end
  if limits.over then reports.report("") end
  -- What was collected meanwhile is let go now: perhaps nothing is opened for long.
  sweep()
  return again
end

core.import("border/globals")
if tests then
  -- On Home Center 3 there is no require.
  globals.eplua.test = core.import("testing/init", "testing")
  globals.package.loaded["eplua.test"] = globals.eplua.test
end
local expose = core.import("border/exposed")

local entry = dispatch
if core.holds then
  entry = core.import("border/holding").in_worker(dispatch, exit, exit.plain_resume)
  core.import("hc3/init", "hc3").start(commands, asked.finish)
end

--- As `entry`, where memory is short: Python has lifted the limit to give what it gives.
---@param what string
local function squeeze(what, ticket, ok, ...)
  memory.memory_ease()
  if what == "collect" then
    -- Finalizers of the script may fail.
    pcall(collect)
  elseif what == "give" then
    return entry(ticket, ok, ...)
  elseif tickets.is_listener(ticket) then
    reports.report(ok)
  else
    entry(ticket, false, "limit", ok)
  end
end

return entry, expose, core.import("border/finalizers").drop, squeeze
