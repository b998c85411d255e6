-- setTimeout, setInterval, clearTimeout, clearInterval.

local core, primitives = ...

local check = core.import("check")
local listen, drop = core.listen, core.drop
local protect, unpack = core.protect, core.unpack
local start, again = primitives.timer_start, primitives.timer_repeat
local cancel, now = primitives.timer_cancel, primitives.timer_now
local keep_alive = primitives.timer_keep_alive
local select, type, getmetatable, setmetatable = select, type, getmetatable, setmetatable

core.timer_start = start

local timers = {}

---@class eplua.Timer what setTimeout and setInterval return; opaque
local Timer = { __name = "Timer" }
Timer.__index = Timer

function Timer:__tostring()
  return "Timer: " .. (self.ticket and "set" or "over")
end

--- The timer does not keep the program alive any more.
function Timer:unref()
  self.unreferenced = true
  if self.ticket then keep_alive(self.ticket, false) end
  return self
end

function Timer:ref()
  self.unreferenced = nil
  if self.ticket then keep_alive(self.ticket, true) end
  return self
end

local function begin(timer, ticket, milliseconds)
  local ok, message = start(ticket, milliseconds)
  if ok then
    timer.ticket = ticket
    return timer
  end
  drop(ticket)
  core.raise(message)
end

local function check_arguments(method, f, milliseconds)
  if type(f) ~= "function" then check.callback(f, 1, method, "function") end
  if milliseconds == nil then return 0 end
  return check.milliseconds(milliseconds, 2, method)
end

local function bind(f, ...)
  local count = select("#", ...)
  if count == 0 then return f end
  local arguments = { ... }
  return function() return f(unpack(arguments, 1, count)) end
end

--- Call `f(...)` once, `milliseconds` from now; never inside this call.
---@return eplua.Timer
function timers.setTimeout(f, milliseconds, ...)
  milliseconds = check_arguments("setTimeout", f, milliseconds)
  f = bind(f, ...)
  local timer = setmetatable({}, Timer)
  local ticket
  ticket = listen(function()
    drop(ticket)
    timer.ticket = nil
    protect(f)
  end)
  return begin(timer, ticket, milliseconds)
end

--- Call `f(...)` every `milliseconds`, counted from now without drift. A tick
--- that cannot be kept is skipped, and an error in `f` does not end it.
---@return eplua.Timer
function timers.setInterval(f, milliseconds, ...)
  milliseconds = check_arguments("setInterval", f, milliseconds)
  f = bind(f, ...)
  local timer = setmetatable({}, Timer)
  local due = now() + milliseconds / 1000
  local ticket
  ticket = listen(function()
    due = again(ticket, due, milliseconds)
    if timer.unreferenced then keep_alive(ticket, false) end
    protect(f)
  end)
  return begin(timer, ticket, milliseconds)
end

--- End a timer. What is over already, or is no timer, is left alone.
function timers.clear(timer)
  if type(timer) ~= "table" or getmetatable(timer) ~= Timer then return end
  local ticket = timer.ticket
  if ticket then
    timer.ticket = nil
    drop(ticket)
    cancel(ticket)
  end
end

return timers
