-- The Lua end of the bridge.
--
-- Called once per Lua state with the functions that give the library's files and the
-- primitives of Python's modules. What those files share is in `core`, which no script
-- sees. Returns the function that takes every answer, and the one that exposes the
-- application's functions.

local source, primitives_of = ...

local type, error, rawget, xpcall = type, error, rawget, xpcall
local traceback, format = debug.traceback, string.format
local load = loadstring or load

-- Nothing but primitives leads to Python, and nothing leads into a primitive.
debug.getmetatable(source).__metatable = false

---@class eplua.core
local core = {
  LIBRARY = "@<eplua>/",
  resume = coroutine.resume,
  unpack = table.unpack or unpack,
}

--- The primitives of a Python module by name.
function core.primitives(module)
  local list, named = { primitives_of(module) }, {}
  for i = 1, #list, 2 do named[list[i]] = list[i + 1] end
  return named
end

-- Library files: each is loaded when first used, with its primitives.

local loaded = {}

--- The result of a library file, e.g. core.import("net/tcp", "tcp").
---@param name string its path in lua/, without the ending
---@param module string|nil the Python module with its primitives
function core.import(name, module)
  if loaded[name] == nil then
    local chunk, problem = load(source(name), core.LIBRARY .. name .. ".lua", "t")
    if not chunk then error(problem, 0) end
    loaded[name] = chunk(core, module and core.primitives(module)) or true
  end
  return loaded[name]
end

local calls = core.primitives("calls")
core.host, core.calls = core.primitives("host"), calls
core.import("border/reports")
core.import("border/operations")
local deliver = core.deliver

-- What the application asks of Lua: run a chunk, call a global function.

local commands = {}

local function chunk_traceback(problem)
  if core.exiting then return problem end
  local message = core.describe(problem)
  return { message, core.with_frames(message, traceback("", 2)) }
end

local function finish(number, good, ...)
  if core.exiting then return end
  if good then return calls.finish(number, true, ...) end
  local problem = ...
  calls.finish(number, false, problem[1], problem[2])
end

function commands.run(number, code, name, directory, script, ...)
  local chunk, problem = load(code, name, "t")
  if not chunk then return calls.finish(number, false, problem, problem) end
  arg = { [0] = script, ... }
  package.path = directory .. "/?.lua;" .. directory .. "/?/init.lua"
  finish(number, xpcall(chunk, chunk_traceback, ...))
end

function commands.call(number, name, ...)
  local f = rawget(_G, name)
  if not core.callable(f) then
    local problem = format("'%s' is not a global function, it is a %s value", name, type(f))
    return calls.finish(number, false, problem, problem)
  end
  finish(number, xpcall(f, chunk_traceback, ...))
end

local function dispatch(ticket, ok, ...)
  if ticket == 0 then return commands[ok](...) end
  return deliver(ticket, ok, ...)
end

core.import("border/globals")

return dispatch, core.expose
