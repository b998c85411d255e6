-- Delays between attempts to connect again: they grow, with jitter, so that many
-- clients of one server do not come back at the same moment.

local core = ...

local check = core.import("border/check")
local min, random = math.min, math.random

local reconnect = {}

local KNOWN = { minDelay = "milliseconds", maxDelay = "milliseconds", factor = "factor" }

check.kinds.factor = function(value)
  if type(value) == "number" and value >= 1 and value < math.huge then return value end
  return nil, "number of at least 1"
end

--- An option kind: true, or {minDelay, maxDelay, factor}.
function reconnect.kind(value)
  if value == false then return false end
  if value == true then value = {} end
  if type(value) ~= "table" then return nil, "boolean or table" end
  local o = check.options(value, KNOWN, "reconnect")
  return {
    minimum = o.minDelay or 1000,
    maximum = o.maxDelay or 60000,
    factor = o.factor or 2,
  }
end

--- The delay before attempt number `attempt` (from 1): half of it is chance.
function reconnect.delay(options, attempt)
  local full = min(options.maximum, options.minimum * options.factor ^ (attempt - 1))
  return full / 2 + full / 2 * random()
end

return reconnect
