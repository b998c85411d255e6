-- Values as text, for messages to whoever wrote the script.

local getmetatable, next, pcall, tostring, type = getmetatable, next, pcall, tostring, type
local concat, sort = table.concat, table.sort
local find, format, gsub, sub = string.find, string.format, string.gsub, string.sub

local LONGEST = 40 -- bytes of a string that are shown
local FIELDS = 10 -- of a table
local DEPTH = 3 -- of tables in tables

local text = {}

--- Whether a value can be called.
function text.callable(value)
  if type(value) == "function" then return true end
  local meta = type(value) == "table" and getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil
end

--- A value in a few words: "a string", 5, table.
local function show(value)
  local kind = type(value)
  if kind == "string" then
    if #value > LONGEST then value = sub(value, 1, LONGEST - 3) .. "..." end
    return (gsub(format("%q", value), "\\\n", "\\n"))
  end
  if kind == "number" or kind == "nil" or kind == "boolean" then return tostring(value) end
  return kind
end
text.show = show

local function key_of(value)
  if type(value) == "string" and find(value, "^[%a_][%w_]*$") then return value end
  return "[" .. show(value) .. "]"
end

--- The fields of a table, the first few in the order of their names.
local function fields(value, depth)
  if depth > DEPTH then return "{...}" end
  local names, shown = {}, {}
  for key, each in next, value do
    local name = key_of(key)
    names[#names + 1] = name
    shown[name] = type(each) == "table" and fields(each, depth + 1) or show(each)
    -- However large the table is, only so much of it is looked at.
    if #names > FIELDS then break end
  end
  local more = #names > FIELDS
  if more then names[#names] = nil end
  sort(names)
  for i = 1, #names do names[i] = names[i] .. " = " .. shown[names[i]] end
  if more then names[#names + 1] = "..." end
  return "{" .. concat(names, ", ") .. "}"
end

local function speaks(value)
  local meta = getmetatable(value)
  return type(meta) ~= "table" and meta ~= nil or meta and meta.__tostring ~= nil
end

--- What a script raised, as text: it may be of any type, and its __tostring may fail.
function text.describe(problem)
  local kind = type(problem)
  -- What Lua 5.5 makes of nil.
  if problem == "<no error object>" then return "nil" end
  if kind == "string" then return problem end
  if kind == "table" then
    local good, own = pcall(speaks, problem)
    if good and not own then return fields(problem, 1) end
  end
  local good, said = pcall(tostring, problem)
  if good and type(said) == "string" then return said end
  return "an error value of type " .. kind .. (kind == "table" and " " .. fields(problem, 1) or "")
end

return text
