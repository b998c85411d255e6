-- Values for those who read a failed test: whole, in a fixed order; and where two differ.

local getmetatable, next, pcall, rawequal, rawget, tostring, type =
  getmetatable, next, pcall, rawequal, rawget, tostring, type
local concat, sort, floor = table.concat, table.sort, math.floor
local byte, find, format, gsub, rep, sub =
  string.byte, string.find, string.format, string.gsub, string.rep, string.sub

local LINE = 72 -- characters of a table that is shown in one line
local LONGEST = 400 -- bytes of a string that are shown
local FIELDS = 60 -- of a table that are shown
local DEPTH = 8 -- of tables in tables
local DIFFERENCES = 8
local BESIDE = 12 -- bytes that are shown before those where two strings differ

local values = {}

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
    if i > FIELDS then
      parts[#parts + 1] = format("... (%d more)", #keys - FIELDS)
      break
    end
    local said = show(rawget(value, keys[i]), indent .. "  ", above)
    parts[i] = i <= length and said or key_name(keys[i]) .. " = " .. said
  end
  return parts
end

--- A value as Lua would write it.
---@param indent string|nil of the lines after the first
---@param above table<table, boolean>|nil the tables that it is in
function show(value, indent, above)
  if type(value) ~= "table" or speaks(value) then return scalar(value) end
  indent, above = indent or "", above or { depth = 0 }
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
values.show = show

-- Equality.

local function alike(a, b)
  return rawequal(a, b) or a ~= a and b ~= b or type(a) == type(b) and a == b
end

local function is_data(value) return type(value) == "table" and not speaks(value) end

--- Where two strings begin to differ.
local function string_difference(a, b)
  local at = 1
  while byte(a, at) == byte(b, at) do at = at + 1 end
  if #a <= LINE / 2 and #b <= LINE / 2 then return format("they differ at byte %d", at) end
  local from = at > BESIDE and at - BESIDE or 1
  local function piece(value)
    return (from > 1 and "..." or "") .. quoted(sub(value, from, at + BESIDE * 2))
  end
  return format("they differ at byte %d: %s, expected %s", at, piece(a), piece(b))
end

local function join(path, key)
  if type(key) == "string" and find(key, "^[%a_][%w_]*$") then return path .. "." .. key end
  return path .. "[" .. scalar(key) .. "]"
end

local function note(found, path, a, b)
  found.count = found.count + 1
  if found.count > DIFFERENCES then return end
  local said
  if type(a) == "string" and type(b) == "string" and (path == "" or #a + #b > LINE) then
    said = string_difference(a, b)
  elseif path ~= "" then
    said = show(a, "  ") .. ", expected " .. show(b, "  ")
  else
    return
  end
  found[#found + 1] = (path == "" and "" or "at " .. path .. ": ") .. said
end

--- Note each place where two values differ.
---@param partly boolean what the second does not name is not looked at
local function compare(a, b, found, path, pairs_above, partly)
  if alike(a, b) then return end
  if not is_data(a) or not is_data(b) then return note(found, path, a, b) end
  local known = pairs_above[a]
  if known and known[b] then return end
  pairs_above[a] = known or {}
  pairs_above[a][b] = true
  for _, key in next, (keys_of(b)) do
    compare(rawget(a, key), rawget(b, key), found, join(path, key), pairs_above, partly)
  end
  if partly then return end
  for _, key in next, (keys_of(a)) do
    if rawget(b, key) == nil then note(found, join(path, key), rawget(a, key), nil) end
  end
end

--- Where `a` differs from `b`: texts, and their `count`. Two tables are equal when their
--- fields are, whatever metatables they have; objects only when they are the same.
---@param partly boolean|nil fields that `b` does not have are not looked at
function values.differences(a, b, partly)
  local found = { count = 0 }
  compare(a, b, found, "", {}, partly)
  if found.count > DIFFERENCES then
    found[#found + 1] = format("and %d more", found.count - DIFFERENCES)
  end
  return found
end

--- Whether two values are equal, as `differences` sees it.
function values.equal(a, b) return values.differences(a, b).count == 0 end

--- What `expect(...)` was given, in one text.
function values.show_all(list)
  local parts = {}
  for i = 1, list.n do parts[i] = show(list[i]) end
  return list.n == 0 and "nothing" or concat(parts, ", ")
end

--- A text whose lines after the first are further in.
function values.indented(said, by)
  return (gsub(said, "\n", "\n" .. rep(" ", by)))
end

return values
