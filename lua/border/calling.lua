-- Calls of the script's functions, and what is done when memory has run out in one. Lua
-- calls no message handler then; but a coroutine that has failed has its frames yet, and
-- they say where that was. So where memory is limited functions are called in coroutines,
-- of which the script sees nothing.

local core = ...

local exit = core.import("border/exit")
local limits = core.import("border/limits", "limits")
local collect, error, pcall, rawequal, rawget = collectgarbage, error, pcall, rawequal, rawget
local select, setmetatable, type, xpcall = select, setmetatable, type, xpcall
local create, resume, running, yield =
  limits.create, exit.resume, coroutine.running, coroutine.yield
local close, isyieldable = rawget(coroutine, "close"), rawget(coroutine, "isyieldable")
local find, rep = string.find, string.rep
local coroutines = _G.coroutine
local ease, is_limited = core.memory.memory_ease, core.memory.memory_limited()

local NO_MEMORY = "not enough memory"
local RESERVE = 16384 -- bytes that are let go when there is no room even for a call

local calling = { NO_MEMORY = NO_MEMORY }
local is_ours = setmetatable({}, { __mode = "k" })
local reserve -- luacheck: ignore 231

--- Whether an error says that memory has run out. If so, there is some more now, as far as
--- the library can give it.
function calling.relieve(problem)
  if problem ~= NO_MEMORY then
    if type(problem) ~= "string" then return false end
    -- With a place before it, or what it was for behind it.
    if not find(problem, ": not enough memory$")
      and not find(problem, ": not enough memory for buffer allocation$") then
      return false
    end
  end
  reserve = nil
  if is_limited then ease() end
  return true
end

--- Collect what the script has let go: to tell of an error takes memory too, Python's as
--- well.
function calling.recover()
  -- Finalizers of the script may fail.
  pcall(collect)
  if is_limited then reserve = rep("x", RESERVE) end
end

--- Whether a coroutine is none that the script has made.
function calling.is_ours(co) return is_ours[co] end

--- Call `f(...)` as xpcall does. The handler may be given a second argument: the coroutine
--- that has failed, whose frames are those of the error.
calling.xpcall = xpcall

if not is_limited then return calling end

calling.recover()

local idle -- a coroutine that waits for a function to call

-- Nothing else yields there. What is no variable has no name in the traceback.
local function work(f, ...) return work(yield((f or nil)(...))) end

local function new()
  local co = create(work)
  is_ours[co] = true
  return co
end

--- Close the variables of what has failed: Lua leaves those of a coroutine. Where its time
--- was over they are left: no hook works any more in a coroutine that one has ended.
local function close_variables(co, problem)
  if limits.over then return end
  local called, good, other = pcall(close, co)
  if not called or good or rawequal(other, problem) or exit.exiting or limits.over then return end
  local reports = core.import("border/reports")
  reports.report(reports.explain(other, nil, 1))
end

local function failed(handler, co, problem)
  if exit.exiting then exit.leave() end
  local short = calling.relieve(problem)
  local good, said = pcall(handler, problem, co)
  if not good then said = problem end
  if close then close_variables(co, problem) end
  if short then
    -- Its frames hold what the function had.
    co = nil -- luacheck: ignore 311
    calling.recover()
  end
  idle = new()
  return false, said
end

local function finished(handler, co, good, ...)
  if not good then return failed(handler, co, (...)) end
  idle = co
  return true, ...
end

function calling.xpcall(f, handler, ...)
  local co = idle or new()
  idle = nil
  return finished(handler, co, resume(co, f, ...))
end

-- What a script can see of the coroutine that it is in.

local main, is_main = running()
local _, outside = pcall(yield)

function coroutines.running()
  local co, of_main = running()
  if co and is_ours[co] then return main, is_main end
  return co, of_main
end

function coroutines.yield(...)
  local co = running()
  if co and is_ours[co] then error(outside, 0) end
  return yield(...)
end

if isyieldable then
  function coroutines.isyieldable(...)
    local co = running()
    if co and is_ours[co] and select("#", ...) == 0 then return false end
    local good, answer = pcall(isyieldable, ...)
    if not good then error("bad argument #1 to 'isyieldable' (coroutine expected)", 2) end
    return answer
  end
end

return calling
