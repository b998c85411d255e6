-- utf8, of Lua 5.3, for LuaJIT.

local core = ...

local reports = core.import("border/reports")
local byte, char = string.byte, string.char
local concat, select, floor = table.concat, select, math.floor

local utf8 = { charpattern = "[%z\1-\127\194-\244][\128-\191]*" }

local function encode(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + floor(code / 0x40), 0x80 + code % 0x40) end
  if code < 0x10000 then
    return char(0xE0 + floor(code / 0x1000), 0x80 + floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
  end
  return char(0xF0 + floor(code / 0x40000), 0x80 + floor(code / 0x1000) % 0x40,
    0x80 + floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

function utf8.char(...)
  local out = {}
  for i = 1, select("#", ...) do out[i] = encode((select(i, ...))) end
  return concat(out)
end

--- The character at a byte: its code and length; nil if there is none.
local function decode(s, at)
  local first = byte(s, at)
  if not first then return nil end
  if first < 0x80 then return first, 1 end
  local length = first >= 0xF0 and 4 or first >= 0xE0 and 3 or first >= 0xC2 and 2
  if not length or first > 0xF4 then return nil end
  local code = first % 2 ^ (7 - length)
  for i = at + 1, at + length - 1 do
    local next_byte = byte(s, i)
    if not next_byte or next_byte < 0x80 or next_byte > 0xBF then return nil end
    code = code * 0x40 + next_byte % 0x40
  end
  return code, length
end

local function position(s, at) return at >= 0 and at or #s + at + 1 end

function utf8.len(s, first, last)
  local at, count = position(s, first or 1), 0
  last = position(s, last or -1)
  while at <= last do
    local code, length = decode(s, at)
    if not code then return nil, at end
    at, count = at + length, count + 1
  end
  return count
end

function utf8.codes(s)
  local following = 1
  return function()
    if following > #s then return nil end
    local at = following
    local code, length = decode(s, at)
    if not code then reports.raise("invalid UTF-8 code") end
    following = at + length
    return at, code
  end
end

function utf8.codepoint(s, first, last)
  local at = position(s, first or 1)
  last = position(s, last or at)
  local codes = {}
  while at <= last do
    local code, length = decode(s, at)
    if not code then reports.raise("invalid UTF-8 code") end
    codes[#codes + 1], at = code, at + length
  end
  return core.unpack(codes)
end

local function continues(s, at)
  local found = byte(s, at)
  return found ~= nil and found >= 0x80 and found <= 0xBF
end

function utf8.offset(s, n, from)
  local at = position(s, from or (n > 0 and 1 or #s + 1))
  if n == 0 then
    while at > 1 and continues(s, at) do at = at - 1 end
    return at
  end
  if continues(s, at) then reports.raise("initial position is a continuation byte") end
  while n < 0 and at > 1 do
    repeat at = at - 1 until at <= 1 or not continues(s, at)
    n = n + 1
  end
  n = n > 0 and n - 1 or n
  while n > 0 and at <= #s do
    repeat at = at + 1 until not continues(s, at)
    n = n - 1
  end
  if n == 0 then return at end
  return nil
end

return utf8
