-- The known name that a script most probably meant.

local _ = ...

local type = type
local byte, floor, huge, lower, min, sub =
  string.byte, math.floor, math.huge, string.lower, math.min, string.sub

local LONGEST = 40 -- bytes of a name that is compared

local nearest = {}

--- How many letters have to be changed, added, removed or swapped with their neighbour.
local function distance(a, b)
  local rows = { [0] = {} }
  for j = 0, #b do rows[0][j] = j end
  for i = 1, #a do
    local row, above = { [0] = i }, rows[i - 1]
    rows[i] = row
    for j = 1, #b do
      local x, y = byte(a, i), byte(b, j)
      local cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y and 0 or 1))
      if i > 1 and j > 1 and x == byte(b, j - 1) and y == byte(a, i - 1) then
        cost = min(cost, rows[i - 2][j - 2] + 1)
      end
      row[j] = cost
    end
  end
  return rows[#a][#b]
end

--- The name in `names` that is so near to `name` that it was probably meant, or nil;
--- and how near it is, 0 for one that differs in case only.
---@param names string[]
---@return string|nil, number
function nearest.find(name, names)
  if type(name) ~= "string" or #name < 2 or #name > LONGEST then return nil, huge end
  local asked, allowed = lower(name), min(3, 1 + floor((#name - 1) / 4))
  local best, least = nil, huge
  for i = 1, #names do
    local each = names[i]
    local known = lower(each)
    local far = huge
    if #known <= LONGEST then far = distance(asked, known) end
    -- The beginning of a name is meant for it: TCP for TCPSocket.
    if far > allowed then far = #asked > 2 and sub(known, 1, #asked) == asked and 4 or huge end
    if far < least then best, least = each, far end
  end
  return best, least
end

--- "; did you mean NAME?", or nothing.
function nearest.suggest(name, names)
  local found = nearest.find(name, names)
  return found and "; did you mean " .. found .. "?" or ""
end

return nearest
