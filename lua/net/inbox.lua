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
local MAX_QUEUE = 1024

local Inbox = {}
Inbox.__index = Inbox

--- The first receive that waits gets a datagram.
local function serve(self, data, ip, port)
  local waiting = self.waiting
  local ticket = waiting[1]
  if waiting[2] then remove(waiting, 1) else waiting[1] = nil end
  if self.timed then
    cancel_timer(self.timers[ticket])
    self.timers[ticket] = nil
  end
  settle(ticket, true, data, ip, port)
end

local function keep(self, data, ip, port)
  if self.count >= self.limit then
    self.first, self.count = self.first + 3, self.count - 1
    self.dropped = self.dropped + 1
    local first, queue = self.first, self.queue
    queue[first - 3], queue[first - 2], queue[first - 1] = nil, nil, nil
  end
  local queue, at = self.queue, self.first + 3 * self.count
  queue[at], queue[at + 1], queue[at + 2] = data, ip, port
  self.count = self.count + 1
end

--- Serve those who wait from what was kept.
local function serve_kept(self)
  local queue, waiting = self.queue, self.waiting
  while self.count > 0 and waiting[1] do
    local at = self.first
    local data, ip, port = queue[at], queue[at + 1], queue[at + 2]
    queue[at], queue[at + 1], queue[at + 2] = nil, nil, nil
    self.first, self.count = at + 3, self.count - 1
    serve(self, data, ip, port)
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
  local waiting = self.waiting
  while waiting[1] do
    local ticket = remove(waiting, 1)
    cancel_timer(self.timers[ticket])
    self.timers[ticket] = nil
    settle(ticket, false, code, message)
  end
end

--- What the other side tells: datagrams, each with its address and port; or that
--- something is wrong: nil, code, message, and whether it is over.
local function listener(self)
  return function(first, ...)
    if not self.id then return end
    if first == nil then
      local code, message, over = ...
      self.over = over or nil
      if over then
        fail_waiting(self, code, message)
      elseif self.waiting[1] then
        local ticket = remove(self.waiting, 1)
        cancel_timer(self.timers[ticket])
        self.timers[ticket] = nil
        settle(ticket, false, code, message)
      end
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
function inbox.new(receive, timeout, limit)
  local self = setmetatable({
    receive = receive, timeout = timeout, timed = timeout ~= nil and timeout > 0,
    limit = limit or MAX_QUEUE, dropped = 0, expected = false,
    waiting = {}, timers = {}, -- tickets of receives, in order
    queue = {}, first = 1, count = 0, -- data, address and port of each datagram, flat
  }, Inbox)
  self.listener = tickets.listen(listener(self))
  return self
end

local function await(ticket, self)
  if ticket < 0 then ticket = -ticket end
  if not self.id then return soon(settle, ticket, false, "state", "Not connected") end
  local waiting = self.waiting
  if #waiting >= MAX_RECEIVES then
    return soon(settle, ticket, false, "limit", MAX_RECEIVES .. " receives are waiting already")
  elseif self.count == 0 and self.over then
    return soon(settle, ticket, false, "eof", "End of file")
  end
  if not self.expected then
    -- If that is refused, the ticket gets the reason.
    if not self.receive(-ticket, self.id, true) then return end
    self.expected = true
  end
  waiting[#waiting + 1] = ticket
  if self.count > 0 then
    if not self.serving then
      self.serving = true
      soon(function()
        self.serving = nil
        if self.id then
          serve_kept(self)
          rest(self)
        end
      end)
    end
  elseif self.timed then
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
end

--- The next datagram: success(data, ip, port).
function Inbox:receive_next(callbacks)
  return operate("receive", callbacks, await, self)
end

--- The object is closed: callbacks that wait are dropped, a task is told.
function Inbox:close()
  self.id, self.count, self.queue = nil, 0, {}
  tickets.drop(self.listener)
  if self.waiting[1] then soon(fail_waiting, self, "closed", "Operation canceled") end
end

return inbox
