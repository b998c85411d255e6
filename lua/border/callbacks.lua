-- The callbacks table of an operation, {success = f, error = g}: checks, and what is
-- said when a script gives none and should have.

local core = ...

local reports, text = core.import("border/reports"), core.import("border/text")
local library = core.library
local next, type = next, type
local format = string.format
local callable, here, spell = text.callable, reports.here, reports.spell

local callbacks = {}

local NAMES = { "error", "success" }

local function check_function(f, name, method)
  if f ~= nil and not callable(f) then
    reports.raise(format("bad argument to '%s' (callbacks.%s: function expected, got %s)",
      method, name, text.show(f)))
  end
end

--- The functions of a callbacks table. An unknown key warns.
function callbacks.check(given, method)
  if type(given) ~= "table" then
    reports.raise(format("bad argument to '%s' (callbacks: table expected, got %s)",
      method, text.show(given)))
  end
  local success, failure = given.success, given.error
  if success ~= nil and type(success) ~= "function" then
    check_function(success, "success", method)
  end
  if failure ~= nil and type(failure) ~= "function" then
    check_function(failure, "error", method)
  end
  for key in next, given do
    if key ~= "success" and key ~= "error" then
      reports.warn_once(format("'%s' does not know the callback %s; known: error, success%s",
        method, text.show(key), core.import("border/nearest").suggest(key, NAMES)))
    end
  end
  return success, failure
end

--- The functions of a callbacks table that has both and nothing else; else nothing, and
--- `check` is to look at it.
function callbacks.both(given)
  if type(given) ~= "table" then return end
  local first, f = next(given)
  local second, g = next(given, first)
  -- After nil comes the first one again, if there is one.
  if next(given, second) ~= nil then return end
  if type(f) ~= "function" or type(g) ~= "function" then return end
  if first == "success" and second == "error" then return f, g end
  if first == "error" and second == "success" then return g, f end
end

-- Errors that nobody hears.

local started = {} -- by ticket: the script's function that asked, and its line
local lines = {}

--- Remember where an operation without an error callback was asked for.
---@param level integer where the script most probably is, counted from the caller
function callbacks.remember(ticket, level)
  started[ticket], lines[ticket] = here(level + 1)
end

function callbacks.forget(ticket)
  if lines[ticket] then started[ticket], lines[ticket] = nil, nil end
end

local function describe(message, code, place, missing)
  return format("%s: %s (%s; no %s was given)", place, message, code,
    missing or "error callback")
end

--- Warn about an error that has no callback, with the place where the operation was
--- asked for.
---@param message string
---@param code string
---@param place string
---@param missing string|nil what would have heard it, if not a callback
function callbacks.unheard(message, code, place, missing)
  library.warn(describe(message, code, place, missing))
end

--- Methods that take a port: without it the script does not do what it is there for.
local LISTENING = { start = true, bind = true }

--- The same about a ticket's operation.
---@param method string
function callbacks.unheard_ticket(ticket, method, message, code)
  local place = spell(started[ticket], lines[ticket])
  callbacks.forget(ticket)
  if LISTENING[method] and code ~= "state" then
    reports.cannot_listen(describe(message, code, place))
  else
    callbacks.unheard(message, code, place)
  end
end

--- Warn about an operation whose answer is all that it is for, and that neither has
--- callbacks nor is in a task.
function callbacks.unused(method)
  reports.warn_once(format("the answer of '%s' is lost: outside a task it needs callbacks", method))
end

return callbacks
