-- Tasks: coroutines that the library resumes. What they wait for is the business of
-- those who wake them.

local core = ...

local class, exit = core.import("border/class"), core.import("border/exit")
local reports, text = core.import("border/reports"), core.import("border/text")
local create, isyieldable = coroutine.create, coroutine.isyieldable
local running, status, yield = coroutine.running, coroutine.status, coroutine.yield
local resume, traceback = exit.resume, debug.traceback

local tasks = {}

local Task = class.new("task", function(task) return task.done and "done" or "running" end)

local current -- the task that runs
local WAIT, WAKE = {}, {}

local wake

local function rest(task, good, ...)
  if good then
    if status(task.co) == "dead" then
      task.done = true
    elseif (...) ~= WAIT then
      -- A plain yield gives way to whatever is due.
      core.import("timers", "timers").call_later(0, function() wake(task) end)
    end
    return
  end
  task.done = true
  if exit.exiting then return end
  local problem, co = (...), task.co
  if problem == "not enough memory" then
    -- Its frames hold what the task had: they go, and there is no traceback.
    task.co, co = false, nil -- luacheck: ignore 311
    return reports.report(problem)
  end
  reports.report(reports.with_frames(text.describe(problem), traceback(co, "")))
end

--- Let a task go on: its wait returns what follows.
function wake(task, ...)
  local before = current
  current = task
  rest(task, resume(task.co, WAKE, ...))
  current = before
  if exit.exiting then exit.leave() end
end
tasks.wake = wake

--- Run `f(...)` as a task, up to its first wait.
function tasks.start(f, ...)
  local task = class.instance(Task, {})
  task.co = create(function(_, ...) return f(...) end)
  wake(task, ...)
  return task
end

--- The task that this is called in, or nil: a coroutine of the script's own is none.
function tasks.current()
  local task = current
  if task and running() == task.co then return task end
end

--- Whether the task can wait where it is.
function tasks.can_wait()
  return not isyieldable or isyieldable()
end

--- Raise unless the task can wait where it is.
function tasks.check_can_wait()
  if not tasks.can_wait() then
    reports.raise("cannot wait here: a C function of Lua is on the stack")
  end
end

local function woken(token, ...)
  if token ~= WAKE then
    reports.raise("a task that waits is resumed by its answer only")
  end
  return ...
end

--- Suspend the current task until `wake`; returns what `wake` is given.
function tasks.suspend()
  return woken(yield(WAIT))
end

return tasks
