-- The table `task`: coroutines in which an operation without callbacks waits.

local core = ...

local check, class = core.import("border/check"), core.import("border/class")
local reports, tasks = core.import("border/reports"), core.import("border/tasks")
local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")
local soon, sleep, give_way = tickets.soon, timers.sleep, timers.give_way
local remove, unpack = table.remove, core.unpack
local error, select = error, select
local globals = _G
local yield = globals.coroutine.yield

---@class task
local task = {}

---@class eplua.Task what task.start returns
local Task = tasks.Task

--- The script's handle of a task, always the same one.
local function handle_of(self)
  local handle = self.handle or class.handle(self)
  self.handle = handle
  return handle
end

--- The task that this is called in, where one is needed and can wait.
local function waiting_task(method)
  local current = tasks.current()
  if not current then reports.raise(method .. ": not in a task (see task.start)") end
  tasks.check_can_wait()
  return current
end

--- Run `f(...)` as a task: at once, up to its first wait.
---@return eplua.Task
function task.start(f, ...)
  check.callback(f, 1, "task.start", "function")
  local started = tasks.start(f, nil, ...)
  return handle_of(started)
end

--- The task that this is called in; nil outside of tasks.
---@return eplua.Task|nil
function task.current()
  local current = tasks.current()
  return current and handle_of(current)
end

--- Wait, in a task.
function task.sleep(milliseconds)
  if milliseconds ~= 0 then milliseconds = check.milliseconds(milliseconds, 1, "task.sleep") end
  return sleep(waiting_task("task.sleep"), milliseconds)
end

--- A plain yield of a task gives way to whatever is due.
function globals.coroutine.yield(...)
  local current = tasks.current()
  if not current then return yield(...) end
  tasks.check_can_wait()
  give_way(current)
end

-- Waiting for a task.

--- What `wait` returns for a task that has ended.
local function outcome_of(self)
  if self.outcome == "failed" then return nil, self.message, "error" end
  if self.outcome == "cancelled" then return nil, "Operation canceled", "closed" end
  local results = self.results
  if results.n == 0 then return true end
  return unpack(results, 1, results.n)
end

local function wake_waiter(waiter, ...)
  local waiting = waiter.task
  if waiting.waits ~= waiter then return end
  timers.cancel(waiter.timer)
  tasks.wake(waiting, ...)
end

local function ended(self, waiter)
  soon(function() wake_waiter(waiter, outcome_of(self)) end)
  return true
end

local function withdraw(self, waiter)
  local waiters = self.waiters or {}
  for i = #waiters, 1, -1 do
    if waiters[i] == waiter then remove(waiters, i) end
  end
  timers.cancel(waiter.timer)
end

--- In another task: wait until this one has ended. Returns its results; or nil, message
--- and code: `timeout`, `closed` if it was cancelled, `error` if it has raised one.
function Task:wait(milliseconds)
  if milliseconds ~= nil then milliseconds = check.milliseconds(milliseconds, 1, "wait") end
  local waiting = waiting_task("wait")
  if waiting == self then reports.raise("a task cannot wait for itself") end
  if self.outcome then
    self.heard = true
    return outcome_of(self)
  end
  local waiter = { task = waiting, ended = ended }
  if milliseconds then
    waiter.timer = timers.call_later(milliseconds, function()
      withdraw(self, waiter)
      wake_waiter(waiter, nil, "Operation canceled", "timeout")
    end)
  end
  tasks.when_ended(self, waiter)
  return tasks.suspend(waiter, function() withdraw(self, waiter) end)
end

--- Cancel: the task gets an error where it waits, when the script has returned, and at
--- each later wait; what it waits for is cancelled too.
function Task:cancel()
  tasks.cancel(self)
end

-- Several at once.

---@class eplua.Group the functions of one task.all or task.any
---@field tasks eplua.Task[]
---@field waiting eplua.Task the task that waits for them
---@field complete boolean|nil all were started
---@field decided boolean|nil how it ends is known

local function cancel_all(group)
  for i = 1, #group.tasks do tasks.cancel(group.tasks[i]) end
end

--- It is decided: the task goes on when the others have been told.
local function decide(group, f)
  group.decided = true
  if group.complete then cancel_all(group) end
  soon(function()
    if group.waiting.waits == group then tasks.wake(group.waiting, f) end
  end)
end

--- Run functions as tasks; `on_end(group, task, index)` may decide.
local function run_group(method, on_end, ...)
  local group, count = { tasks = {} }, select("#", ...)
  for i = 1, count do check.callback((select(i, ...)), i, method, "function") end
  group.waiting = waiting_task(method)
  for i = 1, count do
    local function ended_one(self)
      if group.decided then return false end
      on_end(group, self, i)
      return true
    end
    group.tasks[i] = tasks.start((select(i, ...)), { ended = ended_one })
    if group.decided then break end
  end
  group.complete = true
  local function cancel()
    group.decided = true
    cancel_all(group)
  end
  -- One of the functions may have decided at once, or have cancelled the task.
  if group.decided or group.waiting.stops then cancel() end
  tasks.check_can_wait()
  return tasks.suspend(group, cancel)()
end

local function pass_on(self)
  local problem = self.problem
  if self.outcome == "cancelled" then problem = tasks.CANCELLED end
  return function() error(problem, 0) end
end

--- Run the functions as tasks, and wait for all. Returns the first result of each. When
--- one raises an error the others are cancelled, and the error is raised here.
function task.all(...)
  local results, missing = { n = select("#", ...) }, select("#", ...)
  if missing == 0 then
    waiting_task("task.all")
    return
  end
  return run_group("task.all", function(group, self, index)
    if self.outcome ~= "returned" then return decide(group, pass_on(self)) end
    results[index], missing = self.results[1], missing - 1
    if missing == 0 then
      decide(group, function() return unpack(results, 1, results.n) end)
    end
  end, ...)
end

--- Run the functions as tasks, and wait for the first that ends: its results are
--- returned, its error is raised. The others are cancelled.
function task.any(...)
  if select("#", ...) == 0 then check.fail(1, "task.any", "function", "function", nil) end
  return run_group("task.any", function(group, self)
    if self.outcome ~= "returned" then return decide(group, pass_on(self)) end
    decide(group, function() return outcome_of(self) end)
  end, ...)
end

--- Whether a caught error is that of a cancelled task.
function task.isCancelled(problem)
  return problem == tasks.CANCELLED
end

task.queue = core.import("task_queue").new

return task
