-- Finalizers of the script. Their errors are reported like those of callbacks: 5.3 raises
-- them wherever the collector happens to work, in the middle of the library or of lupa,
-- which then hangs, and later versions do not tell. And none of them runs after os.exit
-- or when the runtime has stopped.

local core = ...

local describe = core.import("border/text").describe
local error, getmetatable, next, rawequal, rawget, select, setmetatable, type =
  error, getmetatable, next, rawequal, rawget, select, setmetatable, type
local globals = _G
local getinfo, metatable_of, set_any = debug.getinfo, debug.getmetatable, debug.setmetatable
local jit, newproxy = rawget(globals, "jit"), rawget(globals, "newproxy")

local finalizers = {}
local dropped = false

local function failed(problem, trace)
  if dropped then return end
  local reports, text = core.import("border/reports"), trace or describe(problem)
  core.import("border/tickets").soon(reports.report, text, nil, "a finalizer")
end

local RAISED = {}
local OWN = "\n\t<eplua>/border/finalizers.lua:"

--- What a finalizer raised, with the traceback that there is only now. What the
--- collector happened to come in the middle of is not in it.
local function raised(problem)
  local trace = core.import("border/reports").with_traceback(problem, nil, OWN)
  return setmetatable({ problem, trace }, RAISED)
end

local guards = setmetatable({}, { __mode = "k" })

local function checked(caller, good, ...)
  -- What has taken too long is reported by what called it.
  if good or core.import("border/limits").over then return ... end
  local problem, trace = (...), nil
  if type(problem) == "table" and rawequal(metatable_of(problem), RAISED) then
    problem, trace = problem[1], problem[2]
  end
  -- The script may have called it itself. The collector has no name for it, when it was
  -- a function of C that needed memory.
  local how = caller.namewhat
  if how ~= "" and how ~= "metamethod" then error(problem, 0) end
  failed(problem, trace)
end

--- Lua looks at the finalizer when the metatable is set; so this does.
local function guard(meta)
  local f = type(meta) == "table" and rawget(meta, "__gc")
  if type(f) ~= "function" or guards[f] then return end
  local function guarded(...)
    if dropped then return end
    local finalize = core.import("border/limits").finalize
    return checked(getinfo(1, "n"), finalize(f, raised, ...))
  end
  guards[guarded] = true
  meta.__gc = guarded
end

local function check_metatable(object, meta)
  if meta ~= nil and type(meta) ~= "table" then
    error("bad argument #2 to 'setmetatable' (nil or table expected)", 3)
  end
  return object
end

function globals.setmetatable(...)
  local object, meta = ...
  if type(object) ~= "table" then
    error("bad argument #1 to 'setmetatable' (table expected, got " .. type(object) .. ")", 2)
  end
  if select("#", ...) < 2 then meta = false end
  check_metatable(object, meta)
  local old = metatable_of(object)
  if old and rawget(old, "__metatable") ~= nil then
    error("cannot change a protected metatable", 2)
  end
  guard(meta)
  return setmetatable(object, meta)
end

function globals.debug.setmetatable(object, meta)
  check_metatable(object, meta)
  guard(meta)
  return set_any(object, meta)
end

-- LuaJIT: only proxies have finalizers there, and get them later.
local proxies = setmetatable({}, { __mode = "k" })

if newproxy then
  function globals.newproxy(from)
    local proxy = newproxy(from)
    local meta = from == true and getmetatable(proxy)
    if meta then proxies[meta] = true end
    return proxy
  end
  -- It would write an error in a finalizer to the standard error.
  jit.attach(failed, "errfin")
end

--- From now on no finalizer of the script runs.
function finalizers.drop()
  dropped = true
  for meta in next, proxies do meta.__gc = nil end
end

return finalizers
