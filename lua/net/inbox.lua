-- Datagrams that came, and the receives that wait for them: what a UDPSocket and a
-- DTLSPeer have in common. They stay on this side, so that a script which answers
-- each datagram crosses the border twice for it and not four times.

local core = ...

local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")
local both, call = core.import("border/callbacks").both, core.import("border/reports").call
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
---@field waiting (integer|function)[] the receives that wait, in order: their tickets,
--- or what a receive with both callbacks calls with a datagram
---@field failures (function|false)[] what such a one calls with an error; false for a
--- ticket
---@field timers table<integer, eplua.timer> by ticket
---@field queue table data, address and port of each datagram, flat; or false, code and
--- message of an error that one receive has still to get
---@field expected boolean Python knows that receives wait
---@field over string[]|nil code and message: nothing comes any more
local Inbox = {}
Inbox.__index = Inbox

--- Take the receive at a place out of those that wait.
local function leave(self, at)
  remove(self.waiting, at)
  remove(self.failures, at)
end

local function leave_ticket(self, ticket)
  local waiting = self.waiting
  for i = #waiting, 1, -1 do
    if waiting[i] == ticket then leave(self, i) end
  end
end

--- The receive whose turn it is gets a datagram; or code and message of an error.
local function serve(self, ok, data, ip, port)
  local waiting, failures = self.waiting, self.failures
  local receive, failure = waiting[1], failures[1]
  if waiting[2] then leave(self, 1) else waiting[1], failures[1] = nil, nil end
  if not failure then
    if self.timed then
      cancel_timer(self.timers[receive])
      self.timers[receive] = nil
    end
    return settle(receive, ok, data, ip, port)
  end
  if ok then return call(self, "receive", receive, data, ip, port) end
  -- The script closed the object itself: its callbacks are dropped.
  if data ~= "closed" then return call(self, "receive", failure, ip, data) end
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
  while self.count > 0 and self.waiting[1] do
    local data, ip, port = take(self)
    if data then serve(self, true, data, ip, port) else serve(self, false, ip, port) end
  end
end

--- Nothing is expected any more: the object alone does not keep the program alive.
local function rest(self)
  if self.expected and self.id and not self.waiting[1] then
    self.expected = false
    self.receive(-tickets.new(), self.id, false)
  end
end

local function fail_waiting(self, code, message)
  while self.waiting[1] do serve(self, false, code, message) end
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

--- Datagrams came, each with its address and port.
local function arrive(self, data, ip, port, ...)
  if self.waiting[1] and self.count == 0 then
    serve(self, true, data, ip, port)
    if not self.id then return end
  else
    keep(self, data, ip, port)
  end
  if ... then return arrive(self, ...) end
  return rest(self)
end

--- What Python tells: datagrams; or that something is wrong: nil, code, message and who
--- fails.
local function listener(self)
  return function(data, ...)
    if not self.id then return end
    if data then return arrive(self, data, ...) end
    local code, message, who = ...
    failing[who](self, code, message)
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
    waiting = {}, failures = {}, timers = {}, queue = {}, first = 1, count = 0,
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
  self.timers[ticket] = fail_later(ticket, self.timeout, function()
    self.timers[ticket] = nil
    leave_ticket(self, ticket)
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
  local last = #waiting + 1
  waiting[last], self.failures[last] = ticket, false
  if self.count > 0 then serve_soon(self) end
  if self.timed and #waiting > self.count then time_out_later(self, ticket) end
end

--- Wait with both callbacks, where nothing has to be asked of Python and nothing has
--- come: for those who answer each datagram, it costs a third of an operation.
---@return boolean|nil done else it is an operation
local function await_call(self, given)
  if not self.expected or self.count > 0 or self.timed or not self.id then return end
  local success, failure = both(given)
  local waiting = self.waiting
  local last = #waiting + 1
  if not success or last > MAX_RECEIVES then return end
  waiting[last], self.failures[last] = success, failure
  return true
end

--- A task that waits was cancelled: what comes is for the next one.
tickets.undo(await, function(ticket, self)
  leave_ticket(self, ticket)
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
    local box = self.inbox
    if callbacks ~= nil and await_call(box, callbacks) then return end
    return operate("receive", callbacks, await, box)
  end

  --- How many datagrams were dropped because nobody received them in time.
  function class:droppedCount()
    return self.inbox and self.inbox.dropped or 0
  end
end

return inbox
