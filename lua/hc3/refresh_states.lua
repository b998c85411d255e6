-- RefreshStateSubscriber: what changes in the controller, as events.

local core, primitives = ...

local class, reports = core.import("hc3/class"), core.import("border/reports")
local check = core.import("border/check")
local globals, next, pairs, setmetatable = _G, next, pairs, setmetatable

class.class("RefreshStateSubscriber")
local Subscriber = globals.RefreshStateSubscriber

local subscriptions = setmetatable({}, { __mode = "k" }) -- by subscriber
local running = {} -- the subscribers that run

function Subscriber:__init() subscriptions[self] = {} end

--- Call `handler(event)` for the events that `filter(event)` is true for, while it runs.
function Subscriber:subscribe(filter, handler)
  check.callback(filter, 1, "subscribe", "filter")
  check.callback(handler, 2, "subscribe", "handler")
  local subscription = setmetatable({}, { __tostring = function() return "Subscription" end })
  subscriptions[self][subscription] = { filter, handler }
  return subscription
end

function Subscriber:unsubscribe(subscription) subscriptions[self][subscription] = nil end

function Subscriber:run()
  running[self] = true
  primitives.hc3_follow(true)
end

function Subscriber:stop()
  running[self] = nil
  if next(running) == nil then primitives.hc3_follow(false) end
end

local function tell(subscription, event)
  local filter, handler = subscription[1], subscription[2]
  reports.call(nil, "RefreshStateSubscriber", function()
    if filter(event) then handler(event) end
  end)
end

--- Tell the subscribers that run of an event.
return function(event)
  -- A handler may subscribe more.
  local all = {}
  for subscriber in pairs(running) do
    for _, subscription in pairs(subscriptions[subscriber]) do all[#all + 1] = subscription end
  end
  for i = 1, #all do tell(all[i], event) end
end
