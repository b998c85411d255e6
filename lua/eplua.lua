-- The Lua end of the bridge: tickets, callbacks, tasks' waiting, error reports.
--
-- Called once per Lua state with the host's own primitives; returns the dispatch
-- function. What the other library files need is in `core`, which no script sees.

local source, primitives_of = ...

local getinfo, traceback = debug.getinfo, debug.traceback
local running, yield, resume = coroutine.running, coroutine.yield, coroutine.resume
local create, isyieldable = coroutine.create, coroutine.isyieldable
local type, tostring, error, select = type, tostring, error, select
local rawget, pairs, setmetatable = rawget, pairs, setmetatable
local xpcall, pcall, format, concat = xpcall, pcall, string.format, table.concat
local unpack = table.unpack or unpack
local load = loadstring or load

local LIBRARY = "@<eplua>/"

-- Nothing but primitives leads to Python, and nothing leads into a primitive.
debug.getmetatable(source).__metatable = false

---@class eplua.core
local core = {}

local function primitives(module)
  local list, named = { primitives_of(module) }, {}
  for i = 1, #list, 2 do named[list[i]] = list[i + 1] end
  return named
end

local host, calls = primitives("host"), primitives("calls")
core.host, core.calls = host, calls

--- A Python module's primitives, for a file that wants them only when it is used.
core.primitives = primitives

-- Where the script is: the innermost frame that is not the library's.

local function script_level(level)
  level = level + 1
  while true do
    local info = getinfo(level, "S")
    if not info then return nil end
    if info.what ~= "C" and info.source:sub(1, #LIBRARY) ~= LIBRARY then
      return level - 1
    end
    level = level + 1
  end
end

--- "script.lua:12", the script's line that led here.
function core.place()
  local level = script_level(2)
  if not level then return "?" end
  local info = getinfo(level, "Sl")
  return info.short_src .. ":" .. info.currentline
end

--- Raise an error at the script's own line.
function core.raise(message)
  local level = script_level(2)
  if level then error(message, level) end
  error(message, 0)
end

-- Errors of callbacks and tasks.

-- A problem with the script's part of a traceback below it. The traceback is made
-- without the message, which it would cut at a zero byte.
local function with_frames(message, trace)
  local kept = { message }
  for line in trace:gmatch("[^\n]+") do
    if not line:find("^\t<eplua>/") and not line:find("^\t%[C%]: in [^ ]* *'?xpcall") then
      kept[#kept + 1] = line
    end
  end
  return concat(kept, "\n")
end

local exiting = false

local function describe(problem)
  local good, text = pcall(tostring, problem)
  return good and text or "an error value of type " .. type(problem)
end

local function with_traceback(problem)
  if exiting then return problem end
  return with_frames(describe(problem), traceback("", 2))
end

local on_error

--- Report an error that nobody caught: net.onError first, then the log.
local function report(trace)
  if exiting then return end
  if on_error then
    local good, problem = xpcall(on_error, with_traceback, trace)
    if not good and not exiting then host.report(problem) end
  end
  if not exiting then host.report(trace) end
end
core.report = report

function core.set_on_error(f) on_error = f end

--- Call a script's function; what it raises is reported, not passed on.
local function protect(f, ...)
  local good, trace = xpcall(f, with_traceback, ...)
  if not good then report(trace) end
  return good
end
core.protect = protect

-- os.exit: no script code runs after it, not even behind pcall. The hook raises
-- again at the first instruction of whoever caught the error; coroutines have a
-- hook each, so whoever resumed one gets its hook when that one is left.

local EXIT = setmetatable({}, { __name = "exit", __tostring = function() return "os.exit" end })

local leave
do
  local sethook, off = debug.sethook, rawget(_G, "jit") and jit.off
  local function hook() error(EXIT, 0) end
  leave = function()
    -- A compiled loop checks no hook.
    if off then off() end
    sethook(hook, "", 1)
    error(EXIT, 0)
  end
  local function check(...)
    if exiting then leave() end
    return ...
  end
  local wrap = coroutine.wrap
  function coroutine.resume(co, ...) return check(resume(co, ...)) end
  function coroutine.wrap(f)
    local next_value = wrap(f)
    return function(...) return check(next_value(...)) end
  end
end

function core.exit(code)
  exiting = true
  host.exit(code)
  leave()
end

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
    if coroutine.status(task.co) == "dead" then
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
  if exiting then leave() end
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
  if not good and not exiting then
    report(with_frames(describe(problem), traceback(self.co, "")))
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

-- What the application asks of Lua: run a chunk, call a global function.

local commands = {}

local function chunk_traceback(problem)
  if exiting then return problem end
  local message = describe(problem)
  return { message, with_frames(message, traceback("", 2)) }
end

local function finish(number, good, ...)
  if exiting then return end
  if good then return calls.finish(number, true, ...) end
  local problem = ...
  calls.finish(number, false, problem[1], problem[2])
end

function commands.run(number, code, name, directory, script, ...)
  local chunk, problem = load(code, name, "t")
  if not chunk then return calls.finish(number, false, problem, problem) end
  arg = { [0] = script, ... }
  package.path = directory .. "/?.lua;" .. directory .. "/?/init.lua"
  finish(number, xpcall(chunk, chunk_traceback, ...))
end

function commands.call(number, name, ...)
  local f = rawget(_G, name)
  if not callable(f) then
    local problem = format("'%s' is not a global function, it is a %s value", name, type(f))
    return calls.finish(number, false, problem, problem)
  end
  finish(number, xpcall(f, chunk_traceback, ...))
end

local function dispatch(ticket, ok, ...)
  local listener = listeners[ticket]
  if listener then
    if ok then listener(...) end
    return
  end
  if ticket == 0 then return commands[ok](...) end
  local hook = hooks[ticket]
  if hook then
    hooks[ticket] = nil
    return settle(ticket, ok, hook(ok, ...))
  end
  return settle(ticket, ok, ...)
end

-- Library files: each is loaded when first used, with its primitives.

local loaded = {}

--- The result of a library file, e.g. core.import("net/tcp", "tcp").
---@param name string its path in lua/, without the ending
---@param module string|nil the Python module with its primitives
function core.import(name, module)
  if loaded[name] == nil then
    local chunk, problem = load(source(name), LIBRARY .. name .. ".lua", "t")
    if not chunk then error(problem, 0) end
    loaded[name] = chunk(core, module and primitives(module)) or true
  end
  return loaded[name]
end

core.new_ticket, core.wait = new_ticket, wait
core.ready_to_wait, core.unpack = ready_to_wait, unpack
core.pending, core.waiting = pending, waiting

core.import("globals")

return dispatch, core.expose
