-- What the application asks of Lua: run a chunk, call a global function.

local core = ...

local calls, library, unpack = core.calls, core.library, core.unpack
local exit, reports = core.import("border/exit"), core.import("border/reports")
local limits, sandbox = core.import("border/limits", "limits"), core.import("border/sandbox")
local stats = core.import("border/stats", "stats")
local tasks, text = core.import("border/tasks"), core.import("border/text")
local callable, describe = text.callable, text.describe
local xpcall = core.import("border/calling").xpcall
local collect, load, rawget, type = collectgarbage, load, rawget, type
local format = string.format
local globals = _G

-- By their names; each is given the number of the command first.
local commands = {}

local function fail(number, message, trace)
  if not exit.exiting then calls.finish(number, false, message, trace) end
end

--- Tell the application how its command ended. Memory may have run out, in the script
--- or in the handler of its error: then there is a message and no traceback.
---@param forgiven boolean|nil an error that net.onError handled is none
local function finish(number, forgiven, good, ...)
  if exit.exiting then return end
  if good then return calls.finish(number, true, ...) end
  local problem = ...
  if limits.over then
    local trace, message = limits.settle()
    problem = { message, trace }
  end
  reports.out_of_memory(problem)
  local message, trace
  if type(problem) == "table" and type(problem[2]) == "string" then
    message, trace = problem[1], problem[2]
  else
    message = reports.named(describe(problem))
    trace = message
  end
  if reports.handled(trace) and forgiven then return calls.finish(number, true) end
  fail(number, message, trace)
end

--- An entry has taken so many milliseconds.
---@param slow boolean the script's author should know
function commands.took(_, milliseconds, slow)
  local f, task = limits.callback, limits.task
  local place = reports.place_of(f)
  if not f and task then place = reports.spell(task.script, task.line) end
  limits.took(place or "?")
  if not slow then return end
  library.warn(format("%s: %s has taken %d ms; nothing else ran meanwhile", place or "?",
    f and "the callback" or "the task started here", milliseconds))
end

--- The application wants to know what goes on.
function commands.stats() stats.of_lua() end

--- Somebody looks at it.
function commands.inspect() core.import("border/inspect", "inspect")() end

--- Before Python tells of an error that memory running out may have been.
function commands.collect() collect() end

function commands.run(number, code, name, directory, script, ...)
  local chunk, problem = load(code, name, "t", globals)
  if not chunk then return fail(number, problem, problem) end
  globals.arg = { [0] = script, ... }
  sandbox.search_beside(directory)
  limits.callback = chunk
  finish(number, true, xpcall(chunk, reports.chunk_traceback, ...))
end

local called = {} -- tasks of calls that wait, by the call's number

--- A call is over. When it was cancelled nobody waits for it any more.
local function call_ended(task, call)
  local number = call.number
  called[number] = nil
  if call.cancelled then return false end
  if task.outcome == "returned" then
    local results = call.show and { n = 1, call.show(task.results) } or task.results
    finish(number, false, true, unpack(results, 1, results.n))
  elseif task.outcome == "cancelled" then
    fail(number, "task cancelled", "task cancelled")
  else
    local trace = call.name and task.trace .. "\n\tin Runtime.call, " .. call.name or task.trace
    finish(number, false, false, { task.message, trace })
  end
  return true
end

--- Run a function as a task that the application waits for.
local function start(call, f, ...)
  limits.callback = f
  local task = tasks.start(f, call, ...)
  if not task.outcome then called[call.number] = { task, call } end
end

function commands.call(number, name, ...)
  local f = rawget(globals, name)
  if not callable(f) then
    local problem = format("'%s' is not a global function, it is a %s value", name, type(f))
    return fail(number, problem, problem)
  end
  start({ number = number, name = name, ended = call_ended }, f, ...)
end

--- Somebody has typed something: its values as text, or that it is unfinished.
function commands.enter(number, code)
  local entering = core.import("border/entering")
  local chunk, problem, unfinished = entering.compile(code)
  if unfinished then return finish(number, false, true, nil, true) end
  if not chunk then return fail(number, problem, problem) end
  start({ number = number, show = entering.show, ended = call_ended }, chunk)
end

--- Somebody is typing something.
function commands.complete(number, before)
  finish(number, false, true, core.import("border/entering").complete(before))
end

--- The application has lost interest in a call.
function commands.cancel(number)
  local found = called[number]
  if not found then return end
  found[2].cancelled = true
  tasks.cancel(found[1])
end

return { commands = commands, finish = finish }
