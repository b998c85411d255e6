-- Tickets and operations: what waits for an answer from Python, and how it gets it.
-- Callbacks stay here under their tickets; a task that waits does too.

local core = ...

local callbacks, reports = core.import("border/callbacks"), core.import("border/reports")
local tasks = core.import("border/tasks")
local library, unpack, holds = core.library, core.unpack, core.holds
local next, select = next, select
local call, check, wake = reports.call, callbacks.check, tasks.wake
local current_task, remember, forget = tasks.current, callbacks.remember, callbacks.forget
local check_can_wait, suspend = tasks.check_can_wait, tasks.suspend
local forget_ticket = library.forget

local tickets = {}

-- Each ticket is in one of these tables until its answer has come; a listener stays
-- until it is dropped.

local successes = {} -- callbacks of operations; false for none
local failures = {}
local methods = {} -- what the script called, and the number of what it called it on
local owners = {}
local hushed = {} -- the codes of errors that are not warned about
local waiting = {} -- the task that waits
local undoings = {} -- how the answer of a primitive is given back, when nobody takes it
local hooks = {} -- the library's own look at an answer before the script's
local listeners = {} -- functions of the library for things that happen again
local last = 0

function tickets.new()
  last = last + 1
  return last
end

--- Register a library function for events; returns its ticket.
function tickets.listen(f)
  last = last + 1
  listeners[last] = f
  return last
end

--- How many operations wait for their answers.
function tickets.count()
  local count = 0
  for _ in next, successes do count = count + 1 end
  for _ in next, waiting do count = count + 1 end
  return count
end

function tickets.is_listener(ticket) return listeners[ticket] ~= nil end

function tickets.drop(ticket)
  if ticket then listeners[ticket] = nil end
end

--- Wait in the current task for the answer to a ticket.
---@param withdraw fun(task: table)|nil what is to be done when the task is cancelled
function tickets.wait(ticket, withdraw)
  waiting[ticket] = current_task()
  return suspend(ticket, function(task)
    waiting[ticket] = nil
    if withdraw then withdraw(task) end
  end)
end

--- Whether a task still waits for the answer to a ticket.
function tickets.is_waiting(ticket)
  return waiting[ticket] ~= nil
end

--- For a primitive whose answer would be lost if nobody took it: when a task is cancelled
--- that waits for one, `undo(ticket, first, second, ok, ...)` is called with the first
--- arguments of the primitive, and with the answer if that was on its way (`ok` is nil
--- otherwise).
function tickets.undo(primitive, undo)
  undoings[primitive] = undo
end

--- A task was cancelled that waits for an operation.
local function withdraw_operation(task)
  local ticket, primitive = task.waits, task.primitive
  waiting[ticket] = nil
  local hook, undo = hooks[ticket], undoings[primitive]
  hooks[ticket] = nil
  if undo then
    undo(ticket, task.first, task.second, forget_ticket(ticket))
  else
    forget_ticket(ticket)
  end
  if hook then hook(nil) end
end

local function wait_for(ticket, primitive, first, second)
  local task = current_task()
  waiting[ticket] = task
  task.primitive, task.first, task.second = primitive, first, second
  return suspend(ticket, withdraw_operation)
end

--- Methods whose answer is all that they are for.
local ASKING = {
  read = true, readExactly = true, readUntil = true, readAll = true,
  receive = true, resolve = true, accept = true,
}

local function done_at_once(ticket)
  local hook = hooks[ticket]
  if hook then
    hooks[ticket] = nil
    hook(true)
  end
end

--- What waits under a ticket from now on: false for no success callback.
local function note(ticket, method, owner, success, failure)
  successes[ticket], methods[ticket], owners[ticket] = success, method, owner
  if failure ~= nil then
    failures[ticket] = failure
  else
    remember(ticket, 2)
  end
end

--- Start an operation: `primitive(ticket, ...)` is asked, its answer goes to the
--- script's callbacks, or to the task that waits when there are none. As no answer
--- comes before the call has returned, what waits for it is noted afterwards.
local function operate(method, given, primitive, ...)
  local ticket = last + 1
  last = ticket
  local success, failure
  if given ~= nil then
    success, failure = check(given, method)
  elseif current_task() then
    check_can_wait()
    primitive(ticket, ...)
    return wait_for(ticket, primitive, ...)
  elseif ASKING[method] then
    callbacks.unused(method)
  end
  -- Negative: nothing but an error is of interest, and true says that there was none.
  if success == nil then
    if primitive(-ticket, ...) then return done_at_once(ticket) end
    success = false
  else
    primitive(ticket, ...)
  end
  return note(ticket, method, (...), success, failure)
end
tickets.operate = operate

--- Raise what the operation would raise: for those that make something before it.
local function check_first(method, given)
  if given ~= nil then
    check(given, method)
  elseif current_task() then
    check_can_wait()
  end
end
tickets.check_first = check_first

--- As `operate`; `hook(ok, ...)` sees the answer first, its results replace it. With nil
--- for `ok` the task that waits was cancelled: what it had asked for is to be undone.
function tickets.operate_with(hook, method, given, primitive, ...)
  -- Whatever can raise does so before the hook is set.
  check_first(method, given)
  hooks[last + 1] = hook
  return operate(method, given, primitive, ...)
end

--- As `operate`, for an answer that is all the method is for.
function tickets.ask(method, given, primitive, ...)
  if given == nil and not current_task() then callbacks.unused(method) end
  return operate(method, given, primitive, ...)
end

--- As `operate`, outside of a task and without callbacks: an error is warned about,
--- but not one with one of these codes.
---@param codes table<string, boolean>
function tickets.tell(codes, primitive, ...)
  local ticket = last + 1
  last = ticket
  if primitive(-ticket, ...) then return end
  successes[ticket], hushed[ticket] = false, codes
  remember(ticket, 2)
end

local function none_as_true(...)
  if select("#", ...) == 0 then return true end
  return ...
end

local function fail(ticket, owner, method, code, message)
  local failure = failures[ticket]
  if failure then
    failures[ticket] = nil
    -- The script closed the object itself: its callbacks are dropped.
    if code ~= "closed" then return call(owner, method, failure, message, code) end
  elseif code == "closed" or (hushed[ticket] and hushed[ticket][code]) then
    hushed[ticket] = nil
    forget(ticket)
  else
    hushed[ticket] = nil
    callbacks.unheard_ticket(ticket, method, message, code)
  end
end

--- Give an answer to what waits for it under a ticket: results, or code and message.
local function settle(ticket, ok, ...)
  local success = successes[ticket]
  if success ~= nil then
    local owner, method = owners[ticket], methods[ticket]
    successes[ticket], owners[ticket], methods[ticket] = nil, nil, nil
    if not ok then return fail(ticket, owner, method, ...) end
    if failures[ticket] then
      failures[ticket] = nil
    else
      hushed[ticket] = nil
      forget(ticket)
    end
    if success then call(owner, method, success, ...) end
    return
  end
  local task = waiting[ticket]
  if task then
    waiting[ticket] = nil
    if ok then return wake(task, none_as_true(...)) end
    local code, message = ...
    return wake(task, nil, message, code)
  end
end
tickets.settle = settle

-- Asking again. Who gets an answer that came with AGAIN may ask for the same with the
-- return, under the same ticket: that saves the call of Python.

local AGAIN = 1

local answered, asked_of -- the ticket of such an answer, and the number it is from
local may_ask = false -- for the same once more
local again -- the primitive to return

--- As `operate`, for a primitive whose answers come with AGAIN.
function tickets.operate_again(method, given, primitive, id)
  if not may_ask or id ~= asked_of or given == nil and not current_task() then
    tickets.ask_now()
    return operate(method, given, primitive, id)
  end
  if given == nil then
    check_can_wait()
    may_ask, again = false, primitive
    return wait_for(answered, primitive, id)
  end
  local success, failure = check(given, method)
  may_ask, again = false, primitive
  return note(answered, method, id, success or false, failure)
end

--- Something else is about to be asked, and what was to be asked with the return comes
--- before it.
function tickets.ask_now()
  may_ask = false
  if again then
    local primitive = again
    again = nil
    primitive(answered, asked_of)
  end
end

local function deliver_again(ticket, ...)
  answered, may_ask, again = ticket, true, nil
  if successes[ticket] ~= nil then
    asked_of = owners[ticket]
  elseif waiting[ticket] then
    asked_of = waiting[ticket].first
  else
    may_ask = false
  end
  settle(ticket, true, ...)
  local asked = again
  may_ask, again = false, nil
  return asked
end

--- Deliver an answer: to a listener, or to what waits under the ticket.
---@return function|nil what is asked again
function tickets.deliver(ticket, ok, ...)
  if ok == AGAIN and not holds then return deliver_again(ticket, ...) end
  may_ask = false
  local listener = listeners[ticket]
  if listener then
    if ok then listener(...) end
    return
  end
  local hook = hooks[ticket]
  if hook then
    hooks[ticket] = nil
    settle(ticket, ok, hook(ok, ...))
  else
    settle(ticket, ok, ...)
  end
end

--- Call a function of the library when the script has returned.
function tickets.soon(f, ...)
  local arguments, count = { ... }, select("#", ...)
  local ticket
  ticket = tickets.listen(function()
    listeners[ticket] = nil
    f(unpack(arguments, 1, count))
  end)
  library.soon(ticket)
end

return tickets
