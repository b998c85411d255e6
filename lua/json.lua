-- json, in the shape of HC3's (which is luajson): `encode` and `decode` are callable
-- tables, null is a function value, arrays carry a mark.
--
-- Two things are better than there: what is written is always JSON (a vertical tab
-- is \u000b, not \v), and a \u surrogate pair is the one character it stands for.

local core = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local show = core.import("border/text").show
local byte, char, find, sub = string.byte, string.char, string.find, string.sub
local format, gsub, concat, floor = string.format, string.gsub, table.concat, math.floor
local getmetatable, setmetatable, pairs = getmetatable, setmetatable, pairs
local rawget, tonumber, tostring, type = rawget, tonumber, tostring, type
local huge = math.huge
local integer_type = rawget(math, "type")

--- Levels of nesting, read and written.
local DEPTH = 500

local ARRAY = { __jsontype = "array" }

local function null() return null end

local util = { null = null, undefined = null }

--- Mark a table as an array, so that `{}` is written as `[]`; returns it.
---@param t table
function util.InitArray(t)
  if type(t) ~= "table" then check.fail(1, "InitArray", "t", "table", t) end
  return setmetatable(t, ARRAY)
end

local function is_marked(t)
  local meta = getmetatable(t)
  return meta == ARRAY or type(meta) == "table" and rawget(meta, "__jsontype") == "array"
end

--- Whether a table carries the mark of an array.
function util.IsArray(t) return type(t) == "table" and is_marked(t) end

-- Writing.

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["/"] = "\\/", ["\127"] = "\\u007f" }
for code = 0, 31 do ESCAPES[char(code)] = format("\\u%04x", code) end
for letter, control in pairs({ b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }) do
  ESCAPES[control] = "\\" .. letter
end

local function encode_string(text)
  if find(text, '[%c"\\/]') then text = gsub(text, '[%c"\\/]', ESCAPES) end
  return '"' .. text .. '"'
end

--- As `tostring` where that loses nothing, else with the digits it takes.
local function encode_number(number)
  if number ~= number then return "NaN" end
  if number == huge then return "Infinity" end
  if number == -huge then return "-Infinity" end
  if integer_type then
    if integer_type(number) == "integer" then return tostring(number) end
  elseif number == floor(number) and number < 2 ^ 53 and number > -2 ^ 53 then
    return format("%.0f", number)
  end
  local text = tostring(number)
  if tonumber(text) == number then return text end
  text = format("%.16g", number)
  if tonumber(text) ~= number then text = format("%.17g", number) end
  if integer_type and not find(text, "[.e]") then text = text .. ".0" end
  return text
end

--- How many elements a table has as an array; nil if it is an object.
local function array_length(t)
  local length = #t
  if is_marked(t) then return length end
  if length == 0 then return nil end
  local n = t.n
  if type(n) == "number" and n >= 1 and n == floor(n) and n < 2 ^ 31 then return n end
  for key in pairs(t) do
    if type(key) ~= "number" or key < 1 or key > length or key ~= floor(key) then
      return nil
    end
  end
  return length
end

local KEYS = { string = true, number = true, boolean = true }

local function refuse(reason) reports.raise("json.encode: " .. reason) end

local write

local function write_table(out, count, t, depth, path)
  -- What a host has made of tables, and calls userdata.
  local is_userdata = core.is_userdata
  if is_userdata and is_userdata(t) then refuse("a userdata cannot be encoded") end
  if path[t] then refuse("a table contains itself") end
  if depth >= DEPTH then refuse("nested more than " .. DEPTH .. " levels deep") end
  path[t] = true
  local length = array_length(t)
  count = count + 1
  if length then
    out[count] = "["
    for index = 1, length do
      if index > 1 then
        count = count + 1
        out[count] = ","
      end
      count = write(out, count, t[index], depth + 1, path)
    end
    out[count + 1] = "]"
  else
    out[count] = "{"
    local comma = ""
    for key, value in pairs(t) do
      local kind = type(key)
      if not KEYS[kind] then refuse("a " .. kind .. " cannot be a key") end
      local name = kind == "number" and encode_number(key) or tostring(key)
      count = count + 1
      out[count] = comma .. encode_string(name) .. ":"
      count = write(out, count, value, depth + 1, path)
      comma = ","
    end
    out[count + 1] = "}"
  end
  path[t] = nil
  return count + 1
end

function write(out, count, value, depth, path)
  local kind, text = type(value), nil
  if kind == "string" then
    text = encode_string(value)
  elseif kind == "number" then
    text = encode_number(value)
  elseif kind == "table" then
    return write_table(out, count, value, depth, path)
  elseif kind == "boolean" then
    text = tostring(value)
  elseif value == nil or value == null then
    text = "null"
  else
    refuse("a " .. kind .. " cannot be encoded")
  end
  out[count + 1] = text
  return count + 1
end

local function encode(value)
  local out = {}
  return concat(out, "", 1, write(out, 0, value, 0, {}))
end

-- Reading. Every function takes the text and a position, and looks at no byte twice.

local function fail(text, position, reason)
  local line, start = 1, 1
  while true do
    local newline = find(text, "\n", start, true)
    if not newline or newline >= position then break end
    line, start = line + 1, newline + 1
  end
  reports.raise(format("json.decode: %s at line %d, column %d",
    reason, line, position - start + 1))
end

local function unexpected(text, position, expected)
  local found = position > #text and "end of text" or show(sub(text, position, position))
  fail(text, position, expected .. " expected, got " .. found)
end

-- Spaces of Unicode, by their UTF-8.
local WIDE = { ["\194\160"] = true, ["\239\187\191"] = true, ["\225\154\128"] = true }
for _, space in pairs({ "\168", "\169", "\175" }) do WIDE["\226\128" .. space] = true end
for code = 128, 138 do WIDE["\226\128" .. char(code)] = true end
WIDE["\226\129\159"], WIDE["\227\128\128"] = true, true

--- The position of the next byte that is neither space nor comment.
local function skip(text, position)
  while true do
    local _, stop = find(text, "^[ \t\r\n\v\f]*", position)
    position = stop + 1
    local first = byte(text, position)
    if first == 47 then
      local second = byte(text, position + 1)
      if second == 47 then
        position = find(text, "\n", position, true) or #text + 1
      elseif second == 42 then
        local _, finish = find(text, "*/", position + 2, true)
        if not finish then fail(text, position, "comment without end") end
        position = finish + 1
      else
        return position, first
      end
    elseif first and first >= 194 then
      if WIDE[sub(text, position, position + 1)] then
        position = position + 2
      elseif WIDE[sub(text, position, position + 2)] then
        position = position + 3
      else
        return position, first
      end
    else
      return position, first
    end
  end
end

local function utf8_of(code)
  if code < 128 then return char(code) end
  local last = 128 + code % 64
  code = floor(code / 64)
  if code < 32 then return char(192 + code, last) end
  local third = 128 + code % 64
  code = floor(code / 64)
  if code < 16 then return char(224 + code, third, last) end
  return char(240 + floor(code / 64), 128 + code % 64, third, last)
end

local UNESCAPES = {
  ['"'] = '"', ["'"] = "'", ["\\"] = "\\", ["/"] = "/",
  b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", v = "\v",
}

--- What an escape stands for, and the position after it.
local function decode_escape(text, position)
  local letter = sub(text, position + 1, position + 1)
  local plain = UNESCAPES[letter]
  if plain then return plain, position + 2 end
  if letter == "u" then
    local _, stop, digits = find(text, "^(%x%x%x%x)", position + 2)
    if digits then
      local code = tonumber(digits, 16)
      if code >= 55296 and code < 56320 then
        local _, finish, low = find(text, "^\\u([dD][c-fC-F]%x%x)", stop + 1)
        if low then
          code, stop = 65536 + (code - 55296) * 1024 + tonumber(low, 16) - 56320, finish
        end
      end
      return utf8_of(code), stop + 1
    end
  elseif letter == "x" then
    local _, stop, digits = find(text, "^(%x%x)", position + 2)
    if digits then return char(tonumber(digits, 16)), stop + 1 end
  end
  fail(text, position, "bad escape " .. show(sub(text, position, position + 1)))
end

local function decode_string(text, start, quote)
  local pattern = quote == 34 and '["\\]' or "['\\]"
  local position = start + 1
  local stop = find(text, pattern, position)
  if stop and byte(text, stop) == quote then return sub(text, position, stop - 1), stop + 1 end
  local parts, count = {}, 0
  while stop do
    parts[count + 1] = sub(text, position, stop - 1)
    if byte(text, stop) == quote then return concat(parts), stop + 1 end
    parts[count + 2], position = decode_escape(text, stop)
    count = count + 2
    stop = find(text, pattern, position)
  end
  fail(text, start, "string without end")
end

local function decode_number(text, start)
  local _, stop = find(text, "^-?%d+", start)
  if not stop then
    if find(text, "^-Infinity", start) then return -huge, start + 9 end
    unexpected(text, start + 1, "digit")
  end
  if find(text, "^-?0%d", start) then fail(text, start, "number with a leading zero") end
  local _, fraction = find(text, "^%.%d+", stop + 1)
  stop = fraction or stop
  local _, exponent = find(text, "^[eE][+-]?%d+", stop + 1)
  stop = exponent or stop
  if find(text, "^[%w_.]", stop + 1) then fail(text, start, "malformed number") end
  return tonumber(sub(text, start, stop)), stop + 1
end

local WORDS = {
  ["true"] = true, ["false"] = false, null = null, undefined = null,
  NaN = 0 / 0, Infinity = huge,
}

local value_at

local function decode_array(text, position, depth)
  local array, count = setmetatable({}, ARRAY), 0
  local first
  position, first = skip(text, position + 1)
  while first ~= 93 do
    count = count + 1
    array[count], position = value_at(text, position, first, depth)
    position, first = skip(text, position)
    if first == 44 then
      position, first = skip(text, position + 1)
    elseif first ~= 93 then
      unexpected(text, position, "',' or ']'")
    end
  end
  return array, position + 1
end

local function decode_object(text, position, depth)
  local object = {}
  local first, key
  position, first = skip(text, position + 1)
  while first ~= 125 do
    if first == 34 or first == 39 then
      key, position = decode_string(text, position, first)
    else
      local _, stop = find(text, "^[%a_$][%w_$]*", position)
      if not stop then unexpected(text, position, "key or '}'") end
      key, position = sub(text, position, stop), stop + 1
    end
    position, first = skip(text, position)
    if first ~= 58 then unexpected(text, position, "':'") end
    position, first = skip(text, position + 1)
    object[key], position = value_at(text, position, first, depth)
    position, first = skip(text, position)
    if first == 44 then
      position, first = skip(text, position + 1)
    elseif first ~= 125 then
      unexpected(text, position, "',' or '}'")
    end
  end
  return object, position + 1
end

function value_at(text, position, first, depth)
  if first == 34 or first == 39 then return decode_string(text, position, first) end
  if first == 123 or first == 91 then
    if depth >= DEPTH then
      fail(text, position, "nested more than " .. DEPTH .. " levels deep")
    end
    if first == 123 then return decode_object(text, position, depth + 1) end
    return decode_array(text, position, depth + 1)
  end
  if first == 45 or first and first >= 48 and first <= 57 then
    return decode_number(text, position)
  end
  local _, stop = find(text, "^[%a_$][%w_$]*", position)
  if stop then
    local word = WORDS[sub(text, position, stop)]
    if word ~= nil then return word, stop + 1 end
  end
  unexpected(text, position, "value")
end

local function decode(text)
  text = check.string(text, 1, "decode", "text")
  local position, first = skip(text, 1)
  local value
  value, position = value_at(text, position, first, 0)
  position, first = skip(text, position)
  if first then unexpected(text, position, "end of text") end
  return value
end

local function callable(f)
  return setmetatable({}, { __call = function(_, value) return f(value) end })
end

---@class json
return {
  _VERSION = "eplua",
  encode = callable(encode),
  decode = callable(decode),
  null = null,
  util = util,
}
