-- expect(value): what is expected of a value, and what is said when it is otherwise.

local core = ...

local reports, text = core.import("border/reports"), core.import("border/text")
local values = core.import("testing/values")
local nearest = core.import("border/nearest")
local getmetatable, next, pcall, rawequal, select, setmetatable, type =
  getmetatable, next, pcall, rawequal, select, setmetatable, type
local abs, floor, huge = math.abs, math.floor, math.huge
local concat, sort = table.concat, table.sort
local find, format, sub = string.find, string.format, string.sub
local show = values.show

local SHORT = 60 -- characters of values that are named within a sentence

local expect = {}

-- What each `expect(...)` was given: values with their count `n`.
local given = setmetatable({}, { __mode = "k" })
local negated = setmetatable({}, { __mode = "k" })

-- The matchers. Each is given the first value and its arguments, and returns whether it is
-- so; what should be, in words that end with %s where `expected` is named; lines with
-- more, or nil; and `expected`.
local matchers = {}

function matchers.equal(value, expected)
  local found = values.differences(value, expected)
  return found.count == 0, "to equal %s", found, expected
end

function matchers.is(value, expected)
  return rawequal(value, expected), "to be the same as %s", nil, expected
end

function matchers.has(value, expected)
  if type(expected) ~= "table" then
    reports.raise("bad argument #1 to 'has' (table expected, got " .. text.show(expected) .. ")")
  end
  local found = values.differences(value, expected, true)
  return type(value) == "table" and found.count == 0, "to have %s", found, expected
end

local function wants_text(value, method)
  if type(value) ~= "string" then
    reports.raise(format("bad argument #1 to '%s' (string expected, got %s)",
      method, text.show(value)))
  end
end

function matchers.matches(value, pattern)
  wants_text(pattern, "matches")
  local good, found = pcall(find, value, pattern)
  if not good and type(value) == "string" then
    reports.raise(format("bad argument #1 to 'matches' (%s)", text.describe(found)))
  end
  return type(value) == "string" and found ~= nil, "to match %s", nil, pattern
end

function matchers.contains(value, part)
  if type(value) == "string" then
    wants_text(part, "contains")
    return find(value, part, 1, true) ~= nil, "to contain %s", nil, part
  end
  if type(value) == "table" then
    for _, each in next, value do
      if values.equal(each, part) then return true, "to contain %s", nil, part end
    end
  end
  return false, "to contain %s", nil, part
end

function matchers.near(value, expected, tolerance)
  tolerance = tolerance == nil and 1e-9 or tolerance
  if type(expected) ~= "number" or type(tolerance) ~= "number" then
    reports.raise("bad argument to 'near' (numbers expected)")
  end
  local good = type(value) == "number" and abs(value - expected) <= tolerance
  local off = type(value) == "number" and { format("it is off by %.6g", abs(value - expected)) }
  return good, format("to be within %.6g of ", tolerance) .. "%s", off or nil, expected
end

function matchers.truthy(value) return not not value, "to be true, or anything but nil" end

function matchers.falsy(value) return not value, "to be nil or false" end

function matchers.isA(value, kind)
  wants_text(kind, "isA")
  local meta = getmetatable(value)
  local own = type(meta) == "table" and meta.__name or meta
  local integer = kind == "integer" and type(value) == "number" and value == floor(value)
    and abs(value) ~= huge
  return type(value) == kind or own == kind or integer, "to be a " .. kind, { "it is a "
    .. (type(own) == "string" and type(value) ~= "string" and own or type(value)) }
end

function matchers.raises(value, part)
  if not text.callable(value) then
    reports.raise("expect(function):raises(...): a function expected, got " .. text.show(value))
  end
  if part ~= nil then wants_text(part, "raises") end
  local good, problem = pcall(value)
  local said = not good and text.describe(problem) or nil
  if part == nil then
    return not good, "to raise an error", said and { "it raised " .. show(said) } or nil
  end
  return not good and find(said, part, 1, true) ~= nil, "to raise an error with %s",
    { good and "it raised none" or "it raised " .. show(said) }, part
end

--- All that an operation has returned is looked at: nil, message, code.
local function fails(list, code)
  local failed = list[1] == nil and type(list[3]) == "string"
  if code == nil then return failed, "to fail" end
  return failed and list[3] == code, "to fail with the code %s", nil, code
end

-- Failures that were raised: a script may catch them.
local on_failure

--- `f(message)` is told of each expectation that is not met.
function expect.tell(f) on_failure = f end

local function fail(message)
  local place = reports.place()
  on_failure(place .. ": " .. message)
  reports.raise(message)
end

--- "expected 3 to equal 4", on several lines where the values are long.
local function sentence(list, is_not, words, more, expected)
  local got, wanted = values.show_all(list), nil
  local verb = is_not and "not " .. words or words
  if sub(verb, -3) == " %s" then verb, wanted = sub(verb, 1, -4), show(expected) end
  local both = got .. (wanted or "")
  local lines
  if #both <= SHORT * 2 and not find(both, "\n", 1, true) then
    lines = { "expected " .. got .. " " .. verb .. (wanted and " " .. wanted or "") }
  else
    lines = { "expected what it got " .. verb .. (wanted and " what was expected" or "") }
    lines[2] = "  got       " .. values.indented(got, 12)
    if wanted then lines[3] = "  expected  " .. values.indented(wanted, 12) end
  end
  for i = 1, not is_not and more and #more or 0 do lines[#lines + 1] = "  " .. more[i] end
  return concat(lines, "\n")
end

local function check(handle, list, good, ...)
  local is_not = negated[handle]
  if (good and true or false) ~= is_not then return end
  fail(sentence(list, is_not, ...))
end

local function run(name, handle, ...)
  local list = given[handle]
  if not list then
    reports.raise(format("call it with a colon: expect(value):%s(...)", name))
  end
  local value = list[1]
  if name == "fails" then value = list end
  return check(handle, list, matchers[name](value, ...))
end

matchers.fails = fails

local methods, names = {}, { "never" }
for name in next, matchers do
  methods[name] = function(...) return run(name, ...) end
  names[#names + 1] = name
end
sort(names)

local meta = { __name = "expect", __metatable = "expect" }

local function new(list, is_not)
  local handle = setmetatable({}, meta)
  given[handle], negated[handle] = list, is_not
  return handle
end

function meta.__index(handle, name)
  if name == "never" then return new(given[handle], true) end
  if methods[name] then return methods[name] end
  reports.raise(format("expect(value) has no '%s'; known: %s%s", text.describe(name),
    concat(names, ", "), nearest.suggest(name, names)))
end

function meta.__tostring() return "expect" end

expect.fail = fail

--- What is expected of a value: expect(value):equal(5).
function expect.new(...) return new({ n = select("#", ...), ... }, false) end

return expect
