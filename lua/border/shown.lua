-- Values for those who look at them: as Lua would write them, whole as far as that can be
-- read, in a fixed order.

local getmetatable, next, pcall, rawget, tostring, type =
  getmetatable, next, pcall, rawget, tostring, type
local concat, sort, floor = table.concat, table.sort, math.floor
local byte, find, format, gsub, sub =
  string.byte, string.find, string.format, string.gsub, string.sub

local LINE = 72 -- characters of a table that is shown in one line
local LONGEST = 400 -- bytes of a string that are shown
local FIELDS = 60 -- of a table that are shown
local WHOLE = 2000 -- fields of all tables in one
local DEPTH = 8 -- of tables in tables

local shown = { LINE = LINE }

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function escaped(character)
  return ESCAPES[character] or format("\\x%02x", byte(character))
end

local function quoted(value)
  local rest = ""
  if #value > LONGEST then
    rest = format("... (%d bytes)", #value)
    value = sub(value, 1, LONGEST)
  end
  return '"' .. gsub(value, '[%c"\\]', escaped) .. '"' .. rest
end

local function named(value)
  local good, said = pcall(tostring, value)
  return good and type(said) == "string" and said or type(value)
end

--- Whether a table says itself what it is: an object, and not plain data.
local function speaks(value)
  local meta = getmetatable(value)
  return type(meta) == "string" or type(meta) == "table" and rawget(meta, "__tostring") ~= nil
end

local function scalar(value)
  if type(value) == "string" then return quoted(value) end
  if type(value) == "number" and value == floor(value) and value > -2 ^ 53 and value < 2 ^ 53 then
    return format("%d", value)
  end
  return named(value)
end

local ORDER = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local first, second = ORDER[type(a)] or 4, ORDER[type(b)] or 4
  if first ~= second then return first < second end
  if first < 3 then return a < b end
  return named(a) < named(b)
end

--- The keys of a table in order, and how many of them come first as those of a list.
local function keys_of(value)
  local keys = {}
  for key in next, value do keys[#keys + 1] = key end
  sort(keys, before)
  local length = 0
  while keys[length + 1] == length + 1 do length = length + 1 end
  return keys, length
end

local function key_name(key)
  if type(key) == "string" and find(key, "^[%a_][%w_]*$") then return key end
  return "[" .. scalar(key) .. "]"
end

local show

local function fields_of(value, indent, above)
  local parts, keys, length = {}, keys_of(value)
  for i = 1, #keys do
    if i > FIELDS or above.left <= 0 then
      parts[i] = format("... (%d more)", #keys - i + 1)
      break
    end
    above.left = above.left - 1
    local said = show(rawget(value, keys[i]), indent .. "  ", above)
    parts[i] = i <= length and said or key_name(keys[i]) .. " = " .. said
  end
  return parts
end

--- A value as Lua would write it.
---@param indent string|nil of the lines after the first
---@param above table|nil the tables that it is in, by themselves; how many they are, as `depth`,
--- and how many fields of all may yet be shown, as `left`
function show(value, indent, above)
  if type(value) ~= "table" or speaks(value) then return scalar(value) end
  indent, above = indent or "", above or { depth = 0, left = WHOLE }
  if above[value] then return "<a table above>" end
  if above.depth >= DEPTH then return "{...}" end
  above[value], above.depth = true, above.depth + 1
  local parts = fields_of(value, indent, above)
  above[value], above.depth = nil, above.depth - 1
  local line = "{" .. concat(parts, ", ") .. "}"
  if #line <= LINE and not find(line, "\n", 1, true) then return line end
  local inner = "\n" .. indent .. "  "
  return "{" .. inner .. concat(parts, "," .. inner) .. ",\n" .. indent .. "}"
end
shown.show = show
shown.quoted, shown.speaks, shown.scalar, shown.keys_of = quoted, speaks, scalar, keys_of

--- A list of values, with their count `n`, in one text.
function shown.show_all(list)
  local parts = {}
  for i = 1, list.n do parts[i] = show(list[i]) end
  return concat(parts, ", ")
end

return shown
