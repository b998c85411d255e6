-- The Lua end of the bridge.
--
-- Called once per Lua state with the functions that give the library's files and the
-- primitives of Python's modules. Returns the function that takes every answer, the one
-- that exposes the application's functions, and what is called last.

local source, primitives_of, holds = ...

local error, pairs, rawget, select = error, pairs, rawget, select
local pcall, type, xpcall = pcall, type, xpcall
local collect, load = collectgarbage, load
local traceback, format = debug.traceback, string.format
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

local check_callbacks = core.import("border/callbacks").check
local exit, reports = core.import("border/exit"), core.import("border/reports")
local limits = core.import("border/limits", "limits")
local tasks = core.import("border/tasks")
local unpack = core.unpack
local text, tickets = core.import("border/text"), core.import("border/tickets")
local callable, describe, deliver = text.callable, text.describe, tickets.deliver
local sweep = core.import("border/class").sweep

-- What the application asks of Lua: run a chunk, call a global function.

local calls = primitives("calls")
local commands = {}

local memory = core.memory
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

local function chunk_traceback(problem)
  if exit.exiting or limits.over then return problem end
  local message = reports.explain(problem, nil, 2)
  return { message, reports.with_frames(message, traceback("", 2)) }
end

local function fail(number, message, trace)
  if not exit.exiting then calls.finish(number, false, message, trace) end
end

--- Tell the application how its command ended. Memory may have run out, in the script
--- or in the handler of its error: then there is a message and no traceback.
---@param forgiven boolean|nil an error that net.onError handled is none
local function finish(number, forgiven, good, ...)
  if exit.exiting then return end
  if good then return calls.finish(number, true, ...) end
  local problem = ...
  if limits.over then
    local trace, message = limits.settle()
    problem = { message, trace }
  end
  reports.out_of_memory(problem)
  local message, trace
  if type(problem) == "table" and type(problem[2]) == "string" then
    message, trace = problem[1], problem[2]
  else
    message = reports.named(describe(problem))
    trace = message
  end
  if reports.handled(trace) and forgiven then return calls.finish(number, true) end
  fail(number, message, trace)
end

local sandbox = core.import("border/sandbox")

--- An entry has taken so many milliseconds.
function commands.slow(milliseconds)
  local f, task = limits.callback, limits.task
  local place = f and reports.begin(f) or task and reports.spell(task.script, task.line) or "?"
  core.library.warn(format("%s: %s has taken %d ms; nothing else ran meanwhile", place,
    f and "the callback" or "the task started here", milliseconds))
end

--- Before Python tells of an error that memory running out may have been.
function commands.collect() collect() end

function commands.run(number, code, name, directory, script, ...)
  local chunk, problem = load(code, name, "t", globals)
  if not chunk then return fail(number, problem, problem) end
  globals.arg = { [0] = script, ... }
  sandbox.search_beside(directory)
  limits.callback = chunk
  finish(number, true, xpcall(chunk, chunk_traceback, ...))
end

local called = {} -- tasks of calls that wait, by the call's number

--- A call is over. When it was cancelled nobody waits for it any more.
local function call_ended(task, call)
  local number = call.number
  called[number] = nil
  if call.cancelled then return false end
  if task.outcome == "returned" then
    finish(number, false, true, unpack(task.results, 1, task.results.n))
  elseif task.outcome == "cancelled" then
    fail(number, "task cancelled", "task cancelled")
  else
    local trace = task.trace .. "\n\tin Runtime.call, " .. call.name
    finish(number, false, false, { task.message, trace })
  end
  return true
end

function commands.call(number, name, ...)
  local f = rawget(globals, name)
  if not callable(f) then
    local problem = format("'%s' is not a global function, it is a %s value", name, type(f))
    return fail(number, problem, problem)
  end
  local call = { number = number, name = name, ended = call_ended }
  local task = tasks.start(f, call, ...)
  if not task.outcome then called[number] = { task, call } end
end

--- The application has lost interest in a call.
function commands.cancel(number)
  local found = called[number]
  if not found then return end
  found[2].cancelled = true
  tasks.cancel(found[1])
end

local function dispatch(ticket, ok, ...)
  if ticket ~= 0 then deliver(ticket, ok, ...) else commands[ok](...) end
  if limits.over then reports.report("") end
  -- What was collected meanwhile is let go now: perhaps nothing is opened for long.
  sweep()
end

core.import("border/globals")

-- The application's own functions: a result at once, or an answer like that of any
-- operation.

local function received(name, given, outcome, ...)
  if outcome == "later" then
    local task = given == nil and tasks.current()
    if task and (task.stops or not tasks.can_wait()) then
      calls.discard((...), task.stops ~= nil)
      tasks.check_can_wait()
    end
    return tickets.ask(name, given, calls.collect, (...))
  end
  if outcome == "raise" then
    local message, of_application = ...
    -- With file and line it is told from another error of the same text.
    reports.raise(message, of_application and calls.raised)
  end
  return ...
end

local function exposed(name, index)
  return function(...)
    local count, given = select("#", ...), nil
    local last = count > 0 and (select(count, ...)) or nil
    if type(last) == "table"
      and (type(last.success) == "function" or type(last.error) == "function") then
      -- What is wrong with them is said before the function is called.
      check_callbacks(last, name)
      given, count = last, count - 1
    end
    return received(name, given,
      calls.invoke(index, given ~= nil, unpack({ ... }, 1, count)))
  end
end

local space -- the table that functions are being put into

--- Make the application's function number `index` the global `name`; without a number
--- that is a new table, into which those with a field go that follow.
local function expose(name, index, field)
  if not index then
    space = {}
    globals[name] = space
  elseif field then
    space[field] = exposed(name .. "." .. field, index)
  else
    globals[name] = exposed(name, index)
  end
end

local entry = dispatch
if core.holds then
  entry = core.import("border/holding").in_worker(dispatch, exit, exit.plain_resume)
  core.import("hc3/init", "hc3").start(commands, finish)
end

--- As `entry`, where memory is short: Python has lifted the limit to give what it gives.
---@param what string
local function squeeze(what, ticket, ok, ...)
  memory.memory_ease()
  if what == "collect" then
    -- Finalizers of the script may fail.
    pcall(collect)
  elseif what == "give" then
    entry(ticket, ok, ...)
  elseif tickets.is_listener(ticket) then
    reports.report(ok)
  else
    entry(ticket, false, "limit", ok)
  end
end

return entry, expose, core.import("border/finalizers").drop, squeeze
