-- The table `task`: coroutines in which an operation without callbacks waits.

local core = ...

local check, class = core.import("border/check"), core.import("border/class")
local reports, tasks = core.import("border/reports"), core.import("border/tasks")
local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")

---@class task
local task = {}

--- Run `f(...)` as a task: at once, up to its first wait.
function task.start(f, ...)
  check.callback(f, 1, "task.start", "function")
  return class.handle(tasks.start(f, ...))
end

--- Wait, in a task.
function task.sleep(milliseconds)
  milliseconds = check.milliseconds(milliseconds, 1, "task.sleep")
  if not tasks.current() then reports.raise("task.sleep: not in a task (see task.start)") end
  tasks.check_can_wait()
  local ticket = tickets.new()
  timers.answer_later(ticket, milliseconds)
  return tickets.wait(ticket)
end

return task
