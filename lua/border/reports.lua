-- Errors of the script: where it is, tracebacks without the library's frames, and the
-- report of what nobody caught.

local core = ...

local exit, text = core.import("border/exit"), core.import("border/text")
local library, PREFIX = core.library, core.PREFIX
local getinfo, traceback = debug.getinfo, debug.traceback
local collect, error, pcall, setmetatable, xpcall =
  collectgarbage, error, pcall, setmetatable, xpcall
local concat, find, gmatch, sub = table.concat, string.find, string.gmatch, string.sub
local describe = text.describe

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

--- "script.lua:12", the script's line that led here.
function reports.place()
  return reports.spell(reports.here(2))
end

--- Raise an error at the script's own line.
function reports.raise(message)
  local level = script_level(2)
  if level then error(message, level) end
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

--- Whether memory has run out. If so, what the script had is collected first: to tell
--- of it takes memory too, Python's as well.
function reports.out_of_memory(problem)
  if problem ~= "not enough memory" then return false end
  -- Finalizers of the script may fail.
  pcall(collect)
  return true
end

-- Errors of callbacks and tasks.

--- A problem with the script's part of a traceback below it. The traceback is made
--- without the message, which it would cut at a zero byte.
function reports.with_frames(message, trace)
  local kept = { message }
  for line in gmatch(trace, "[^\n]+") do
    if not find(line, "^\t<eplua>/") and not find(line, "^\t%[C%]: in [^ ]* *'?xpcall") then
      kept[#kept + 1] = line
    end
  end
  -- The library's call of the script's function, seen from below.
  if kept[#kept] == "\t(...tail calls...)" then kept[#kept] = nil end
  return concat(kept, "\n")
end

local function with_traceback(problem)
  if exit.exiting then return problem end
  return reports.with_frames(describe(problem), traceback("", 2))
end

local on_error

--- `f(trace)` is asked first about each error; true means that it is handled.
function reports.set_on_error(f) on_error = f end

--- Ask net.onError about an error: whether it is handled.
function reports.handled(trace)
  if not on_error then return false end
  local good, verdict = xpcall(on_error, with_traceback, trace)
  if not good and not exit.exiting then library.report(describe(verdict)) end
  return good and verdict == true
end

--- Report an error that nobody caught: net.onError first, then the log.
local function report(trace)
  -- Memory may have run out while the traceback was made: then it is what there is.
  reports.out_of_memory(trace)
  trace = describe(trace)
  if exit.exiting or reports.handled(trace) or exit.exiting then return end
  library.report(trace)
end
reports.report = report

--- Call a script's function; what it raises is reported, not passed on.
function reports.protect(f, ...)
  local good, trace = xpcall(f, with_traceback, ...)
  if not good then report(trace) end
  return good
end

return reports
