-- Where two values differ, for those who read a failed test.

local core = ...

local shown = core.import("border/shown")
local next, rawequal, rawget, type = next, rawequal, rawget, type
local byte, find, format, gsub, rep, sub =
  string.byte, string.find, string.format, string.gsub, string.rep, string.sub
local keys_of, quoted, scalar, speaks = shown.keys_of, shown.quoted, shown.scalar, shown.speaks
local show, LINE = shown.show, shown.LINE

local DIFFERENCES = 8
local BESIDE = 12 -- bytes that are shown before those where two strings differ

local values = { show = show }

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
  return list.n == 0 and "nothing" or shown.show_all(list)
end

--- A text whose lines after the first are further in.
function values.indented(said, by)
  return (gsub(said, "\n", "\n" .. rep(" ", by)))
end

return values
