-- Checks of what a script passes. Each returns the value to use or raises at the
-- script's own line: bad argument #2 to 'connect' (port: ... expected, got "http").

local core = ...

local reports, text = core.import("border/reports"), core.import("border/text")
local tonumber, tostring, type = tonumber, tostring, type
local find, format, sub, floor, huge = string.find, string.format, string.sub, math.floor, math.huge
local show, callable = text.show, text.callable

local check = {}

local function fail(index, method, name, expected, value)
  reports.raise(format("bad argument #%d to '%s' (%s: %s expected, got %s)",
    index, method, name, expected, show(value)))
end
check.fail = fail

--- The integer that a number, or a string of one, stands for; else nil.
function check.as_integer(value, low, high)
  local number = tonumber(value)
  if number == nil or number ~= floor(number) then return nil end
  if number < low or number > high then return nil end
  -- From 5.3 on floor makes an integer of a float.
  return floor(number)
end
local as_integer = check.as_integer

--- The finite number that a value stands for, at least 0; else nil.
function check.as_milliseconds(value)
  local number = tonumber(value)
  if number == nil or number ~= number or number == huge or number == -huge then return nil end
  return number > 0 and number or 0
end

function check.port(value, index, method, low)
  low = low or 1
  return as_integer(value, low, 65535)
    or fail(index, method, "port", "integer " .. low .. "..65535", value)
end

function check.integer(value, index, method, name, low, high)
  local integer = as_integer(value, low, high or 2 ^ 53)
  if integer then return integer end
  local expected = high and "integer " .. low .. ".." .. high or "integer of at least " .. low
  return fail(index, method, name, expected, value)
end

--- The milliseconds of a timer: a negative time is none.
function check.milliseconds(value, index, method, name)
  return check.as_milliseconds(value)
    or fail(index, method, name or "milliseconds", "a finite number", value)
end

--- A string, or a number as the string it prints as (as Lua's own library does).
function check.string(value, index, method, name)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" then return tostring(value) end
  fail(index, method, name, "string", value)
end

--- Text that is not a number by mistake: names, paths.
function check.text(value, index, method, name)
  if type(value) ~= "string" then fail(index, method, name, "string", value) end
  return value
end

function check.callback(value, index, method, name)
  if not callable(value) then fail(index, method, name, "function", value) end
  return value
end

--- A host to reach. What cannot be a name is "dns", as a name that does not exist: it often
--- comes from a setting that nobody has filled in.
function check.host(host, index, method)
  if type(host) ~= "string" then fail(index, method, "host", "string", host) end
  return host
end

--- A name or an address of this machine, to listen at.
function check.own_host(host, index, method)
  check.host(host, index, method)
  if host == "" or find(host, "[%z%s]") then
    fail(index, method, "host", "name or address", host)
  end
  return host
end

--- A host and its port; "unix:/path" has none.
---@param check_host fun(host, index, method) check.host or check.own_host
function check.address(host, port, index, method, check_host, lowest)
  if type(host) == "string" and sub(host, 1, 5) == "unix:" then
    if port ~= nil then fail(index + 1, method, "port", "nil for a UNIX socket", port) end
    if host == "unix:" or find(host, "%z") then fail(index, method, "host", "unix:/path", host) end
    return host, 0
  end
  check_host(host, index, method)
  return host, check.port(port, index + 1, method, lowest)
end

return check
