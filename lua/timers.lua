-- setTimeout, setInterval, clearTimeout, clearInterval.

local core, primitives = ...

local check = core.import("border/check")
local protect, unpack, settle = core.protect, core.unpack, core.settle
local start, again = primitives.timer_start, primitives.timer_repeat
local cancel, now = primitives.timer_cancel, primitives.timer_now
local keep_alive = primitives.timer_keep_alive
local select, type, getmetatable, setmetatable = select, type, getmetatable, setmetatable

local timers = {}

---@class eplua.Timer what setTimeout and setInterval return; opaque
local Timer = { __name = "Timer" }
Timer.__index = Timer

local set = {} -- the timers that are set, by number
local last = 0

function Timer:__tostring()
  return "Timer: " .. (self.number and "set" or "over")
end

--- The timer does not keep the program alive any more.
function Timer:unref()
  self.unreferenced = true
  if self.number then keep_alive(self.number, false) end
  return self
end

function Timer:ref()
  self.unreferenced = nil
  if self.number then keep_alive(self.number, true) end
  return self
end

-- All timers answer this one listener, with their number.
primitives.timer_listen(core.listen(function(number)
  local timer = set[number]
  if not timer then return end
  if timer.period then
    timer.due = again(number, timer.due, timer.period)
    if timer.unreferenced then keep_alive(number, false) end
  else
    set[number], timer.number = nil, nil
  end
  if timer.expire then
    timer.expire()
    return settle(timer.ticket, false, "timeout", "Operation canceled")
  end
  if timer.ticket then return settle(timer.ticket, true) end
  local arguments = timer.arguments
  if arguments then return protect(timer.f, unpack(arguments, 1, arguments.n)) end
  return protect(timer.f)
end))

local function begin(timer, milliseconds)
  last = last + 1
  set[last] = timer
  timer.number = last
  local ok, message = start(last, milliseconds)
  if ok then return timer end
  set[last] = nil
  core.raise(message)
end

--- Answer a ticket after a time.
function core.answer_later(ticket, milliseconds)
  begin({ ticket = ticket }, milliseconds)
end

--- Fail a ticket with `timeout` after a time, having called `expire`.
function core.fail_later(ticket, milliseconds, expire)
  local timer = { ticket = ticket, expire = expire }
  begin(timer, milliseconds)
  return timer
end

--- End what `fail_later` returned; nil is none.
function core.cancel_timer(timer)
  if timer and timer.number then
    set[timer.number] = nil
    cancel(timer.number)
  end
end

--- Call a function of the library later; it may be ended by `cancel_timer`.
function core.call_later(milliseconds, f)
  return begin(setmetatable({ f = f }, Timer), milliseconds)
end

local function new(method, f, milliseconds, ...)
  if type(f) ~= "function" then check.callback(f, 1, method, "function") end
  if milliseconds ~= 0 then
    milliseconds = milliseconds and check.milliseconds(milliseconds, 2, method) or 0
  end
  local timer = setmetatable({ f = f }, Timer)
  local count = select("#", ...)
  if count > 0 then timer.arguments = { n = count, ... } end
  return timer, milliseconds
end

--- Call `f(...)` once, `milliseconds` from now; never inside this call.
---@return eplua.Timer
function timers.setTimeout(f, milliseconds, ...)
  return begin(new("setTimeout", f, milliseconds, ...))
end

--- Call `f(...)` every `milliseconds`, counted from now without drift. A tick
--- that cannot be kept is skipped, and an error in `f` does not end it.
---@return eplua.Timer
function timers.setInterval(f, milliseconds, ...)
  local timer, period = new("setInterval", f, milliseconds, ...)
  timer.period, timer.due = period, now() + period / 1000
  return begin(timer, period)
end

--- End a timer. What is over already, or is no timer, is left alone.
function timers.clear(timer)
  if type(timer) ~= "table" or getmetatable(timer) ~= Timer then return end
  local number = timer.number
  if number then
    set[number], timer.number = nil, nil
    cancel(number)
  end
end

return timers
