-- What a script finds in its globals.

local core = ...

local library, exit = core.library, core.import("border/exit")
local check, reports = core.import("border/check"), core.import("border/reports")
local stats, timers = core.import("border/stats", "stats"), core.import("timers", "timers")
local globals, pairs, rawget, rawset, select = _G, pairs, rawget, rawset, select
local setmetatable, tostring, type = setmetatable, tostring, type
local metatable_of = debug.getmetatable
local concat, floor = table.concat, math.floor

--- As tostring, for which a __tostring may wait; what is wrong with it is said at the
--- script's line.
local function text_of(value)
  local kind = type(value)
  local meta = (kind == "table" or kind == "userdata") and metatable_of(value)
  local f = meta and rawget(meta, "__tostring")
  if f == nil or f == false then return tostring(value) end
  local said = f(value)
  kind = type(said)
  if kind == "number" then return tostring(said) end
  if kind ~= "string" then reports.raise("'__tostring' must return a string") end
  return said
end

function globals.print(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = text_of((select(i, ...))) end
  library.print(concat(parts, "\t"))
end

local function os_exit(code)
  if code == nil then
    -- The script says nothing about how it went.
    code = reports.unhandled and 1 or 0
  elseif code == true then
    code = 0
  elseif code == false then
    code = 1
  else
    code = check.integer(code, 1, "exit", "code", -2147483648)
  end
  exit.exit(code)
end

if not core.import("border/permissions", "access").sandboxed then globals.os.exit = os_exit end

local time_of_day, date, time = library.time_of_day, os.date, os.time
if time_of_day() then
  -- The script's clock is not the system's.
  function globals.os.time(...)
    if (...) ~= nil then return time(...) end
    return floor(time_of_day())
  end

  function globals.os.date(format, ...)
    if (...) ~= nil then return date(format, ...) end
    return date(format or "%c", floor(time_of_day()))
  end
end

globals.setTimeout, globals.setInterval = timers.setTimeout, timers.setInterval
globals.clearTimeout, globals.clearInterval = timers.clear, timers.clear

local eplua = setmetatable({}, {
  -- Found out when it is first asked for.
  __index = function(self, name)
    if name ~= "version" then return nil end
    local version = library.version()
    rawset(self, name, version)
    return version
  end,
})

--- What goes on: eplua.stats().callbacks, eplua.stats().open.TCPSocket and so on.
function eplua.stats() return stats.now() end

local number, count = core.import("border/permissions", "access").worker()
if number then
  -- Several processes run the script (`twistd eplua --workers`).
  eplua.worker = { number = number, count = count }
end

-- The only one with a library of its own behind it: filled when it is first used.
local mqtt = setmetatable({}, {
  __index = function(self, name)
    setmetatable(self, nil)
    for key, value in pairs(core.import("mqtt/init", "mqtt")) do self[key] = value end
    return self[name]
  end,
})

local modules = {
  eplua = eplua,
  json = core.import("json"),
  mqtt = mqtt,
  net = core.import("net/init", "resolve"),
  task = core.import("task"),
}
for name, module in pairs(modules) do
  globals[name], globals.package.loaded[name] = module, module
  core.modules[module] = name
end
