-- The time that a callback may take. A hook looks at the clock now and then; when the time
-- is over it raises an error, and so it does, and whatever catches errors does, until
-- nothing of the script is left on the stack. The library is never left in the middle.

local core, primitives = ...

local PREFIX = core.PREFIX
local error, getinfo, pcall, running, sub =
  error, debug.getinfo, pcall, coroutine.running, string.sub
local create, format, resume, status, xpcall =
  coroutine.create, string.format, coroutine.resume, coroutine.status, xpcall
local rawget, sethook, traceback = rawget, debug.sethook, debug.traceback
local globals = _G
local jit = rawget(globals, "jit")

-- Instructions between two looks at the clock, and until the next one where the library
-- runs, or up to as many more: with the same number again and again a loop may have the
-- same rhythm, and always be met in the library. Each coroutine counts its own, and a hook
-- needs room on the stack that there may not be: so the library looks too, after so many
-- coroutines resumed and errors caught (a prime number, for the same reason).
local COUNT, SOON, EVENTS = 10000, 100, 97

-- Files of the library that can be left anywhere: they change nothing.
local CHANGE_NOTHING = {
  [PREFIX .. "json.lua"] = true,
  [PREFIX .. "border/globals.lua"] = true,
  [PREFIX .. "border/sandbox.lua"] = true,
}

local allowed = primitives.callback_time()
local over_time = primitives.over_time

---@class eplua.limits
---@field over table|nil the script is being left: `text`, and when it is known where,
--- `message` and `trace`
---@field exit_hook function|nil the hook of os.exit, once that was called
---@field callback function|nil the last one of the script's that was called; if none was,
---@field task table|nil the last task that went on
---@field took fun(place: string) what took long has begun there
local limits = { took = primitives.took }

local function is_library(info)
  local source = info.source
  return info.what ~= "C" and sub(source, 1, #PREFIX) == PREFIX and not CHANGE_NOTHING[source]
end

--- Whether anything of the script, or a coroutine, is on the stack below the caller.
local function is_script_below()
  local co, is_main = running()
  if co and not is_main and not (core.holds and core.import("border/holding").is_worker(co)) then
    return true
  end
  local level = 3
  while true do
    local info = getinfo(level, "S")
    if not info then return false end
    if info.what ~= "C" and sub(info.source, 1, #PREFIX) ~= PREFIX then return true end
    level = level + 1
  end
end

local function place(level)
  local info = getinfo(level + 1, "Sl")
  if info.what == "C" or sub(info.source, 1, #PREFIX) == PREFIX then
    return core.import("border/reports").place()
  end
  return format("%s:%d", info.short_src, info.currentline)
end

local function trace_of(message)
  return core.import("border/reports").with_frames(message, traceback("", 5))
end

--- Say where the script is, in the caller's caller; where there is no room on the stack for
--- that, this raises an error, and is tried again by whoever catches it.
local function locate(over)
  over.message = place(3) .. ": " .. over.text
  local good, trace = pcall(trace_of, over.message)
  over.trace = good and trace or over.message
end

local OVER = format("the callback has taken more than %d ms (option --max-callback-time)", allowed)

--- The script is to be left.
---@param why true|string true for its time
local function begin_to_leave(why)
  limits.over = { text = why == true and OVER or why }
end

local soon = false -- the hook is to be called earlier than usual
local noise = 1

local function some()
  noise = noise * 75 % 65537
  return SOON + noise % SOON
end

local function hook()
  local why = over_time()
  if not why and not limits.over then
    if soon then
      soon = false
      sethook(hook, "", COUNT)
    end
    return
  end
  soon = true
  -- A function of C counts no instructions: it was called by the library, or the script.
  if is_library(getinfo(2, "S")) then return sethook(hook, "", limits.over and 1 or some()) end
  sethook(hook, "", 1)
  if not limits.over then begin_to_leave(why) end
  local over = limits.over
  if not over.message then locate(over) end
  error(over.message, 0)
end

--- Go on leaving the script, from wherever this is called.
function limits.leave()
  -- The hook, where it has no room, would raise an error in the middle of this.
  sethook()
  local over = limits.over
  if not over.message then locate(over) end
  sethook(hook, "", 1)
  error(over.message, 0)
end

--- The script is being left: whoever is the last on the stack gets the traceback, and what
--- comes after it has its own time; nobody else gets anything.
---@return string|nil trace
---@return string|nil message
function limits.settle()
  if is_script_below() then return nil end
  local over = limits.over
  limits.over = nil
  primitives.begin_anew()
  sethook(hook, "", COUNT)
  return over.trace or over.text, over.message or over.text
end

--- After code of the script's has run in a coroutine of the library: leave what called it.
function limits.pass()
  if is_script_below() then limits.leave() end
  core.import("border/reports").report("")
end

-- Without a limit there is nothing to do.

--- A coroutine for the script.
limits.create = create

--- The script is about to resume a coroutine, or has caught an error.
function limits.look() end

--- Call a finalizer of the script's, as xpcall does.
limits.finalize = xpcall

if allowed == 0 then return limits end

local function refuse(what)
  return function()
    error(format("'%s' belongs to the time limit (option --max-callback-time)", what), 2)
  end
end

globals.debug.sethook = refuse("sethook")
function globals.debug.gethook() end

if jit then
  -- Compiled code looks at no hook, and where finalizers run there is none.
  jit.off()
  jit.flush()
  jit.on = refuse("jit.on")
  globals.newproxy = nil
else
  -- The hook of LuaJIT is for all coroutines; here each has its own.
  function limits.create(f)
    local co = create(f)
    sethook(co, hook, "", COUNT)
    return co
  end

  local function finalized(co, good, ...)
    -- No hook works here: what was interrupted by the collector is left when it goes on.
    if limits.exit_hook or limits.over then sethook(limits.exit_hook or hook, "", 1) end
    if not good then return false, ... end
    if status(co) == "dead" then return ... end
    return false, "attempt to yield across a C-call boundary"
  end

  local function pass(...) return ... end

  -- No tail call of xpcall: this is seen in the traceback, and left out.
  local function call(f, handler, ...)
    return pass(xpcall(f, handler, ...))
  end

  local function in_coroutine(f, handler, ...)
    local co = limits.create(call)
    return finalized(co, resume(co, f, handler, ...))
  end

  local function unpacked(good, ...)
    if good then return ... end
    return good, ...
  end

  function limits.finalize(f, handler, ...)
    return unpacked(pcall(in_coroutine, f, handler, ...))
  end
end

local left = EVENTS

function limits.look()
  left = left - 1
  if left > 0 then return end
  left = EVENTS
  local why = over_time()
  if limits.over or not why then return end
  begin_to_leave(why)
  limits.leave()
end

sethook(hook, "", COUNT)

return limits
