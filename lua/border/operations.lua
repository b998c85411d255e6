-- Tickets and operations: what waits for an answer from Python, and how it gets it.
-- Callbacks stay here under their tickets; a task that waits does too.

local core = ...

local host, protect, report = core.host, core.protect, core.report
local getinfo, traceback = debug.getinfo, debug.traceback
local running, yield, resume = coroutine.running, coroutine.yield, core.resume
local create, status, isyieldable = coroutine.create, coroutine.status, coroutine.isyieldable
local type, tostring, select, getmetatable = type, tostring, select, getmetatable
local pairs, format = pairs, string.format

-- Tickets. Each is in one of these tables until its answer has come; a listener
-- stays until it is dropped.

local pending = {} -- callbacks of an operation
local places = {} -- the function in which one without an error callback was started
local lines = {} -- and its line there
local waiting = {} -- the task that waits
local hooks = {} -- the library's own look at an answer before the script's
local listeners = {} -- functions of the library for things that happen again
local last = 0

local function new_ticket()
  last = last + 1
  return last
end

--- Register a library function for events; returns its ticket.
function core.listen(f)
  last = last + 1
  listeners[last] = f
  return last
end

function core.drop(ticket)
  if ticket then listeners[ticket] = nil end
end

-- Tasks, as far as waiting needs them.

local Task = { __name = "task" }
Task.__index = Task
core.Task = Task

local current -- the task that runs
local WAIT, WAKE = {}, {}

local wake

local function rest(task, good, ...)
  if good then
    if status(task.co) == "dead" then
      task:finish(true, ...)
    elseif (...) ~= WAIT then
      -- A plain yield gives way to whatever is due.
      local ticket = new_ticket()
      waiting[ticket], task.ticket = task, ticket
      core.answer_later(ticket, 0)
    end
  else
    task:finish(false, (...))
  end
end

function wake(task, ...)
  local before = current
  current = task
  rest(task, resume(task.co, WAKE, ...))
  current = before
  if core.exiting then core.leave() end
end

function core.start_task(task, f, ...)
  task.co = create(function(_, ...) return f(...) end)
  wake(task, ...)
  return task
end

function core.current_task()
  local task = current
  if task and running() == task.co then return task end
end

function Task:finish(good, problem)
  self.done = true
  if not good and not core.exiting then
    report(core.with_frames(core.describe(problem), traceback(self.co, "")))
  end
end

local function woken(token, ...)
  if token ~= WAKE then
    core.raise("a task that waits is resumed by its answer only")
  end
  return ...
end

local function ready_to_wait(task)
  if isyieldable and not isyieldable() then
    core.raise("cannot wait here: a C function of Lua is on the stack")
  end
  return task
end

--- Wait in the current task for the answer to a ticket.
local function wait(task, ticket)
  waiting[ticket], task.ticket = task, ticket
  return woken(yield(WAIT))
end

-- Operations.

local function callable(f)
  if type(f) == "function" then return true end
  local meta = type(f) == "table" and getmetatable(f)
  return type(meta) == "table" and meta.__call ~= nil
end
core.callable = callable

local function show(value)
  if type(value) == "string" then
    if #value > 40 then value = value:sub(1, 37) .. "..." end
    return format("%q", value):gsub("\\\n", "\\n")
  end
  if type(value) == "number" then return tostring(value) end
  if value == nil or type(value) == "boolean" then return tostring(value) end
  return type(value)
end
core.show = function(value) return (show(value)) end

local function check_callbacks(callbacks, method)
  if type(callbacks) ~= "table" then
    core.raise(format("bad argument to '%s' (callbacks: table expected, got %s)",
      method or "?", core.show(callbacks)))
  end
  for _, name in pairs({ "success", "error" }) do
    local f = callbacks[name]
    if f ~= nil and not callable(f) then
      core.raise(format("bad argument to '%s' (callbacks.%s: function expected, got %s)",
        method or "?", name, core.show(f)))
    end
  end
end

--- Start an operation: `primitive(ticket, ...)` is asked, its answer goes to
--- `callbacks`, or to the task that waits when there are none. As no answer comes
--- before the call has returned, what waits for it is noted afterwards.
local function operate(method, callbacks, primitive, ...)
  local ticket = last + 1
  last = ticket
  local success, failure
  if callbacks ~= nil then
    if type(callbacks) ~= "table" then check_callbacks(callbacks, method) end
    success, failure = callbacks.success, callbacks.error
    if (success ~= nil and type(success) ~= "function")
      or (failure ~= nil and type(failure) ~= "function") then
      check_callbacks(callbacks, method)
    end
  end
  if success ~= nil then
    primitive(ticket, ...)
  else
    if failure == nil and current and running() == current.co then
      local task = ready_to_wait(current)
      primitive(ticket, ...)
      return wait(task, ticket)
    end
    -- Negative: nothing but an error is of interest.
    if primitive(-ticket, ...) then return end
  end
  pending[ticket] = callbacks or false
  if failure == nil then
    -- Methods of the library end in `return operate(...)`, so theirs is no frame.
    local info = getinfo(2, "fl")
    if info then places[ticket], lines[ticket] = info.func, info.currentline end
  end
end
core.operate = operate

--- As `operate`; `hook(ok, ...)` sees the answer first, its results replace it.
function core.operate_with(hook, method, callbacks, primitive, ...)
  hooks[last + 1] = hook
  return operate(method, callbacks, primitive, ...)
end

local function none_as_true(...)
  if select("#", ...) == 0 then return true end
  return ...
end

local function unheard(ticket, message, code)
  local f, line = places[ticket], lines[ticket]
  places[ticket], lines[ticket] = nil, nil
  local place = f and getinfo(f, "S").short_src .. ":" .. line or "?"
  host.warn(place .. ": " .. message .. " (" .. code .. "; no error callback was given)")
end

local function settle(ticket, ok, ...)
  local callbacks = pending[ticket]
  if callbacks ~= nil then
    pending[ticket] = nil
    if ok then
      if places[ticket] then places[ticket], lines[ticket] = nil, nil end
      local f = callbacks and callbacks.success
      if f then protect(f, ...) end
      return
    end
    local code, message = ...
    -- The script closed the object itself: its callbacks are dropped.
    if code == "closed" then
      places[ticket], lines[ticket] = nil, nil
      return
    end
    local f = callbacks and callbacks.error
    if f then return protect(f, message, code) end
    return unheard(ticket, message, code)
  end
  local task = waiting[ticket]
  if task then
    waiting[ticket] = nil
    if task.ticket ~= ticket or task.done then return end
    if ok then return wake(task, none_as_true(...)) end
    local code, message = ...
    return wake(task, nil, message, code)
  end
end

core.settle = settle

--- Deliver an answer: to a listener, or to what waits under the ticket.
function core.deliver(ticket, ok, ...)
  local listener = listeners[ticket]
  if listener then
    if ok then listener(...) end
    return
  end
  local hook = hooks[ticket]
  if hook then
    hooks[ticket] = nil
    return settle(ticket, ok, hook(ok, ...))
  end
  return settle(ticket, ok, ...)
end

--- Call a function of the library when the script has returned.
function core.soon(f, ...)
  local arguments, count = { ... }, select("#", ...)
  local ticket
  ticket = core.listen(function()
    listeners[ticket] = nil
    f(core.unpack(arguments, 1, count))
  end)
  host.soon(ticket)
end

core.new_ticket, core.wait, core.ready_to_wait = new_ticket, wait, ready_to_wait
