-- Checks of what a script passes. Each returns the value to use or raises at the
-- script's own line: bad argument #2 to 'connect' (port: ... expected, got "http").

local core = ...

local type, tonumber, format, floor = type, tonumber, string.format, math.floor
local pairs, sort, concat = pairs, table.sort, table.concat
local huge = math.huge

local check = {}

local function fail(index, method, name, expected, value)
  core.raise(format("bad argument #%d to '%s' (%s: %s expected, got %s)",
    index, method, name, expected, core.show(value)))
end
check.fail = fail

--- The integer that a number, or a string of one, stands for; else nil.
local function integer(value, low, high)
  local number = tonumber(value)
  if number == nil or number ~= floor(number) then return nil end
  if number < low or number > high then return nil end
  -- From 5.3 on floor makes an integer of a float.
  return floor(number)
end

function check.port(value, index, method, low)
  low = low or 1
  return integer(value, low, 65535)
    or fail(index, method, "port", "integer " .. low .. "..65535", value)
end

function check.integer(value, index, method, name, low, high)
  return integer(value, low, high or 2 ^ 53)
    or fail(index, method, name, "integer of at least " .. low, value)
end

function check.milliseconds(value, index, method, name)
  local number = tonumber(value)
  if number == nil or number ~= number or number == huge or number == -huge then
    fail(index, method, name or "milliseconds", "a finite number", value)
  end
  return number > 0 and number or 0
end

--- A string, or a number as the string it prints as (as Lua's own library does).
function check.string(value, index, method, name)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" then return tostring(value) end
  fail(index, method, name, "string", value)
end

function check.callback(value, index, method, name)
  if not core.callable(value) then fail(index, method, name, "function", value) end
  return value
end

--- A host and its port; "unix:/path" has none.
function check.address(host, port, index, method, lowest)
  if type(host) ~= "string" or host == "" then
    fail(index, method, "host", "string", host)
  end
  if host:find("[%z%s]") then fail(index, method, "host", "name or address", host) end
  if host:sub(1, 5) == "unix:" then
    if port ~= nil then fail(index + 1, method, "port", "nil for a UNIX socket", port) end
    if host == "unix:" then fail(index, method, "host", "unix:/path", host) end
    return host, 0
  end
  return host, check.port(port, index + 1, method, lowest)
end

local kinds = {}

function kinds.milliseconds(value)
  local number = tonumber(value)
  if number and number == number and number ~= huge and number ~= -huge then
    return number > 0 and number or 0
  end
  return nil, "a finite number of milliseconds"
end

function kinds.boolean(value)
  if type(value) == "boolean" then return value end
  return nil, "boolean"
end

function kinds.string(value)
  if type(value) == "string" then return value end
  return nil, "string"
end

function kinds.count(value)
  local number = integer(value, 1, 2 ^ 53)
  if number then return number end
  return nil, "positive integer"
end

function kinds.table(value)
  if type(value) == "table" then return value end
  return nil, "table"
end

local warned = {}

--- Warn, once, about a key that nobody will look at.
local function warn_unknown(name, method)
  local key = method .. "\0" .. tostring(name)
  if warned[key] then return end
  warned[key] = true
  core.host.warn(format("%s: '%s' does not know %s", core.place(), method, core.show(name)))
end
check.warn_unknown = warn_unknown

--- An option table against what is known: name -> kind. What is missing stays nil.
--- With `tolerant` an unknown option warns, once, and is ignored.
function check.options(options, known, method, index, tolerant)
  if options == nil then return {} end
  if type(options) ~= "table" then
    fail(index or 1, method, "options", "table", options)
  end
  local checked = {}
  for name, value in pairs(options) do
    local kind = known[name]
    if not kind and not tolerant then
      local names = {}
      for each in pairs(known) do names[#names + 1] = each end
      sort(names)
      core.raise(format("bad argument #%d to '%s' (unknown option %s; known: %s)",
        index or 1, method, core.show(name), concat(names, ", ")))
    end
    local expected
    if not kind then
      warn_unknown(name, method)
    elseif type(kind) == "function" then
      checked[name], expected = kind(value)
    else
      checked[name], expected = kinds[kind](value)
    end
    if expected then fail(index or 1, method, "option " .. name, expected, value) end
  end
  return checked
end

check.kinds = kinds

return check
