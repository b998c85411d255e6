-- bit32, of Lua 5.2: on the operators of 5.3 and later, or on LuaJIT's `bit`.

local core = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local load, select, tonumber = load, select, tonumber
local floor, format = math.floor, string.format
local WORD = 2 ^ 32

--- The operations on two words, as functions: LuaJIT cannot read the operators.
local function operators(bit)
  if bit then return bit.band, bit.bor, bit.bxor, bit.lshift, bit.rshift end
  local function made(operator)
    return load("return function(a, b) return a " .. operator .. " b end")()
  end
  return made("&"), made("|"), made("~"), made("<<"), made(">>")
end

---@param bit table|nil LuaJIT's
return function(bit)
  local band, bor, bxor, lshift, rshift = operators(bit)

  local function word(value, index, name)
    local number = tonumber(value)
    if not number or number ~= number or number - number ~= 0 then
      check.fail(index, name, "value", "number", value)
    end
    return floor(number % WORD)
  end

  local function result(value) return floor(value % WORD) end

  local function several(operation, first, name)
    return function(...)
      local value = first
      for i = 1, select("#", ...) do
        value = operation(value, word((select(i, ...)), i, name))
      end
      return result(value)
    end
  end

  local bit32 = {
    band = several(band, floor(WORD - 1), "band"),
    bor = several(bor, 0, "bor"),
    bxor = several(bxor, 0, "bxor"),
  }

  function bit32.btest(...) return bit32.band(...) ~= 0 end

  function bit32.bnot(x) return result(WORD - 1 - word(x, 1, "bnot")) end

  function bit32.lshift(x, by)
    x, by = word(x, 1, "lshift"), check.integer(by, 2, "lshift", "disp", -2 ^ 53, 2 ^ 53)
    if by < 0 then return bit32.rshift(x, -by) end
    return by > 31 and 0 or result(lshift(x, by))
  end

  function bit32.rshift(x, by)
    x, by = word(x, 1, "rshift"), check.integer(by, 2, "rshift", "disp", -2 ^ 53, 2 ^ 53)
    if by < 0 then return bit32.lshift(x, -by) end
    return by > 31 and 0 or result(rshift(x, by))
  end

  function bit32.arshift(x, by)
    x, by = word(x, 1, "arshift"), check.integer(by, 2, "arshift", "disp", -2 ^ 53, 2 ^ 53)
    if by <= 0 or x < 2 ^ 31 then return bit32.rshift(x, by) end
    if by > 31 then return floor(WORD - 1) end
    return bit32.bor(bit32.rshift(x, by), bit32.bnot(bit32.rshift(floor(WORD - 1), by)))
  end

  function bit32.lrotate(x, by)
    x, by = word(x, 1, "lrotate"), check.integer(by, 2, "lrotate", "disp", -2 ^ 53, 2 ^ 53) % 32
    return bit32.bor(bit32.lshift(x, by), bit32.rshift(x, 32 - by))
  end

  function bit32.rrotate(x, by)
    return bit32.lrotate(x, -check.integer(by, 2, "rrotate", "disp", -2 ^ 53, 2 ^ 53))
  end

  local function mask(field, width, name)
    field = check.integer(field, 2, name, "field", 0)
    width = width == nil and 1 or check.integer(width, 3, name, "width", 1)
    if field + width > 32 then
      reports.raise(format("bad argument #2 to '%s' (trying to access non-existent bits)", name))
    end
    return field, floor(2 ^ width - 1)
  end

  function bit32.extract(x, field, width)
    local at, bits = mask(field, width, "extract")
    return bit32.band(bit32.rshift(word(x, 1, "extract"), at), bits)
  end

  function bit32.replace(x, value, field, width)
    local at, bits = mask(field, width, "replace")
    local cleared = bit32.band(word(x, 1, "replace"), bit32.bnot(bit32.lshift(bits, at)))
    return bit32.bor(cleared, bit32.lshift(bit32.band(word(value, 2, "replace"), bits), at))
  end

  return bit32
end
