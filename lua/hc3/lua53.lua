-- The names that Lua itself has on Home Center 3: those of Lua 5.3, some older ones, and
-- not those that lead out of the box.

local core = ...

local calling = core.import("border/calling")
local check, class = core.import("border/check"), core.import("hc3/class")
local holding, reports = core.import("border/holding"), core.import("border/reports")
local error, pairs, rawget, select = error, pairs, rawget, select
local tostring, type = tostring, type
local floor, exp, log, abs = math.floor, math.exp, math.log, math.abs
local byte, find, format, sub = string.byte, string.find, string.format, string.sub
local gsub = string.gsub
local running, yield = coroutine.running, coroutine.yield
local unpack, isyieldable = core.unpack, coroutine.isyieldable
local bit = rawget(_G, "bit")
local globals = _G

-- What HC3 has not; scripts test for some of these to find out where they run.
for _, name in pairs({
  "debug", "io", "arg", "loadfile", "dofile", "require", "package", "module", "python",
  "jit", "bit", "ffi", "newproxy", "setfenv", "getfenv", "gcinfo", "warn", "task",
}) do
  globals[name] = nil
end
local os = { exit = globals.os.exit }
for _, name in pairs({ "clock", "date", "difftime", "time" }) do os[name] = globals.os[name] end
globals.os = os
-- LuaJIT keeps the name of its language.
globals._VERSION = "Lua 5.3"

-- type: classes and instances are userdata.

local is_userdata = class.is_userdata

local function type_of(value)
  local kind = type(value)
  if kind == "table" and is_userdata(value) then return "userdata" end
  return kind
end

function globals.type(...)
  if select("#", ...) == 0 then error("bad argument #1 to 'type' (value expected)", 2) end
  return type_of((...))
end

-- The coroutine that the library runs handlers in is the main one to a script.

local coroutine = globals.coroutine

local function is_main(co) return holding.is_worker(co) or calling.is_ours(co) == true end

function coroutine.yield(...)
  if is_main((running())) then error("attempt to yield from outside a coroutine", 2) end
  return yield(...)
end

function coroutine.running()
  local co = running()
  return co, is_main(co)
end

function coroutine.isyieldable()
  return not is_main((running())) and (not isyieldable or isyieldable())
end

-- Older names.

local math, table = globals.math, globals.table

globals.unpack = unpack
globals.loadstring = rawget(globals, "loadstring") or globals.load
table.unpack, table.maxn = unpack, rawget(table, "maxn")
table.pack = rawget(table, "pack") or function(...) return { n = select("#", ...), ... } end

local added = {
  pow = function(x, y) return x ^ y end,
  log10 = function(x) return log(x, 10) end,
  cosh = function(x) return (exp(x) + exp(-x)) / 2 end,
  sinh = function(x) return (exp(x) - exp(-x)) / 2 end,
  tanh = function(x)
    -- Beyond this exp is infinite, and the quotient no number.
    if abs(x) > 20 then return x > 0 and 1.0 or -1.0 end
    local a, b = exp(x), exp(-x)
    return (a - b) / (a + b)
  end,
  ldexp = function(m, e) return m * 2.0 ^ e end,
  frexp = function(x)
    if x == 0 or x ~= x or x - x ~= 0 then return x, 0 end
    local e = floor(log(abs(x)) / log(2)) + 1
    local m = x / 2.0 ^ e
    -- The logarithm is not exact.
    if abs(m) >= 1 then m, e = m / 2, e + 1 elseif abs(m) < 0.5 then m, e = m * 2, e - 1 end
    return m, floor(e)
  end,
  -- From 5.3 on atan takes both.
  atan2 = math.atan,
  -- LuaJIT has neither of these.
  type = function(x)
    if type(x) ~= "number" then return nil end
    return x == floor(x) and abs(x) < 2 ^ 53 and "integer" or "float"
  end,
  tointeger = function(x) return type(x) == "number" and x == floor(x) and x or nil end,
  ult = function(a, b) return (a % 2 ^ 64) < (b % 2 ^ 64) end,
  maxinteger = 2 ^ 53, mininteger = -2 ^ 53,
}
for name, value in pairs(added) do
  if rawget(math, name) == nil then math[name] = value end
end
if not table.maxn then
  function table.maxn(t)
    local greatest = 0
    for key in pairs(t) do
      if type(key) == "number" and key > greatest then greatest = key end
    end
    return greatest
  end
end
if not rawget(globals, "rawlen") then
  function globals.rawlen(value) return #value end
end
if not rawget(table, "move") then
  function table.move(from, first, last, at, to)
    to = to or from
    local start, stop, step = first, last, 1
    if at > first then start, stop, step = last, first, -1 end
    for i = start, stop, step do to[at + i - first] = from[i] end
    return to
  end
end

-- What HC3 adds.

--- The parts of a text between separators; each character of `separators` is one, and
--- empty parts are left out.
function globals.string.split(s, separators)
  s = check.string(s, 1, "split", "s")
  separators = separators == nil and "%s" or gsub(separators, "[%^%]%-%%]", "%%%0")
  local parts, from = {}, 1
  while true do
    local first, last = find(s, "[^" .. separators .. "]+", from)
    if not first then return parts end
    parts[#parts + 1], from = sub(s, first, last), last + 1
  end
end

function globals.string.starts(s, prefix)
  return sub(check.string(s, 1, "starts", "s"), 1, #prefix) == prefix
end

function globals.urlencode(s)
  if s == nil then return nil end
  s = gsub(check.string(s, 1, "urlencode", "s"), "\n", "\r\n")
  return (gsub(s, "[^%w%-_%.~]", function(c) return format("%%%02X", byte(c)) end))
end

--- Raise at the script's line unless a value is of a type.
function globals.__assert_type(value, kind)
  local found = type_of(value)
  if found ~= kind then
    reports.raise(format("Wrong parameter type, %s required. Provided param '%s' is type of %s",
      tostring(kind), tostring(value), found))
  end
end

function globals.__ternary(test, yes, no)
  if test then return yes end
  return no
end

-- bit32, of Lua 5.2.

if not rawget(globals, "bit32") then
  globals.bit32 = core.import("hc3/bit32")(bit)
end
if not rawget(globals, "utf8") then globals.utf8 = core.import("hc3/utf8") end
