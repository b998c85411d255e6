-- addEventListener, removeEventListener and wait, for classes whose objects have
-- events. Objects keep what they need in `events`, made when first used.

local core = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local tasks, text = core.import("border/tasks"), core.import("border/text")
local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")
local protect, settle = reports.protect, tickets.settle
local format, concat, sort, remove = string.format, table.concat, table.sort, table.remove
local ipairs, pairs, select, unpack = ipairs, pairs, select, core.unpack

local QUEUE = 1024 -- events that wait() has not taken yet; the oldest go first

local events = {}

local function state(object)
  local own = object.events
  if not own then
    own = { listeners = {}, queues = {}, waiters = {} }
    object.events = own
  end
  return own
end

--- Give a class the methods for events of the names in `known`.
function events.mixin(class, known)
  local set, names = {}, {}
  for i = 1, #known do set[known[i]], names[i] = true, known[i] end
  sort(names)
  local list = concat(names, ", ")

  local function check_name(name, method)
    if not set[name] then
      reports.raise(format("bad argument #1 to '%s' (unknown event %s; known: %s)",
        method, text.show(name), list))
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
    local new = {}
    if f ~= nil then
      for _, each in ipairs(listeners[name] or {}) do
        if each ~= f then new[#new + 1] = each end
      end
    end
    listeners[name] = new
  end

  --- In a task: the arguments of the next event of that name. From its first use
  --- events of the name queue, so that none is missed.
  function class:wait(name, milliseconds)
    check_name(name, "wait")
    if milliseconds ~= nil then
      milliseconds = check.milliseconds(milliseconds, 2, "wait")
    end
    if not tasks.current() then reports.raise("wait: not in a task (see task.start)") end
    tasks.check_can_wait()
    local own = state(self)
    local queue = own.queues[name]
    if queue and queue[1] then
      local event = remove(queue, 1)
      if event.n == 0 then return true end
      return unpack(event, 1, event.n)
    end
    own.queues[name] = queue or {}
    if own.failure then return nil, own.failure[1], own.failure[2] end
    local ticket = tickets.new()
    local waiters = own.waiters[name] or {}
    own.waiters[name] = waiters
    local waiter = { ticket = ticket }
    waiters[#waiters + 1] = waiter
    if milliseconds then
      waiter.timer = timers.fail_later(ticket, milliseconds, function()
        for i = 1, #waiters do
          if waiters[i] == waiter then return remove(waiters, i) end
        end
      end)
    end
    return tickets.wait(ticket)
  end
end

local function wake(waiter, ok, ...)
  timers.cancel(waiter.timer)
  settle(waiter.ticket, ok, ...)
end

--- Tell an object's listeners, and a task that waits, of an event.
function events.emit(object, name, ...)
  local own = object.events
  if not own then return end
  local listeners = own.listeners[name]
  for i = 1, listeners and #listeners or 0 do
    local now = own.listeners[name]
    local there = now == listeners
    for k = 1, there and 0 or #now do there = there or now[k] == listeners[i] end
    if there then protect(listeners[i], ...) end
  end
  local queue = own.queues[name]
  if not queue then return end
  local waiters = own.waiters[name]
  if waiters and waiters[1] then return wake(remove(waiters, 1), true, ...) end
  if #queue >= QUEUE then remove(queue, 1) end
  queue[#queue + 1] = { n = select("#", ...), ... }
end

--- As `emit`, but not within the script's call that this is an answer to.
function events.emit_later(object, ...)
  local arguments, count = { ... }, select("#", ...)
  timers.call_later(0, function() events.emit(object, unpack(arguments, 1, count)) end)
end

--- The object failed or was closed: nothing more comes, until `events.open`.
function events.close(object, message, code)
  local own = state(object)
  own.failure = { message, code }
  for _, waiters in pairs(own.waiters) do
    while waiters[1] do wake(remove(waiters, 1), false, code, message) end
  end
end

function events.open(object)
  state(object).failure = nil
end

return events
