-- Option tables: checked against what is known, and packed to cross to Python by name.

local core = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local text = core.import("border/text")
local pairs, tonumber, tostring, type, unpack = pairs, tonumber, tostring, type, core.unpack
local concat, sort, format = table.concat, table.sort, string.format
local show = text.show

local options = {}

--- What an option may be: each returns the value to use, or nil and what was expected.
---@type table<string, fun(value: any, method: string, index: integer): any, string|nil>
local kinds = {}
options.kinds = kinds

function kinds.milliseconds(value)
  local number = check.as_milliseconds(value)
  -- A negative time limit is a mistake, where a timer's is no time.
  if number and tonumber(value) >= 0 then return number end
  return nil, "a finite number of milliseconds, at least 0"
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
  local number = check.as_integer(value, 1, 2 ^ 53)
  if number then return number end
  return nil, "positive integer"
end

function kinds.table(value)
  if type(value) == "table" then return value end
  return nil, "table"
end

--- "known: a, b" in the order of their names, and which of them was probably meant.
---@param known table<string, any>
function options.known(known, name)
  local names = {}
  for each in pairs(known) do names[#names + 1] = tostring(each) end
  sort(names)
  return "known: " .. concat(names, ", ") .. core.import("border/nearest").suggest(name, names)
end
local known_of = options.known

--- Warn, once for each line, about a key that nobody will look at.
function options.warn_unknown(name, method, known)
  reports.warn_once(format("'%s' does not know %s; %s", method, show(name), known_of(known, name)))
end

--- An option table against what is known: name -> kind. What is missing stays nil.
--- With `tolerant` an unknown option warns and is ignored: for HC3's own tables.
---@param given table|nil
---@param known table<string, any> kinds, or names of kinds above
---@param method string what the script called
---@param index integer|nil which argument it is, the first by default
---@param tolerant boolean|nil
---@param within string|nil "tls." for the table that is the option tls of another
---@return table
function options.check(given, known, method, index, tolerant, within)
  if given == nil then return {} end
  index, within = index or 1, within or ""
  if type(given) ~= "table" then check.fail(index, method, "options", "table", given) end
  local module = core.modules[given]
  if module then
    local message = format("'%s' is called with a dot: %s.%s()", method, module, method)
    if not tolerant then reports.raise(message) end
    reports.warn_once(message)
    return {}
  end
  local checked = {}
  for name, value in pairs(given) do
    local kind = known[name]
    local expected
    if kind then
      if type(kind) ~= "function" then kind = kinds[kind] end
      checked[name], expected = kind(value, method, index)
    elseif tolerant then
      options.warn_unknown(name, method, known)
    else
      local name_within = type(name) == "string" and within .. name or name
      reports.raise(format("bad argument #%d to '%s' (unknown option %s; %s)",
        index, method, show(name_within), known_of(known, name)))
    end
    if expected then
      check.fail(index, method, "option " .. within .. name, expected, value)
    end
  end
  return checked
end

-- Crossing to Python: name, value, name, value, ... of what was set. An array is its
-- name once for each element; the fields of a nested table are "tls.name".

local NESTED = { tls = true, lastWill = true }

local function append(list, name, value)
  if type(value) ~= "table" then
    list[#list + 1] = name
    list[#list + 1] = value
  elseif NESTED[name] then
    append(list, name, true)
    for field, each in pairs(value) do append(list, name .. "." .. field, each) end
  else
    for i = 1, #value do append(list, name, value[i]) end
  end
end

--- Add one option to a list of pairs; nil is not sent.
function options.append(list, name, value)
  if value ~= nil then append(list, name, value) end
end

--- Checked options as a list of pairs.
function options.pairs(checked)
  local list = {}
  for name, value in pairs(checked) do append(list, name, value) end
  return list
end

--- The same, to put at the end of a primitive's arguments.
function options.pack(checked)
  return unpack(options.pairs(checked))
end

return options
