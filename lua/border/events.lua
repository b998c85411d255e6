-- addEventListener, removeEventListener and wait, for classes whose objects have
-- events. Objects keep what they need in `events`, made when first used.

local core = ...

local check, callbacks = core.import("border/check"), core.import("border/callbacks")
local options, reports = core.import("border/options"), core.import("border/reports")
local tasks, text = core.import("border/tasks"), core.import("border/text")
local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")
local library = core.library
local call, here, settle, spell = reports.call, reports.here, tickets.settle, reports.spell
local format, remove = string.format, table.remove
local next, pairs, select, type, unpack = next, pairs, select, type, core.unpack

-- What is kept of the events of a name that wait() has not taken yet: so many events,
-- and bytes. The oldest go first, the newest is always kept.
local QUEUE, BYTES = 1024, 64 * 1024 * 1024

-- The bytes for a name that has listeners, until wait() is called for it.
local HEARD_BYTES = 64 * 1024

local CLOSED = { "Operation canceled", "closed" }

local events = {}

---@class eplua.events
---@field listeners table<string, function[]>
---@field queues table<string, table> what came and no wait() has taken, by name
---@field waiters table<string, table[]> those that wait, by name
---@field awaited table<string, boolean> the names that wait() was called for
---@field failure table|nil message and code: nothing more comes, until `events.open`
---@field left boolean|nil the script closed it: only its last event still comes
---@field script function|nil the script's function that connected, and its line
---@field line integer|nil

local function state(object)
  local own = object.events
  if not own then
    own = { listeners = {}, queues = {}, waiters = {}, awaited = {} }
    object.events = own
  end
  return own
end

-- Queues.

local function size_of(...)
  local size = 0
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if type(value) == "table" then
      for _, each in next, value do
        if type(each) == "string" then size = size + #each end
      end
    elseif type(value) == "string" then
      size = size + #value
    end
  end
  return size
end

local function take(queue)
  local first = queue.first
  local event = queue[first]
  queue[first], queue.first = nil, first + 1
  queue.size = queue.size - event.size
  return event
end

local function is_empty(queue) return queue.first > queue.last end

local function queue_of(own, name)
  local queue = own.queues[name]
  if not queue then
    queue = { first = 1, last = 0, size = 0 }
    own.queues[name] = queue
  end
  return queue
end

local function put(own, name, heard, ...)
  local queue = queue_of(own, name)
  local size = size_of(...)
  local last = queue.last + 1
  queue[last], queue.last = { n = select("#", ...), size = size, ... }, last
  queue.size = queue.size + size
  local awaited = own.awaited[name]
  local bytes = heard and not awaited and HEARD_BYTES or BYTES
  while last - queue.first >= QUEUE or (queue.size > bytes and queue.first < last) do
    take(queue)
    if awaited and not heard and not queue.warned then
      queue.warned = true
      library.warn(format("%s: wait(%q) is called too seldom: events are lost",
        spell(own.script, own.line), name))
    end
  end
end

-- Waiting.

local function withdraw(waiters, waiter)
  for i = 1, #waiters do
    if waiters[i] == waiter then return remove(waiters, i) end
  end
end

local function wake(waiter, ok, ...)
  timers.cancel(waiter.timer)
  settle(waiter.ticket, ok, ...)
end

--- Take the one that waits longest, and still does.
local function next_waiter(waiters)
  while waiters and waiters[1] do
    local waiter = remove(waiters, 1)
    if tickets.is_waiting(waiter.ticket) then return waiter end
    timers.cancel(waiter.timer)
  end
end

local function wait(own, name, milliseconds)
  local ticket = tickets.new()
  local waiters = own.waiters[name] or {}
  own.waiters[name] = waiters
  local waiter = { ticket = ticket }
  waiters[#waiters + 1] = waiter
  if milliseconds then
    waiter.timer = timers.fail_later(ticket, milliseconds, function()
      withdraw(waiters, waiter)
    end)
  end
  return tickets.wait(ticket, function()
    withdraw(waiters, waiter)
    timers.cancel(waiter.timer)
  end)
end

--- What a task gets that waits for an event that is here already, or cannot come:
--- nil when it has to wait.
local function at_once(own, name, holds, is_last)
  local queue = queue_of(own, name)
  own.awaited[name] = true
  if not is_empty(queue) then
    local event = take(queue)
    if holds then own.queues[name] = nil end
    return event
  end
  if holds then return type(holds) == "table" and { n = 1, holds } or { n = 0 } end
  local failure = own.failure or (own.left and not is_last and CLOSED)
  return failure and { n = 3, nil, failure[1], failure[2] }
end

--- Give a class the methods for events of the names in `known`.
---@param last string the event that an open object still has after the script closed it
---@param states table<string, fun(object: table): boolean|table|nil>|nil events that
--- stand for a state: wait() for one returns at once when the object is in it, with the
--- table if it is one
function events.mixin(class, known, last, states)
  local set = {}
  for i = 1, #known do set[known[i]] = true end

  local function check_name(name, method)
    if not set[name] then
      reports.raise(format("bad argument #1 to '%s' (unknown event %s; %s)",
        method, text.show(name), options.known(set, name)))
    end
  end

  --- Call `f` at each event of that name; listeners add up.
  function class:addEventListener(name, f)
    check_name(name, "addEventListener")
    check.callback(f, 2, "addEventListener", "listener")
    local listeners = state(self).listeners
    local old, new = listeners[name] or {}, {}
    -- A new list each time, so that one that is being gone through stays as it is.
    for i = 1, #old do new[i] = old[i] end
    new[#new + 1] = f
    listeners[name] = new
  end

  --- Remove a listener, or all of that name.
  function class:removeEventListener(name, f)
    check_name(name, "removeEventListener")
    local listeners = state(self).listeners
    local old, new = listeners[name] or {}, {}
    for i = 1, f ~= nil and #old or 0 do
      if old[i] ~= f then new[#new + 1] = old[i] end
    end
    listeners[name] = new
  end

  --- In a task: the arguments of the next event of that name. They queue from
  --- `connect` on, so that none is missed.
  function class:wait(name, milliseconds)
    check_name(name, "wait")
    if milliseconds ~= nil then
      milliseconds = check.milliseconds(milliseconds, 2, "wait")
    end
    if not tasks.current() then reports.raise("wait: not in a task (see task.start)") end
    tasks.check_can_wait()
    local own = state(self)
    local holds = states and states[name] and states[name](self)
    local event = at_once(own, name, holds, name == last)
    if not event then return wait(own, name, milliseconds) end
    if event.n == 0 then return true end
    return unpack(event, 1, event.n)
  end
end

-- What happens to an object.

--- Tell an object's listeners, and a task that waits, of an event.
---@return boolean heard there is such a listener or task
function events.emit(object, name, ...)
  local own = state(object)
  local listeners = own.listeners[name]
  local count = listeners and #listeners or 0
  for i = 1, count do
    local now = own.listeners[name]
    local there = now == listeners
    for k = 1, there and 0 or #now do there = there or now[k] == listeners[i] end
    if there then call(object, name, listeners[i], ...) end
  end
  local waiter = next_waiter(own.waiters[name])
  if waiter then
    wake(waiter, true, ...)
    return true
  end
  put(own, name, count > 0, ...)
  return count > 0
end
local emit = events.emit

--- Fail all that wait now; returns whether there were some.
local function fail_waiters(waiters, failure)
  local some = false
  for _, list in pairs(waiters) do
    local waiter = next_waiter(list)
    while waiter do
      some = true
      wake(waiter, false, failure[2], failure[1])
      waiter = next_waiter(list)
    end
  end
  return some
end

--- The object failed or is over: nothing more comes, until `events.open`.
---@return boolean heard a task was waiting
function events.close(object, message, code)
  local own = state(object)
  local waiters = own.waiters
  own.waiters = {}
  own.failure = own.left and CLOSED or { message, code }
  return fail_waiters(waiters, own.failure)
end

--- A connection could not be made: as `emit` of `error` with what follows `code`. If
--- nobody hears it, the script is warned at the line that connected.
---@param is_over fun(): boolean whether nothing more comes (see `close`), once the
--- listeners have returned
function events.fail(object, is_over, message, code, ...)
  local own = state(object)
  local script, line = own.script, own.line
  local heard = emit(object, "error", ...)
  if is_over() then heard = events.close(object, message, code) or heard end
  -- With reconnect the first of a row of failures is enough.
  if not heard and not own.silent then
    own.silent = true
    callbacks.unheard(message, code, spell(script, line), "error listener")
  end
end

--- As `emit` of `error`, but not within the script's call that this is an answer to,
--- and if nobody hears it, the script is warned at that call's line.
function events.fail_later(object, message, code, ...)
  local arguments, count = { ... }, select("#", ...)
  local place = reports.place()
  tickets.soon(function()
    if not emit(object, "error", unpack(arguments, 1, count)) then
      callbacks.unheard(message, code, place, "error listener")
    end
  end)
end

--- The script connects: events queue from now on, and where it did is remembered.
function events.open(object)
  local own = state(object)
  own.failure, own.left, own.silent, own.queues = nil, nil, nil, {}
  own.script, own.line = here(3)
end

--- The object is connected: the next failure is a new one.
function events.opened(object)
  state(object).silent = nil
end

--- The script closed the object. Tasks that wait are told when the script has
--- returned; those that wait for its last event get that one, if it still comes.
---@param last string|nil the name of that event
function events.leave(object, last)
  local own = state(object)
  local waiters = own.waiters
  own.waiters = {}
  own.left = true
  if last then own.waiters[last], waiters[last] = waiters[last], nil else own.failure = CLOSED end
  if next(waiters) then tickets.soon(fail_waiters, waiters, CLOSED) end
end

return events
