-- HTTP headers, on both sides.

local core = ...

local check = core.import("border/check")
local find, lower, sort = string.find, string.lower, table.sort
local pairs, setmetatable, tostring, type = pairs, setmetatable, tostring, type

local headers = {}

headers.TOKEN = "^[%w!#$%%&'*+.^_`|~-]+$" -- RFC 9110, 5.6.2

local Headers = { __name = "headers" }

--- Names are found whatever their case.
function Headers.__index(self, name)
  if type(name) ~= "string" then return nil end
  name = lower(name)
  for each, value in pairs(self) do
    if lower(each) == name then return value end
  end
end

--- A table of names and values that come by turns; repeated ones are joined.
--- With `list` each pair is added to it too.
function headers.table(flat, first, list)
  local all = {}
  for index = first, #flat, 2 do
    local name, value = flat[index], flat[index + 1]
    if list then list[#list + 1] = { name, value } end
    local before = all[name]
    if before then
      -- RFC 9110, 5.3; cookies are joined in another way (RFC 9113, 8.2.3).
      value = before .. (name == "Cookie" and "; " or ", ") .. value
    end
    all[name] = value
  end
  return setmetatable(all, Headers)
end

local function add(flat, name, value, index, method)
  local text = value
  if type(value) == "number" then text = tostring(value) end
  if type(text) ~= "string" then
    check.fail(index, method, "header " .. name, "string", value)
  elseif find(text, "[\r\n%z]") then
    check.fail(index, method, "header " .. name, "string without line ends", value)
  end
  flat[#flat + 1], flat[#flat + 2] = name, text
end
headers.add = add

-- Names that were found to be good, and what they are in lower case.
local NAMES = 1000
local known, count = {}, 0

local function check_name(name, index, method, what)
  if type(name) ~= "string" or not find(name, headers.TOKEN) then
    check.fail(index, method, what, "name of a header", name)
  end
  local lowered = lower(name)
  if count < NAMES then known[name], count = lowered, count + 1 end
  return lowered
end

--- As `pairs`, but in the order of the names: a table has no order of its own, and what
--- is sent shall not differ from one time to the next.
function headers.in_order(from)
  local names, at = {}, 0
  for name in pairs(from) do names[#names + 1] = name end
  sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return function()
    at = at + 1
    return names[at], from[names[at]]
  end
end

--- Append a script's headers to a list, names and values by turns; returns the
--- names seen, in lower case. Raises for what cannot be a header.
---@param in_order boolean|nil the order is that of the names
function headers.flatten(flat, from, index, method, what, in_order)
  local seen = {}
  for name, value in (in_order and headers.in_order or pairs)(from) do
    seen[known[name] or check_name(name, index, method, what)] = true
    if type(value) == "table" then
      for each = 1, #value do add(flat, name, value[each], index, method) end
    else
      add(flat, name, value, index, method)
    end
  end
  return seen
end

return headers
