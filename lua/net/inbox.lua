-- Datagrams that came, and the receives that wait for them: what a UDPSocket and a
-- DTLSPeer have in common. They stay on this side, so that a script which answers
-- each datagram crosses the border twice for it and not four times.

local core = ...

local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")
local operate, settle, soon = tickets.operate, tickets.settle, tickets.soon
local cancel_timer, fail_later = timers.cancel, timers.fail_later
local remove = table.remove
local setmetatable = setmetatable

local MAX_RECEIVES = 64
local TOO_MANY = MAX_RECEIVES .. " receives wait already, and no option allows more"
local MAX_QUEUE = 1024

---@class eplua.Inbox
---@field id integer|nil the number of the resource whose datagrams these are
---@field receive function the primitive that says whether receives wait
---@field timeout number|nil milliseconds that each receive waits
---@field limit integer how many datagrams are kept
---@field dropped integer how many were not
---@field waiting integer[] tickets of receives, in order
---@field timers table<integer, eplua.timer> by ticket
---@field queue table data, address and port of each datagram, flat; or false, code and
--- message of an error that one receive has still to get
---@field expected boolean Python knows that receives wait
---@field over string[]|nil code and message: nothing comes any more
local Inbox = {}
Inbox.__index = Inbox

--- The receive whose turn it is.
local function next_waiting(self)
  local waiting = self.waiting
  local ticket = waiting[1]
  if waiting[2] then remove(waiting, 1) else waiting[1] = nil end
  if self.timed then
    cancel_timer(self.timers[ticket])
    self.timers[ticket] = nil
  end
  return ticket
end

--- It gets a datagram, or an error.
local function serve(self, data, ip, port)
  local ticket = next_waiting(self)
  if data then return settle(ticket, true, data, ip, port) end
  return settle(ticket, false, ip, port)
end

local function take(self)
  local queue, at = self.queue, self.first
  local data, ip, port = queue[at], queue[at + 1], queue[at + 2]
  queue[at], queue[at + 1], queue[at + 2] = nil, nil, nil
  self.first, self.count = at + 3, self.count - 1
  if data == false then self.failed = nil end
  return data, ip, port
end

local function keep(self, data, ip, port)
  if self.count >= self.limit and take(self) then self.dropped = self.dropped + 1 end
  local queue, at = self.queue, self.first + 3 * self.count
  queue[at], queue[at + 1], queue[at + 2] = data, ip, port
  self.count = self.count + 1
end

--- Serve those who wait from what was kept.
local function serve_kept(self)
  while self.count > 0 and self.waiting[1] do serve(self, take(self)) end
end

--- Nothing is expected any more: the object alone does not keep the program alive.
local function rest(self)
  if self.expected and self.id and not self.waiting[1] then
    self.expected = false
    self.receive(-tickets.new(), self.id, false)
  end
end

local function fail_waiting(self, code, message)
  while self.waiting[1] do settle(next_waiting(self), false, code, message) end
end

--- What an error does: one receive fails, or all that wait, or all from now on.
local failing = {
  one = function(self, code, message)
    if self.waiting[1] and self.count == 0 then return serve(self, false, code, message) end
    -- It waits for the next receive: the same error twice would say no more.
    if not self.failed then
      self.failed = true
      keep(self, false, code, message)
    end
  end,
  all = fail_waiting,
  ["end"] = function(self, code, message)
    self.over = { code, message }
    -- Receives that wait beside kept datagrams are about to be served.
    if self.count == 0 then fail_waiting(self, code, message) end
  end,
}

--- What Python tells: datagrams, each with its address and port; or that something is
--- wrong: nil, code, message and who fails.
local function listener(self)
  return function(first, ...)
    if not self.id then return end
    if first == nil then
      local code, message, who = ...
      failing[who](self, code, message)
    else
      local list = { first, ... }
      for i = 1, #list, 3 do
        if self.waiting[1] and self.count == 0 then
          serve(self, list[i], list[i + 1], list[i + 2])
          if not self.id then return end
        else
          keep(self, list[i], list[i + 1], list[i + 2])
        end
      end
    end
    rest(self)
  end
end

local inbox = {}

--- `receive(ticket, id, expected)` is the primitive that says whether something is
--- expected. `timeout` is for each receive. The ticket of `listener` is Python's.
---@return eplua.Inbox
function inbox.new(receive, timeout, limit)
  local self = setmetatable({
    receive = receive, timeout = timeout, timed = timeout ~= nil and timeout > 0,
    limit = limit or MAX_QUEUE, dropped = 0, expected = false,
    waiting = {}, timers = {}, queue = {}, first = 1, count = 0,
  }, Inbox)
  self.listener = tickets.listen(listener(self))
  return self
end

--- Serve from what was kept when the script has returned.
local function serve_soon(self)
  if self.serving then return end
  self.serving = true
  soon(function()
    self.serving = nil
    if not self.id then return end
    serve_kept(self)
    if not self.id then return end
    if self.over then fail_waiting(self, self.over[1], self.over[2]) end
    rest(self)
  end)
end

local function time_out_later(self, ticket)
  local waiting = self.waiting
  self.timers[ticket] = fail_later(ticket, self.timeout, function()
    self.timers[ticket] = nil
    for i = 1, #waiting do
      if waiting[i] == ticket then
        remove(waiting, i)
        break
      end
    end
    rest(self)
  end)
end

local function await(ticket, self)
  if ticket < 0 then ticket = -ticket end
  if not self.id then return soon(settle, ticket, false, "state", "Not connected") end
  local waiting = self.waiting
  if #waiting >= MAX_RECEIVES then
    return soon(settle, ticket, false, "limit", TOO_MANY)
  elseif self.count == 0 and self.over then
    return soon(settle, ticket, false, self.over[1], self.over[2])
  end
  if not self.expected then
    -- If that is refused, the ticket gets the reason.
    if not self.receive(-ticket, self.id, true) then return end
    self.expected = true
  end
  waiting[#waiting + 1] = ticket
  if self.count > 0 then serve_soon(self) end
  if self.timed and #waiting > self.count then time_out_later(self, ticket) end
end

--- A task that waits was cancelled: what comes is for the next one.
tickets.undo(await, function(ticket, self)
  for i = #self.waiting, 1, -1 do
    if self.waiting[i] == ticket then remove(self.waiting, i) end
  end
  cancel_timer(self.timers[ticket])
  self.timers[ticket] = nil
  rest(self)
end)

--- The object is closed: callbacks that wait are dropped, a task is told.
function Inbox:close()
  self.id, self.count, self.queue = nil, 0, {}
  tickets.drop(self.listener)
  if self.waiting[1] then soon(fail_waiting, self, "closed", "Operation canceled") end
end

--- Give a class `receive` and `droppedCount`; its objects have the field `inbox`.
---@param ready function|nil called with an object before its inbox is used
function inbox.mixin(class, ready)
  --- The next datagram: success(data, ip, port).
  function class:receive(callbacks)
    if not self.id and ready then ready(self) end
    return operate("receive", callbacks, await, self.inbox)
  end

  --- How many datagrams were dropped because nobody received them in time.
  function class:droppedCount()
    return self.inbox and self.inbox.dropped or 0
  end
end

return inbox
