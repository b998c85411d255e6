-- Tasks: coroutines in which an operation without callbacks waits.

local core = ...

local check = core.import("border/check")
local Task = core.Task
core.import("timers", "timers")
local answer_later = core.answer_later
local setmetatable = setmetatable

Task.__metatable = "task"

function Task:__tostring()
  return "task: " .. (self.done and "done" or "running")
end

local task = {}

--- Run `f(...)` as a task: at once, up to its first wait.
function task.start(f, ...)
  check.callback(f, 1, "task.start", "function")
  return core.start_task(setmetatable({}, Task), f, ...)
end

--- Wait, in a task.
function task.sleep(milliseconds)
  milliseconds = check.milliseconds(milliseconds, 1, "task.sleep")
  local running = core.current_task()
  if not running then core.raise("task.sleep: not in a task (see task.start)") end
  core.ready_to_wait(running)
  local ticket = core.new_ticket()
  answer_later(ticket, milliseconds)
  return core.wait(running, ticket)
end

return task
