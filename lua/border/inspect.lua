-- What is open, what waits and where, for those who look at a runtime.

local core, primitives = ...

local class, reports = core.import("border/class"), core.import("border/reports")
local tasks, timers = core.import("border/tasks"), core.import("timers", "timers")
local tell_open, tell_task = primitives.inspect_open, primitives.inspect_task
local tell_timer = primitives.inspect_timer

--- Tell Python of each.
return function()
  class.each(tell_open)
  local held = core.holds and core.import("border/holding").place()
  if held then tell_task("the script itself", held) end
  tasks.each(function(task)
    tell_task(reports.spell(task.script, task.line), tasks.place(task))
  end)
  timers.each(tell_timer)
end
