-- Errors of the script: where it is, tracebacks without the library's frames, the
-- report of what nobody caught; and os.exit, which is an error that cannot be caught.

local core = ...

local host, LIBRARY = core.host, core.LIBRARY
local getinfo, traceback = debug.getinfo, debug.traceback
local resume, rawget, setmetatable = coroutine.resume, rawget, setmetatable
local type, tostring, error = type, tostring, error
local xpcall, pcall, concat = xpcall, pcall, table.concat

-- Where the script is: the innermost frame that is not the library's.

local function script_level(level)
  level = level + 1
  while true do
    local info = getinfo(level, "S")
    if not info then return nil end
    if info.what ~= "C" and info.source:sub(1, #LIBRARY) ~= LIBRARY then
      return level - 1
    end
    level = level + 1
  end
end

--- "script.lua:12", the script's line that led here.
function core.place()
  local level = script_level(2)
  if not level then return "?" end
  local info = getinfo(level, "Sl")
  return info.short_src .. ":" .. info.currentline
end

--- Raise an error at the script's own line.
function core.raise(message)
  local level = script_level(2)
  if level then error(message, level) end
  error(message, 0)
end

-- Errors of callbacks and tasks.

-- A problem with the script's part of a traceback below it. The traceback is made
-- without the message, which it would cut at a zero byte.
function core.with_frames(message, trace)
  local kept = { message }
  for line in trace:gmatch("[^\n]+") do
    if not line:find("^\t<eplua>/") and not line:find("^\t%[C%]: in [^ ]* *'?xpcall") then
      kept[#kept + 1] = line
    end
  end
  -- The library's call of the script's function, seen from below.
  if kept[#kept] == "\t(...tail calls...)" then kept[#kept] = nil end
  return concat(kept, "\n")
end

core.exiting = false

function core.describe(problem)
  local good, text = pcall(tostring, problem)
  return good and text or "an error value of type " .. type(problem)
end

local function with_traceback(problem)
  if core.exiting then return problem end
  return core.with_frames(core.describe(problem), traceback("", 2))
end

local on_error

--- Report an error that nobody caught: net.onError first, then the log.
local function report(trace)
  if core.exiting then return end
  if on_error then
    local good, problem = xpcall(on_error, with_traceback, trace)
    if not good and not core.exiting then host.report(problem) end
  end
  if not core.exiting then host.report(trace) end
end
core.report = report

function core.set_on_error(f) on_error = f end

--- Call a script's function; what it raises is reported, not passed on.
local function protect(f, ...)
  local good, trace = xpcall(f, with_traceback, ...)
  if not good then report(trace) end
  return good
end
core.protect = protect

-- os.exit: no script code runs after it, not even behind pcall. The hook raises
-- again at the first instruction of whoever caught the error; coroutines have a
-- hook each, so whoever resumed one gets its hook when that one is left.

local EXIT = setmetatable({}, { __name = "exit", __tostring = function() return "os.exit" end })

do
  local sethook, off = debug.sethook, rawget(_G, "jit") and jit.off
  local function hook() error(EXIT, 0) end
  local function leave()
    -- A compiled loop checks no hook.
    if off then off() end
    sethook(hook, "", 1)
    error(EXIT, 0)
  end
  core.leave = leave
  local function check(...)
    if core.exiting then leave() end
    return ...
  end
  local wrap = coroutine.wrap
  function coroutine.resume(co, ...) return check(resume(co, ...)) end
  function coroutine.wrap(f)
    local next_value = wrap(f)
    return function(...) return check(next_value(...)) end
  end
end

function core.exit(code)
  core.exiting = true
  host.exit(code)
  core.leave()
end
