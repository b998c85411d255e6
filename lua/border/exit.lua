-- os.exit: no script code runs after it. It is an error that whatever catches errors
-- raises again, and that a hook raises at the first instruction of what runs in
-- between: closing variables, loops. Each coroutine has a hook of its own, so whoever
-- resumed one gets the hook when that one is left; a finalizer has none at all.

local core = ...

local finalizers, library = core.import("border/finalizers"), core.library
local limits = core.import("border/limits", "limits")
local error, pcall, rawget, select, setmetatable, type, xpcall =
  error, pcall, rawget, select, setmetatable, type, xpcall
local globals = _G
local create, resume, close = limits.create, coroutine.resume, rawget(coroutine, "close")
local sethook, warn = debug.sethook, rawget(globals, "warn")
local stop_compiling = rawget(globals, "jit") and jit.off -- luacheck: ignore 113

-- LuaJIT crashes when coroutines are too deep in each other; Lua has a bound of its own.
local NESTED = 190
if stop_compiling then
  local plain, nested = resume, 0
  local function returned(...)
    nested = nested - 1
    return ...
  end
  function resume(co, ...)
    if nested >= NESTED then return false, "C stack overflow" end
    nested = nested + 1
    return returned(plain(co, ...))
  end
end

local plain_resume = resume
if core.holds then resume = core.import("border/holding").passing(resume) end

---@class eplua.exit
---@field exiting boolean os.exit was called
---@field before function what is still to be told before os.exit
local exit = {
  exiting = false, resume = resume, plain_resume = plain_resume, before = function() end,
}

local EXIT = setmetatable({}, { __name = "exit", __tostring = function() return "os.exit" end })

local function raise_again() error(EXIT, 0) end

--- Leave all of the script, from wherever this is called: for good, or because its time
--- is over.
local function leave()
  if not exit.exiting then limits.leave() end
  -- A loop that LuaJIT has compiled looks at no hook. In a finalizer this fails.
  if stop_compiling then pcall(stop_compiling) end
  sethook(raise_again, "", 1)
  error(EXIT, 0)
end
exit.leave = leave

--- Stop the runtime; does not return.
function exit.exit(code)
  if not exit.exiting then exit.before() end
  if not exit.exiting then
    exit.exiting, limits.exit_hook = true, raise_again
    finalizers.drop()
    -- An error that leaves a finalizer is a warning from Lua 5.4 on.
    if warn then warn("@off") end
    library.exit(code)
  end
  leave()
end

-- What a script has to catch errors with: the same, but for looking at `exiting` and `over`.

local function caught(...)
  if exit.exiting or limits.over then leave() end
  if not (...) then limits.look() end
  return ...
end

function globals.pcall(...)
  if select("#", ...) == 0 then error("bad argument #1 to 'pcall' (value expected)", 2) end
  return caught(pcall(...))
end

function globals.xpcall(f, handler, ...)
  if type(handler) ~= "function" then
    error("bad argument #2 to 'xpcall' (function expected, got " .. type(handler) .. ")", 2)
  end
  local function handle(problem)
    if exit.exiting or limits.over then return problem end
    return handler(problem)
  end
  return caught(xpcall(f, handle, ...))
end

-- Of coroutines: the same, when one was left.

local function check_thread(co, method)
  if type(co) ~= "thread" then
    error("bad argument #1 to '" .. method .. "' (coroutine expected)", 3)
  end
end

function globals.coroutine.resume(co, ...)
  check_thread(co, "resume")
  limits.look()
  return caught(resume(co, ...))
end

local function closed(called, ...)
  if exit.exiting or limits.over then leave() end
  if called then return ... end
  error((...), 2)
end

if close then
  function globals.coroutine.close(co)
    check_thread(co, "close")
    return closed(pcall(close, co))
  end
end

-- As coroutine.wrap of plain Lua: an error closes the coroutine and gets the
-- position of the caller.
local function left(co, good, ...)
  if exit.exiting or limits.over then leave() end
  if good then return ... end
  local problem = ...
  if close then
    local clean, other = close(co)
    if exit.exiting or limits.over then leave() end
    if not clean then problem = other end
  end
  error(problem, 2)
end

function globals.coroutine.create(f)
  if type(f) ~= "function" then error("bad argument #1 to 'create' (function expected)", 2) end
  return create(f)
end

function globals.coroutine.wrap(f)
  if type(f) ~= "function" then error("bad argument #1 to 'wrap' (function expected)", 2) end
  local co = create(f)
  return function(...)
    limits.look()
    return left(co, resume(co, ...))
  end
end

return exit
