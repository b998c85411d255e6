-- task.queue: how producers and consumers of a script meet. Nothing of it crosses to
-- Python, and nothing outside of a queue leads to those who wait at it: a queue that the
-- script has lost goes with them.

local core = ...

local check, class = core.import("border/check"), core.import("border/class")
local callbacks, reports = core.import("border/callbacks"), core.import("border/reports")
local tasks, soon = core.import("border/tasks"), core.import("border/tickets").soon
local call, format = reports.call, string.format

local SIZE = 64

-- How many puts, and how many gets, may wait that are no task's.
local MAX_WAITING = 1000

-- Lines: first in, first out; with the number of those that are no task's.

local function line() return { first = 1, last = 0, callbacks = 0 } end

local function length(self) return self.last - self.first + 1 end

local function add(self, each)
  self.last = self.last + 1
  self[self.last] = each
end

local function take(self)
  local first = self.first
  local each = self[first]
  self[first], self.first = nil, first + 1
  return each
end

--- Take out what is somewhere in the middle.
local function withdraw(self, each)
  for i = self.first, self.last do
    if self[i] == each then
      for k = i, self.last do self[k] = self[k + 1] end
      self.last = self.last - 1
      return
    end
  end
end

---@class task.queue
---@field size integer
---@field values table a line
---@field gets table a line of those who wait
---@field puts table another
---@field closed boolean|nil
---@field serving boolean|nil it will be looked at when the script has returned
local Queue = class.new("TaskQueue", function(queue)
  return format("%d of %d%s", length(queue.values), queue.size, queue.closed and " (closed)" or "")
end)

---@class eplua.Waiter who waits at a queue
---@field task eplua.Task|nil
---@field success function|nil
---@field failure function|nil
---@field script function|nil the script's function that asked, and its line
---@field line integer|nil
---@field value any what is put

local function in_queue(waiter)
  return "TaskQueue, " .. (waiter.value ~= nil and "put" or "get")
end

--- Answer one who waits: a result, or nil, message and code.
local function answer(waiter, ...)
  local waiting, result, message, code = waiter.task, ...
  if waiting then
    if waiting.waits == waiter then tasks.wake(waiting, ...) end
  elseif code then
    if waiter.failure then
      call(waiter, in_queue, waiter.failure, message, code)
    elseif code ~= "closed" then
      callbacks.unheard(message, code, reports.spell(waiter.script, waiter.line))
    end
  elseif waiter.success then
    if waiter.value ~= nil then
      call(waiter, in_queue, waiter.success)
    else
      call(waiter, in_queue, waiter.success, result)
    end
  end
end

--- The first of a line of those who wait.
local function next_of(waiters)
  local waiter = take(waiters)
  if not waiter.task then waiters.callbacks = waiters.callbacks - 1 end
  return waiter
end

--- Serve those who wait, in order, as far as that goes.
local function serve(self)
  self.serving = nil
  local values, gets, puts = self.values, self.gets, self.puts
  while true do
    local getting, putting = length(gets) > 0, length(puts) > 0
    if getting and length(values) > 0 then
      answer(next_of(gets), take(values))
    elseif putting and self.closed then
      answer(next_of(puts), nil, "Operation canceled", "closed")
    elseif putting and length(values) < self.size then
      local waiter = next_of(puts)
      add(values, waiter.value)
      answer(waiter, true)
    elseif getting and self.closed then
      answer(next_of(gets), nil, "Operation canceled", "closed")
    else
      return
    end
  end
end

local function serve_soon(self)
  if self.serving then return end
  self.serving = true
  soon(serve, self)
end

local function wait_in_task(waiters, waiter)
  tasks.check_can_wait()
  add(waiters, waiter)
  return tasks.suspend(waiter, function() withdraw(waiters, waiter) end)
end

--- Have a task wait in a line, or the callbacks.
local function wait(self, waiters, method, given, value)
  local waiter = { value = value }
  if given ~= nil then
    waiter.success, waiter.failure = callbacks.check(given, method)
  else
    waiter.task = tasks.current()
    if waiter.task then return wait_in_task(waiters, waiter) end
  end
  waiter.script, waiter.line = reports.here(2)
  if waiters.callbacks >= MAX_WAITING then
    soon(answer, waiter, nil, format("%d %ss wait already at a queue (option size: %d)",
      MAX_WAITING, method, self.size), "limit")
    return
  end
  add(waiters, waiter)
  waiters.callbacks = waiters.callbacks + 1
  serve_soon(self)
end

--- Put a value at the end; waits while the queue is full.
function Queue:put(value, given)
  if value == nil then
    reports.raise("bad argument #1 to 'put' (value: anything but nil expected, got nil)")
  end
  if given == nil and length(self.puts) == 0 then
    if self.closed then return nil, "Operation canceled", "closed" end
    if length(self.values) < self.size then
      add(self.values, value)
      if length(self.gets) > 0 then serve_soon(self) end
      return true
    end
  end
  return wait(self, self.puts, "put", given, value)
end

--- Take the first value; waits while the queue is empty.
function Queue:get(given)
  if given == nil then
    if length(self.gets) == 0 and length(self.values) > 0 then
      local value = take(self.values)
      if length(self.puts) > 0 then serve_soon(self) end
      return value
    end
    if self.closed then return nil, "Operation canceled", "closed" end
    -- A get that nobody waits for would take a value from those who do.
    if not tasks.current() then return callbacks.unused("get") end
  end
  return wait(self, self.gets, "get", given)
end

--- No value comes any more. What is in the queue can still be taken.
function Queue:close()
  if self.closed then return end
  self.closed = true
  serve_soon(self)
end

--- How many values are in it.
function Queue:count() return length(self.values) end

class.length(Queue, Queue.count)

return {
  --- A queue for so many values.
  ---@param size integer|nil
  new = function(size)
    if size ~= nil then size = check.integer(size, 1, "task.queue", "size", 1) end
    return class.handle(class.instance(Queue, {
      size = size or SIZE,
      values = line(),
      gets = line(),
      puts = line(),
    }))
  end,
}
