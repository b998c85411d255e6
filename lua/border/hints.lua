-- What is said in addition when a script called or indexed a nil that it thought was one
-- of ours: the name it most probably meant. Nothing is looked at before the error.

local core = ...

local class, nearest = core.import("border/class"), core.import("border/nearest")
local getinfo, getlocal, getupvalue = debug.getinfo, debug.getlocal, debug.getupvalue
local next, rawequal, rawget, sort, type = next, rawequal, rawget, table.sort, type
local find, match = string.find, string.match
local globals = _G

local FIELDS = 200 -- of one table of the script that are looked at
local NAMES = 1000 -- that are compared
local GLOBALS = 5000 -- that are looked at

local hints = {}

--- More tables of ours, by their global names; and what is told of an object that is none
--- of the library's classes: the name of its class, and an array of its methods.
hints.tables, hints.methods_of = {}, function() end

-- Each version of Lua has its own words, and LuaJIT others.
local function missing(message)
  local kind, name = match(message, "a nil value %((%a+) '([^']+)'%)")
  if not kind then kind, name = match(message, "attempt to %a+ (%a+) '([^']+)' %(a nil value%)") end
  return kind, name
end

-- The names that our tables have, each with how a script writes it.

local function add(names, name, written)
  if not names[name] and #names < NAMES then
    names[#names + 1], names[name] = name, written
  end
end

local function add_fields(names, prefix, fields, deep)
  for name, value in next, fields do
    if type(name) == "string" then
      add(names, name, prefix .. name)
      if deep and type(value) == "table" then add_fields(names, prefix .. name .. ".", value) end
    end
  end
end

local MODULES = { "eplua", "json", "mqtt", "net", "task" }

local function add_tables(names, list)
  for i = 1, #list do
    local name = list[i]
    local module = rawget(globals, name)
    if type(module) == "table" then add_fields(names, name .. ".", module, true) end
  end
end

local function add_modules(names)
  add_tables(names, MODULES)
  add_tables(names, hints.tables)
  -- The classes are there before they are loaded.
  for name in next, core.classes do add(names, name, "net." .. name) end
end

local function add_methods(names, object, variable)
  local name, methods = class.methods(object)
  if not name then name, methods = hints.methods_of(object) end
  if not name then return false end
  for i = 1, #methods do add(names, methods[i], (variable or name) .. ":" .. methods[i]) end
  return true
end

--- The methods of an object of ours, or of those that a table of the script has.
local function add_value(names, value, variable)
  if type(value) ~= "table" then return end
  if add_methods(names, value, variable) then return end
  local count = 0
  for _, each in next, value do
    count = count + 1
    if count > FIELDS then return end
    if type(each) == "table" then add_methods(names, each) end
  end
end

-- Of a coroutine, or of what runs, where LuaJIT has none: then as counted by the caller.

local function info_of(co, level)
  if co then return getinfo(co, level, "f") end
  local info = getinfo(level + 1, "f")
  return info
end

local function local_of(co, level, index)
  if co then return getlocal(co, level, index) end
  local name, value = getlocal(level + 1, index)
  return name, value
end

--- The methods of the objects that a function of the script can see.
local function add_visible(names, co, level)
  if not co then level = level + 1 end
  local info = info_of(co, level)
  if not info then return end
  local index, unnamed = 1, {}
  local name, value = local_of(co, level, index)
  while name do
    if find(name, "^[%a_]") then
      add_value(names, value, name)
    elseif value ~= nil then
      unnamed[#unnamed + 1] = value
    end
    index = index + 1
    name, value = local_of(co, level, index)
  end
  index = 1
  if info.func then name, value = getupvalue(info.func, index) end
  while name do
    if not rawequal(value, globals) then add_value(names, value, name) end
    index = index + 1
    name, value = getupvalue(info.func, index)
  end
  local count = 0
  for key, each in next, globals do
    if type(key) == "string" and type(each) == "table" then add_methods(names, each, key) end
    count = count + 1
    if count > GLOBALS then break end
  end
  -- What the line is working with has the names of its class, where it has no other.
  for i = 1, #unnamed do add_value(names, unnamed[i]) end
end

local function add_globals(names)
  for name, value in next, globals do
    if type(name) == "string" and type(value) == "function" then add(names, name, name) end
    if #names >= NAMES then break end
  end
end

-- Globals that scripts of Home Center 3 begin with.
local HC3 = {
  QuickApp = true, QuickAppChild = true, fibaro = true, hub = true, class = true, api = true,
  plugin = true,
}

local function find_hint(message, co, level)
  local kind, name = missing(message)
  if not kind then return "" end
  if not co then level = level + 1 end
  if kind == "global" and HC3[name] and not core.holds then
    return ": this is a script of Home Center 3, which runs with --hc3 or Runtime(hc3=True)"
  end
  local names = {}
  if kind == "global" then
    add_globals(names)
  elseif kind == "method" then
    add_visible(names, co, level)
    if not names[1] then add_modules(names) end
  elseif kind == "field" then
    add_modules(names)
    add_visible(names, co, level)
  else
    return ""
  end
  -- Of two names that are as near the first in the alphabet.
  sort(names)
  local found = nearest.find(name, names)
  -- A name that is there was found nil in something else.
  if not found or found == name then return "" end
  return "; did you mean " .. names[found] .. "?"
end

local last, hint -- An error that comes again and again has the same one.

--- "; did you mean net.TCPSocket?", or nothing.
---@param message string
---@param co thread|nil the coroutine that has raised it, if it is not the running one
---@param level integer where, in it; else counted from the caller
function hints.of(message, co, level)
  if message ~= last then
    hint = find_hint(message, co, co and level or level + 1)
    last = message
  end
  return hint
end

return hints
