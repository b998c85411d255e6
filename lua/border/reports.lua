-- Errors of the script: where it is, tracebacks without the library's frames, and the
-- report of what nobody caught.

local core = ...

local calling, exit = core.import("border/calling"), core.import("border/exit")
local text = core.import("border/text")
local limits = core.import("border/limits", "limits")
local library, PREFIX = core.library, core.PREFIX
local getinfo, traceback = debug.getinfo, debug.traceback
local error, pcall, setmetatable, type = error, pcall, setmetatable, type
local concat, find, gmatch, sub = table.concat, string.find, string.gmatch, string.sub
local describe, xpcall = text.describe, calling.xpcall

local reports = {}

-- Where the script is: the innermost frame that is not the library's, nor C's.

local known = setmetatable({}, { __mode = "k" })

--- Whether a function is the script's own.
local function is_script(f)
  local answer = known[f]
  if answer == nil then
    local info = getinfo(f, "S")
    answer = info.what ~= "C" and sub(info.source, 1, #PREFIX) ~= PREFIX
    known[f] = answer
  end
  return answer
end

local function script_level(level)
  level = level + 1
  while true do
    local info = getinfo(level, "f")
    if not info then return nil end
    -- A tail call of LuaJIT's has no function.
    if info.func and is_script(info.func) then return level - 1 end
    level = level + 1
  end
end

--- The script's function that led here and its line: cheap, for what may be needed
--- later (see `reports.spell`).
---@param level integer where the script most probably is, counted from the caller
function reports.here(level)
  local info = getinfo(level + 1, "fl")
  if not info or not info.func or not is_script(info.func) then
    local found = script_level(level + 1)
    if not found then return nil end
    info = getinfo(found, "fl")
  end
  return info.func, info.currentline
end

--- "script.lua:12", for what `here` returned.
function reports.spell(f, line)
  if not f then return "?" end
  return getinfo(f, "S").short_src .. ":" .. line
end

--- "script.lua:12", where a function of the script's begins, "script.lua" for all of it;
--- nil for what is none.
function reports.place_of(f)
  if type(f) ~= "function" or not is_script(f) then return nil end
  local info = getinfo(f, "S")
  local line = info.linedefined
  return line > 0 and info.short_src .. ":" .. line or info.short_src
end

--- The innermost frame of the script in a coroutine, or nil.
local function frame_in(co)
  local level = 0
  while true do
    local info = getinfo(co, level, "Slf")
    if not info or info.func and is_script(info.func) then return info end
    level = level + 1
  end
end

--- "script.lua:12", where the script's code of a coroutine is; nil for none.
---@param co thread
function reports.place_in(co)
  local info = frame_in(co)
  return info and info.short_src .. ":" .. info.currentline
end

--- "script.lua:12", the script's line that led here.
function reports.place()
  return reports.spell(reports.here(2))
end

--- Raise an error at the script's own line.
---@param tell fun(message: string)|nil is given it as it is raised, with file and line
function reports.raise(message, tell)
  local level = script_level(2)
  if level and not tell then error(message, level) end
  if tell then
    if level then message = reports.place() .. ": " .. message end
    tell(message)
  end
  error(message, 0)
end

--- Tell the script's author something that is no error.
function reports.warn(message)
  library.warn(reports.place() .. ": " .. message)
end

-- Warnings about a line of the script that runs again and again come once.

local WARNINGS = 1000
local warned, count = {}, 0

--- As `warn`, once for each line and message.
function reports.warn_once(message)
  local warning = reports.place() .. ": " .. message
  if warned[warning] or count >= WARNINGS then return end
  warned[warning], count = true, count + 1
  library.warn(warning)
end

local OPTION = core.memory.memory_limited() and " (option --max-memory)" or ""

--- Whether memory has run out. If so, what the script had is collected first.
function reports.out_of_memory(problem)
  if not calling.relieve(problem) then return false end
  calling.recover()
  return true
end

--- "script.lua:12", where the script's code of a coroutine has failed, "?" for none;
--- "script.lua:10-15" where Lua does not know the line.
---@param co thread
local function place_of_failure(co)
  local info = frame_in(co)
  if not info then return "?" end
  local first, last, line = info.linedefined, info.lastlinedefined, info.currentline
  if line > 0 then return info.short_src .. ":" .. line end
  -- LuaJIT does not know the line of the last function, but those that it is made of.
  if first == 0 then first = 1 end
  return info.short_src .. ":" .. (last > first and first .. "-" .. last or first)
end

-- Errors of callbacks and tasks.

--- A problem with the script's part of a traceback below it. The traceback is made
--- without the message, which it would cut at a zero byte.
function reports.with_frames(message, trace)
  local kept, hidden = { message }, false
  for line in gmatch(trace, "[^\n]+") do
    if find(line, "^\t<eplua>/") or find(line, "^\t%[C%]: in [^ ]* *'?xpcall") then
      hidden = true
    elseif not hidden or line ~= "\t(...tail calls...)" then
      -- The tail calls of the library's own functions go with these.
      kept[#kept + 1], hidden = line, false
    end
  end
  -- The library's call of the script's function, seen from below.
  if kept[#kept] == "\t(...tail calls...)" then kept[#kept] = nil end
  return concat(kept, "\n")
end

--- What is reported of an error; where memory has run out, with what bounds it.
function reports.named(problem)
  if type(problem) == "string" and (find(problem, "not enough memory$")
    or find(problem, ": not enough memory for buffer allocation$")) then
    return problem .. OPTION
  end
  return problem
end

--- What was raised, as text, with what was probably meant where it says why.
---@param co thread|nil the coroutine that has raised it, if it is not the running one
---@param level integer where, in it; else counted from the caller
function reports.explain(problem, co, level)
  local message = reports.named(describe(problem))
  if problem == calling.NO_MEMORY then
    -- Lua itself does not say where.
    local place = co and place_of_failure(co) or reports.place()
    return place == "?" and message or place .. ": " .. message
  end
  if type(problem) ~= "string" or not find(problem, "nil value", 1, true) then return message end
  -- It takes memory, and a file of the library, to find out: the error matters more.
  local good, hint = pcall(function()
    local said = core.import("border/hints").of(problem, co, co and level or level + 3)
    return said
  end)
  return good and message .. hint or message
end

--- A problem with the script's part of the traceback of where it is raised just now, or
--- was raised in a coroutine.
---@param co thread|nil
---@param below string|nil with what the first frame begins that is left out
local function with_traceback(problem, co, below)
  if exit.exiting or limits.over then return problem end
  local trace = co and traceback(co, "") or traceback("", below and 3 or 2)
  local at = below and find(trace, below, 1, true)
  if at then trace = sub(trace, 1, at) end
  return reports.with_frames(reports.explain(problem, co, co and 0 or 2), trace)
end
reports.with_traceback = with_traceback

--- The same for a whole file: the message, and message and traceback.
function reports.chunk_traceback(problem, co)
  if exit.exiting or limits.over then return problem end
  local message = reports.explain(problem, co, co and 0 or 2)
  return { message, reports.with_frames(message, co and traceback(co, "") or traceback("", 2)) }
end

local on_error

--- Whether there was an error that nobody handled.
reports.unhandled = false

--- To the log; and that may be the end (`exit_on_error`).
local function report_unhandled(trace)
  reports.unhandled = true
  if library.report(trace) then exit.exit(1) end
end

--- `f(trace)` is asked first about each error; true means that it is handled.
function reports.set_on_error(f) on_error = f end

--- Ask net.onError about an error: whether it is handled.
function reports.handled(trace)
  if not on_error then return false end
  local good, verdict = xpcall(on_error, with_traceback, trace)
  if limits.over then verdict = limits.settle() end
  if not good and verdict ~= nil and not exit.exiting then
    report_unhandled(describe(verdict) .. "\n\tin net.onError")
  end
  return good and verdict == true
end

--- What was running, in words: "TCPServer 127.0.0.1:8080, onClient".
local function running(object, what)
  if type(what) == "function" then return what(object) end
  local class = core.import("border/class")
  -- What an object has a part of its own for has the object's number.
  if type(object) == "table" and not object.class then object = object.id end
  if type(object) == "number" then object = class.numbered(object) end
  return type(object) == "table" and class.title(object) .. ", " .. what or what
end

--- Report that the script does not get a port, and has no error callback for that.
function reports.cannot_listen(problem)
  if exit.exiting or reports.handled(problem) or exit.exiting then return end
  reports.unhandled = true
  if library.cannot_listen(problem) then exit.exit(1) end
end

local tagged

--- `f(trace)` gives the text that is reported in place of a traceback.
function reports.tag_with(f) tagged = f end

--- Report an error that nobody caught: net.onError first, then the log.
---@param object any whose function was running, see `reports.call`
---@param what string|function|nil
local function report(trace, object, what)
  if limits.over then
    trace = limits.settle()
    if not trace then return end
  end
  -- Memory may have run out while the traceback was made: then it is what there is.
  reports.out_of_memory(trace)
  trace = reports.named(describe(trace))
  if what then
    local good, words = pcall(running, object, what)
    if good then trace = trace .. "\n\tin " .. words end
  end
  if exit.exiting or reports.handled(trace) or exit.exiting then return end
  report_unhandled(tagged and tagged(trace) or trace)
end
reports.report = report

--- Call a script's function; what it raises is reported, not passed on. The report says
--- what was running, which is looked at only then.
---@param object any an object of the library, or the number of what is open for one
---@param what string|fun(object: any): string what the function is to it, e.g. "onClient"
function reports.call(object, what, f, ...)
  limits.callback = f
  local good, trace = xpcall(f, with_traceback, ...)
  if not good then report(trace, object, what) end
  return good
end

return reports
