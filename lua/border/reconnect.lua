-- Connecting again: delays between attempts that grow, with jitter, so that many
-- clients of one server do not come back at the same moment.

local core = ...

local options = core.import("border/options")
local timers = core.import("timers", "timers")
local min, random, huge = math.min, math.random, math.huge
local setmetatable, type = setmetatable, type

local reconnect = {}

local function factor_kind(value)
  if type(value) == "number" and value >= 1 and value < huge then return value end
  return nil, "number of at least 1"
end

local KNOWN = { minDelay = "milliseconds", maxDelay = "milliseconds", factor = factor_kind }

--- An option kind: true, or {minDelay, maxDelay, factor}; milliseconds.
function reconnect.kind(value, method, index)
  if value == false then return false end
  if value == true then value = {} end
  if type(value) ~= "table" then return nil, "boolean or table" end
  local o = options.check(value, KNOWN, method, index, false, "reconnect.")
  return {
    minimum = o.minDelay or 1000,
    maximum = o.maxDelay or 60000,
    factor = o.factor or 2,
  }
end

local Schedule = {}
Schedule.__index = Schedule

--- When to try again.
---@param delays table what `reconnect.kind` returned
---@param attempt function called for each attempt
function reconnect.new(delays, attempt)
  return setmetatable({ delays = delays, attempt = attempt, attempts = 0 }, Schedule)
end

--- A connection is open.
function Schedule:opened()
  self.since = timers.now()
end

--- A connection, or an attempt at one, is over: try again after a delay. The delays
--- begin anew only after a connection that has lasted for the longest of them: a
--- server that accepts and closes at once is not asked more and more often.
function Schedule:again()
  local delays = self.delays
  if self.since and (timers.now() - self.since) * 1000 >= delays.maximum then
    self.attempts = 0
  end
  self.since = nil
  local full = min(delays.maximum, delays.minimum * delays.factor ^ self.attempts)
  self.attempts = self.attempts + 1
  -- Half of it is chance.
  self.timer = timers.call_later(full / 2 + full / 2 * random(), function()
    self.timer = nil
    self.attempt()
  end)
  if self.unreferenced then timers.reference(self.timer, false) end
end

--- An attempt is to come.
function Schedule:is_waiting()
  return self.timer ~= nil
end

--- No attempt comes any more; the next one after `again` is the first.
function Schedule:stop()
  timers.cancel(self.timer)
  self.timer, self.since, self.attempts = nil, nil, 0
end

--- Whether waiting for an attempt keeps the program alive.
function Schedule:reference(referenced)
  self.unreferenced = not referenced or nil
  timers.reference(self.timer, referenced)
end

return reconnect
