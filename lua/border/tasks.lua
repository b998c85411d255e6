-- Tasks: coroutines that the library resumes. What they wait for is the business of
-- those who wake them.

local core = ...

local calling, class = core.import("border/calling"), core.import("border/class")
local exit = core.import("border/exit")
local limits, reports = core.import("border/limits", "limits"), core.import("border/reports")
local isyieldable = coroutine.isyieldable
local running, status, yield = coroutine.running, coroutine.status, coroutine.yield
local error, next, pcall, rawequal, rawget, select, setmetatable =
  error, next, pcall, rawequal, rawget, select, setmetatable
local close = rawget(coroutine, "close")
local create, resume = limits.create, exit.resume

local tasks = {}

---@class eplua.Task
---@field co thread|false
---@field waits any what it waits for: a ticket, or an object of who wakes it
---@field withdraw fun(task: eplua.Task)|nil lets go of that, when the task is cancelled
---@field stops integer|nil it is cancelled, and was told so many times
---@field outcome "returned"|"failed"|"cancelled"|nil how it ended
---@field results table its results with their count `n`, if it returned
---@field problem any what it raised, if it failed
---@field message string
---@field trace string|nil until it is known who hears of the error
---@field waiters table[]|nil see `tasks.when_ended`
---@field script function|nil the script's function that started it, and its line
---@field line integer|nil

local Task = class.new("task", function(task)
  if not task.outcome then return "running" end
  return task.outcome == "returned" and "done" or task.outcome
end)
tasks.Task = Task

--- What a cancelled task gets as an error. It has no field a script could write.
local CANCELLED = setmetatable({}, {
  __name = "cancelled",
  __metatable = "cancelled",
  __tostring = function() return "task cancelled" end,
  __newindex = function() end,
})
tasks.CANCELLED = CANCELLED

-- A cancelled task that catches the error and waits again is told so many times; then
-- it is left where it is.
local STOPS = 100

-- Lua has a bound of 200 for coroutines and functions of C inside each other.
local DEPTH = 150

local current -- the task that runs
local alive = setmetatable({}, { __mode = "k" }) -- tasks that have not ended
local WAIT, WAKE, STOP = {}, {}, {}

local wake

-- The end.

local function started_at(task)
  return "a task started at " .. reports.spell(task.script, task.line)
end

local function report(task, trace)
  reports.report(trace, task, task.script and started_at)
end

--- Tell those who wait for the end of a task.
---@return boolean heard one of them sees to its error
local function tell(task)
  local waiters, heard = task.waiters, false
  task.waiters = nil
  for i = 1, waiters and #waiters or 0 do
    heard = waiters[i].ended(task, waiters[i]) or heard
  end
  return heard
end

local function returned(task, ...)
  task.outcome, task.co, alive[task] = "returned", false, nil
  task.results = { n = select("#", ...), ... }
  tell(task)
end

local function cancelled(task)
  task.outcome, task.co, alive[task] = "cancelled", false, nil
  tell(task)
end

-- Errors of tasks that were just started: whoever started one may wait for it yet.
local early = {}

local function report_early()
  local list = early
  early = {}
  for i = 1, #list do
    local task = list[i]
    if not task.heard then report(task, task.trace) end
    task.trace = nil
  end
end
exit.before = report_early

--- Close the variables of a task that does not go on. Lua leaves those of a coroutine
--- that has failed; what they raise is reported besides.
---@param problem any what it has failed with
local function close_variables(task, co, problem)
  if not close or not co or exit.exiting then return end
  local called, good, other = pcall(close, co)
  if not called or good or rawequal(other, problem) or exit.exiting then return end
  report(task, reports.explain(other, nil, 1))
end

local function failed(task, problem)
  local co = task.co
  task.co, alive[task] = false, nil
  if exit.exiting then
    task.outcome = "failed"
    return
  end
  if task.stops and rawequal(problem, CANCELLED) then
    close_variables(task, co, problem)
    return cancelled(task)
  end
  local short = calling.relieve(problem)
  task.outcome = "failed"
  if problem == "cannot resume dead coroutine" then
    problem = "the coroutine of a task was resumed or closed by the script"
  end
  local trace
  if limits.over then
    local over = limits.over
    task.message = over.message or over.text
    task.problem, trace = task.message, over.trace or task.message
    limits.settle()
    -- Its variables are not closed: no hook works in a coroutine that one has ended.
    co = nil -- luacheck: ignore 311
  else
    -- There may be no memory for more than the problem itself.
    local good, said = pcall(reports.chunk_traceback, problem, co)
    if not good then said = { problem, problem } end
    task.problem, task.message, trace = problem, said[1], said[2]
  end
  close_variables(task, co, problem)
  if short then
    -- Its frames hold what the task had.
    co = nil -- luacheck: ignore 311
    calling.recover()
  end
  if exit.exiting then return end
  task.trace = trace
  if tell(task) then
    task.trace = nil
  elseif task.starting then
    early[#early + 1] = task
    if #early == 1 then core.import("border/tickets").soon(report_early) end
  else
    task.trace = nil
    report(task, trace)
  end
end

--- A cancelled task does not end: it is left, and its closing variables are closed.
local function abandon(task)
  local co = task.co
  cancelled(task)
  close_variables(task, co)
  report(task, "a cancelled task goes on waiting: it is left where it is")
end

local function rest(task, good, ...)
  if not good then return failed(task, (...)) end
  if (...) == WAIT then
    -- That it waits for nothing: it was cancelled, and waited too often.
    if task.stops and not task.waits then abandon(task) end
    return
  end
  if status(task.co) == "dead" then return returned(task, ...) end
  -- Another yield than the script's, as that of a debug function.
  return core.import("border/tickets").soon(wake, task)
end

local depth = 0 -- how many tasks run inside each other

local function switch(task, token, ...)
  local before = current
  current, depth = task, depth + 1
  -- What a callback starts is a part of it.
  if not task.starting then limits.callback, limits.task = nil, task end
  task.waits, task.withdraw = nil, nil
  rest(task, resume(task.co, token, ...))
  current, depth = before, depth - 1
  if exit.exiting then exit.leave() elseif limits.over then limits.pass() end
end

--- Let a task go on: its wait returns what follows.
function wake(task, ...) return switch(task, WAKE, ...) end
tasks.wake = wake

--- Run `f(...)` as a task, up to its first wait.
---@param waiter table|nil see `tasks.when_ended`
function tasks.start(f, waiter, ...)
  if depth >= DEPTH then
    reports.raise("tasks have started each other " .. DEPTH .. " deep, none of them waits")
  end
  local task = class.instance(Task, { starting = true, waiters = waiter and { waiter } })
  task.script, task.line = reports.here(3)
  task.co, alive[task] = create(function(_, ...) return f(...) end), true
  wake(task, ...)
  task.starting = nil
  return task
end

--- "script.lua:12", where the script's code of a task is; nil where it is not known.
function tasks.place(task) return task.co and reports.place_in(task.co) end

--- Call `f(task)` for each that has not ended.
function tasks.each(f)
  for task in next, alive do f(task) end
end

--- How many have not ended.
function tasks.count()
  local count = 0
  for _ in next, alive do count = count + 1 end
  return count
end

--- Call `waiter.ended(task, waiter)` when the task has ended: true from it means that its
--- error, if that was it, is seen to. `task.trace` is there meanwhile.
function tasks.when_ended(task, waiter)
  local waiters = task.waiters or {}
  waiters[#waiters + 1] = waiter
  task.waiters = waiters
end

-- Waiting.

--- The task that this is called in, or nil: a coroutine of the script's own is none.
function tasks.current()
  local task = current
  if task and running() == task.co then return task end
end

--- Whether the task can wait where it is.
function tasks.can_wait()
  return not isyieldable or isyieldable()
end

--- Raise the cancel value in a cancelled task that is about to wait.
local function check_stopped(task)
  local stops = task.stops
  if not stops then return end
  task.stops = stops + 1
  if stops >= STOPS then yield(WAIT) end
  error(CANCELLED, 0)
end

--- Raise unless the task can wait where it is: before anything is asked for.
function tasks.check_can_wait()
  if not tasks.can_wait() then
    reports.raise("cannot wait here: a C function of Lua is on the stack")
  end
  if current.stops then check_stopped(current) end
end

local function woken(token, ...)
  if token == WAKE then return ... end
  if token == STOP then error(CANCELLED, 0) end
  reports.raise("a task that waits is resumed by its answer only")
end

--- Suspend the current task until `wake`; returns what `wake` is given.
---@param waits any not nil: what it waits for, to know it by
---@param withdraw fun(task: eplua.Task) called when the task is cancelled meanwhile
function tasks.suspend(waits, withdraw)
  local task = current
  task.waits, task.withdraw = waits, withdraw
  return woken(yield(WAIT))
end

-- Cancelling.

local function stop(task)
  if task.outcome then return end
  task.stops = task.stops + 1
  switch(task, STOP)
end

--- Cancel a task: it gets the cancel value as an error where it waits, when the script
--- has returned, or at its next wait.
function tasks.cancel(task)
  if task.outcome or task.stops then return end
  task.stops = 0
  local withdraw = task.withdraw
  if withdraw then
    withdraw(task)
    task.waits, task.withdraw = nil, nil
    core.import("border/tickets").soon(stop, task)
  end
end

return tasks
