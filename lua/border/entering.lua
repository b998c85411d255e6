-- What somebody types: pieces of Lua that are run one after another, and shown; and what
-- might be typed next.

local core = ...

local class, shown = core.import("border/class"), core.import("border/shown")
local getmetatable, load, next, rawequal, rawget, type =
  getmetatable, load, next, rawequal, rawget, type
local find, gmatch, match, sub = string.find, string.gmatch, string.match, string.sub
local concat, sort = table.concat, table.sort
local globals = _G

local NAME = "=(entry)"
local UNFINISHED = "near '?<eof>'?$"
local MOST = 500 -- names that are offered

local entering = {}

--- The function of an entry: of the expressions that it is, or of its statements.
---@return function|nil
---@return string|nil problem
---@return boolean|nil unfinished more could make it right
function entering.compile(code)
  local chunk, of_values = load("return " .. code, NAME, "t", globals)
  if chunk then return chunk end
  local problem
  chunk, problem = load(code, NAME, "t", globals)
  if chunk then return chunk end
  return nil, problem, find(problem, UNFINISHED) ~= nil or find(of_values, UNFINISHED) ~= nil
end

--- What an entry has returned, or nil for nothing.
function entering.show(results)
  return results.n > 0 and shown.show_all(results) or nil
end

--- The names that a value has fields by. No function of the script is called for them.
local function names_of(value)
  local names, seen = {}, {}
  local function add(name)
    if type(name) == "string" and find(name, "^[%a_][%w_]*$") and not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  local of_class, methods = class.methods(value)
  if of_class then
    for i = 1, #methods do add(methods[i]) end
  end
  if type(value) == "table" then
    -- Classes are there before they are loaded.
    if rawequal(value, rawget(globals, "net")) then
      for name in next, core.classes do add(name) end
    end
    for name in next, value do add(name) end
    local meta = getmetatable(value)
    local index = type(meta) == "table" and rawget(meta, "__index")
    if type(index) == "table" then
      for name in next, index do add(name) end
    end
  end
  return names
end

--- What the last name of a text may become: whole names, in order.
---@param before string the text up to where it is typed
function entering.complete(before)
  local path, last = match(before, "([%a_][%w_%.:]*[%.:])([%w_]*)$")
  if not path then path, last = "", match(before, "[%w_]*$") end
  local value = globals
  for name in gmatch(path, "[%w_]+") do
    value = type(value) == "table" and rawget(value, name) or nil
  end
  local names, found = names_of(value), {}
  for i = 1, #names do
    if sub(names[i], 1, #last) == last then found[#found + 1] = names[i] end
  end
  sort(found)
  return concat(found, " ", 1, #found < MOST and #found or MOST)
end

return entering
