-- Finalizers of the script: none of them runs after os.exit or when the runtime has
-- stopped. Which ones there are is known by the metatables that have one when they are
-- set, as Lua itself knows it.

local core = ...

local library, describe = core.library, core.import("border/text").describe
local error, getmetatable, next, rawget, setmetatable, type =
  error, getmetatable, next, rawget, setmetatable, type
local globals = _G
local set_any = debug.setmetatable
local jit, newproxy = rawget(globals, "jit"), rawget(globals, "newproxy")

local finalizers = {}
local dropped = false

local metatables = setmetatable({}, { __mode = "k" })

local function note(meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then metatables[meta] = true end
end

function globals.setmetatable(object, meta)
  if type(object) ~= "table" then
    error("bad argument #1 to 'setmetatable' (table expected, got " .. type(object) .. ")", 2)
  elseif meta ~= nil and type(meta) ~= "table" then
    error("bad argument #2 to 'setmetatable' (nil or table expected)", 2)
  end
  note(meta)
  return setmetatable(object, meta)
end

function globals.debug.setmetatable(object, meta)
  note(meta)
  return set_any(object, meta)
end

-- LuaJIT: only these have finalizers there, and get them later.
if newproxy then
  function globals.newproxy(from)
    local proxy = newproxy(from)
    local meta = from == true and getmetatable(proxy)
    if meta then metatables[meta] = true end
    return proxy
  end
  -- It writes an error in a finalizer to the standard error itself.
  jit.attach(function(problem)
    if not dropped then
      library.warn("error in a finalizer: " .. describe(problem))
    end
  end, "errfin")
end

--- From now on no finalizer of the script runs.
function finalizers.drop()
  dropped = true
  for meta in next, metatables do meta.__gc = nil end
end

return finalizers
