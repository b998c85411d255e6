-- os.exit: no script code runs after it, not even behind pcall. It is an error that
-- a hook raises again at the first instruction of whoever caught it. Each coroutine
-- has a hook of its own, so whoever resumed one gets the hook when that one is left.

local core = ...

local library = core.library
local error, pcall, rawget, setmetatable, type = error, pcall, rawget, setmetatable, type
local create, resume, close = coroutine.create, coroutine.resume, rawget(coroutine, "close")
local sethook = debug.sethook
local stop_compiling = rawget(_G, "jit") and jit.off -- luacheck: ignore 113

---@class eplua.exit
---@field exiting boolean os.exit was called
local exit = { exiting = false, resume = resume }

local EXIT = setmetatable({}, { __name = "exit", __tostring = function() return "os.exit" end })

local function raise_again() error(EXIT, 0) end

--- Leave all of the script, from wherever this is called.
local function leave()
  -- A loop that LuaJIT has compiled looks at no hook.
  if stop_compiling then stop_compiling() end
  sethook(raise_again, "", 1)
  error(EXIT, 0)
end
exit.leave = leave

--- Stop the runtime; does not return.
function exit.exit(code)
  exit.exiting = true
  library.exit(code)
  leave()
end

-- What a script has of coroutines: the same, but for looking at `exiting` when one
-- was left.

local function check_thread(co, method)
  if type(co) ~= "thread" then
    error("bad argument #1 to '" .. method .. "' (coroutine expected)", 3)
  end
end

local function resumed(...)
  if exit.exiting then leave() end
  return ...
end

function coroutine.resume(co, ...)
  check_thread(co, "resume")
  return resumed(resume(co, ...))
end

local function closed(called, ...)
  if exit.exiting then leave() end
  if called then return ... end
  error((...), 2)
end

if close then
  function coroutine.close(co)
    check_thread(co, "close")
    return closed(pcall(close, co))
  end
end

-- As coroutine.wrap of plain Lua: an error closes the coroutine and gets the
-- position of the caller.
local function left(co, good, ...)
  if exit.exiting then leave() end
  if good then return ... end
  local problem = ...
  if close then
    local clean, other = close(co)
    if exit.exiting then leave() end
    if not clean then problem = other end
  end
  error(problem, 2)
end

function coroutine.wrap(f)
  if type(f) ~= "function" then error("bad argument #1 to 'wrap' (function expected)", 2) end
  local co = create(f)
  return function(...) return left(co, resume(co, ...)) end
end

return exit
