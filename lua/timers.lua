-- setTimeout, setInterval, clearTimeout, clearInterval; and the library's own timers.

local core, primitives = ...

local check, reports = core.import("border/check"), core.import("border/reports")
local text, tickets = core.import("border/text"), core.import("border/tickets")
local tasks = core.import("border/tasks")
local suspend, wake = tasks.suspend, tasks.wake
local call, unpack, settle = reports.call, core.unpack, tickets.settle
local start, again = primitives.timer_start, primitives.timer_repeat
local cancel, now = primitives.timer_cancel, primitives.timer_now
local script_now, keep_alive = primitives.timer_script_now, primitives.timer_keep_alive
local later, limit = primitives.timer_later, primitives.timer_limit
local next, select, setmetatable, type = next, select, setmetatable, type

local timers = { now = now }

-- What each number stands for while it is set: a script's function, or a record
-- of what is to be done.
---@class eplua.timer
---@field number integer
---@field f function|nil called with `arguments`
---@field library boolean|nil `f` is the library's
---@field period number|nil milliseconds between ticks
---@field script function|nil the script's function that set an interval, and its line
---@field line integer|nil
---@field due number|nil when the next tick is, in seconds
---@field task eplua.Task|nil goes on
---@field ticket integer|nil fails with `timeout`
local set = {}
local last = 0

-- What was running, for reports. Only intervals remember where they were set: that takes
-- longer than setting a timer.

local function in_timeout(f)
  local place = reports.place_of(f)
  return place and "setTimeout, the function at " .. place or "setTimeout"
end

local function in_timer(timer)
  if timer.period then return "setInterval set at " .. reports.spell(timer.script, timer.line) end
  return in_timeout(timer.f)
end

-- All timers answer this one listener, with their number.
primitives.timer_listen(tickets.listen(function(number)
  local timer = set[number]
  if not timer then return end
  if type(timer) == "function" then
    set[number] = nil
    return call(timer, in_timeout, timer)
  end
  if timer.period then
    timer.due = again(number, timer.due, timer.period)
    if timer.unreferenced then keep_alive(number, false) end
  else
    set[number], timer.number = nil, nil
  end
  local sleeper = timer.task
  if sleeper then
    if sleeper.waits == timer then wake(sleeper, true) end
    return
  end
  if timer.library then return timer.f() end
  if timer.ticket then
    if timer.expire then timer.expire() end
    return settle(timer.ticket, false, "timeout", "Operation canceled")
  end
  return call(timer, in_timer, timer.f, unpack(timer.arguments, 1, timer.arguments.n))
end))

--- @param primitive function what sets it
local function begin(timer, milliseconds, primitive)
  local number = last + 1
  last = number
  set[number] = timer
  local ok, message = primitive(number, milliseconds)
  if ok then return number end
  set[number] = nil
  reports.raise(message)
end

-- The library's own.

--- Call a function of the library later; returns what `cancel` takes.
---@param milliseconds number
---@param f function
---@return eplua.timer
function timers.call_later(milliseconds, f)
  local timer = { f = f, library = true }
  timer.number = begin(timer, milliseconds, later)
  return timer
end

local function wake_never(task) timers.cancel(task.waits) end

local function wait(task, milliseconds, primitive)
  local timer = { task = task }
  timer.number = begin(timer, milliseconds, primitive)
  return suspend(timer, wake_never)
end

--- Have the current task wait for a time of the script's clock. There may be thousands
--- that do.
function timers.sleep(task, milliseconds) return wait(task, milliseconds, start) end

--- Have the current task wait until all that is due was done, whatever its clock says.
function timers.give_way(task) return wait(task, 0, later) end

--- Fail a ticket with `timeout` after a time, having called `expire`.
---@return eplua.timer
function timers.fail_later(ticket, milliseconds, expire)
  local timer = { ticket = ticket, expire = expire }
  -- What waits for an answer has its time from the reactor's next turn on.
  timer.number = begin(timer, milliseconds, limit)
  return timer
end

--- End a timer of the library; nil is none.
---@param timer eplua.timer|nil
function timers.cancel(timer)
  local number = timer and timer.number
  if number then
    set[number], timer.number = nil, nil
    cancel(number)
  end
end

--- Whether a timer of the library keeps the program alive; nil is none.
function timers.reference(timer, referenced)
  if timer and timer.number then keep_alive(timer.number, referenced) end
end

--- Call `f(number, kind, place, period)` for each that is set.
function timers.each(f)
  for number, timer in next, set do
    if type(timer) == "function" then
      f(number, "setTimeout", reports.place_of(timer))
    elseif timer.period then
      f(number, "setInterval", reports.spell(timer.script, timer.line), timer.period)
    elseif timer.task then
      f(number, "task.sleep", tasks.place(timer.task))
    elseif timer.ticket then
      f(number, "timeout")
    else
      f(number, timer.library and "library" or "setTimeout", reports.place_of(timer.f))
    end
  end
end

-- The script's.

---@class eplua.Timer what setTimeout and setInterval return; opaque
local Timer = {}
local meta = { __name = "Timer", __index = Timer, __metatable = "Timer" }

-- The numbers of the script's timers: where it cannot write.
local numbers = setmetatable({}, { __mode = "k" })

function meta.__tostring(handle)
  return "Timer: " .. (set[numbers[handle]] and "set" or "over")
end

local function number_of(handle, method)
  local number = numbers[handle]
  if not number then
    reports.raise("bad self to '" .. method .. "' (Timer expected, got "
      .. text.show(handle) .. "; call it with a colon: timer:" .. method .. "())")
  end
  return number
end

local function reference(handle, method, referenced)
  local number = number_of(handle, method)
  local timer = set[number]
  if timer then
    if type(timer) == "table" then timer.unreferenced = not referenced or nil end
    keep_alive(number, referenced)
  end
  return handle
end

--- The timer does not keep the program alive any more.
function Timer:unref() return reference(self, "unref", false) end

function Timer:ref() return reference(self, "ref", true) end

local function handle_of(number)
  local handle = setmetatable({}, meta)
  numbers[handle] = number
  return handle
end

local function check_timer(f, milliseconds, method)
  if type(f) ~= "function" then check.callback(f, 1, method, "function") end
  if milliseconds == 0 then return 0 end
  return milliseconds and check.milliseconds(milliseconds, 2, method) or 0
end

--- Call `f(...)` once, `milliseconds` from now; never inside this call.
---@return eplua.Timer
function timers.setTimeout(f, milliseconds, ...)
  milliseconds = check_timer(f, milliseconds, "setTimeout")
  local count = select("#", ...)
  local timer = f
  if count > 0 or type(f) ~= "function" then
    timer = { f = f, arguments = { n = count, ... } }
  end
  return handle_of(begin(timer, milliseconds, start))
end

--- Call `f(...)` every `milliseconds`, counted from now without drift. A tick
--- that cannot be kept is skipped, and an error in `f` does not end it.
---@return eplua.Timer
function timers.setInterval(f, milliseconds, ...)
  milliseconds = check_timer(f, milliseconds, "setInterval")
  local script, line = reports.here(2)
  return handle_of(begin({
    f = f,
    arguments = { n = select("#", ...), ... },
    period = milliseconds,
    script = script,
    line = line,
    due = script_now() + milliseconds / 1000,
  }, milliseconds, start))
end

--- End a timer. What is over already, or is no timer, is left alone.
function timers.clear(handle)
  local number = numbers[handle]
  if number and set[number] then
    set[number] = nil
    cancel(number)
  end
end

return timers
