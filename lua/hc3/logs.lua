-- What a script says: lines with a tag and a level, in the controller's log.

local core, primitives = ...

local check = core.import("border/check")
local add = primitives.hc3_log
local globals, rawget, select, tostring = _G, rawget, select, tostring
local concat = table.concat

local logs = {}

--- Any number of values as one text.
local function joined(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  return concat(parts, " ")
end

--- The tag of the script's lines, which it may have changed.
function logs.tag()
  local tag = rawget(globals, "__TAG")
  return tag == nil and "" or tostring(tag)
end

---@param level string DEBUG, TRACE, WARNING, ERROR
function logs.say(level, ...) add(logs.tag(), level, joined(...)) end

--- fibaro.debug and the like: the tag is the first argument. One that is alone is the
--- text, as in scenes of HC2.
local function tagged(level, name)
  return function(tag, ...)
    if select("#", ...) == 0 then return logs.say(level, tag) end
    globals.__assert_type(tag, "string")
    add(check.text(tag, 1, name, "tag"), level, joined(...))
  end
end

---@param fibaro table
function logs.add_to(fibaro)
  fibaro.debug, fibaro.trace = tagged("DEBUG", "debug"), tagged("TRACE", "trace")
  fibaro.warning, fibaro.error = tagged("WARNING", "warning"), tagged("ERROR", "error")
end

function globals.print(...) logs.say("DEBUG", ...) end

globals._print, globals.__print = globals.print, globals.print

function globals.__fibaro_add_debug_message(tag, message, level)
  add(tostring(tag), level == nil and "DEBUG" or tostring(level), tostring(message))
end

-- logger: the same lines, from a level on.

local logger = { TRACE = 0, DEBUG = 1, INFO = 2, WARNING = 3, ERROR = 4, FATAL = 5 }
local least = logger.TRACE

local function logging(number, level)
  return function(...)
    if number >= least then logs.say(level, ...) end
  end
end

logger.trace, logger.debug = logging(0, "TRACE"), logging(1, "DEBUG")
logger.info, logger.warning = logging(2, "DEBUG"), logging(3, "WARNING")
logger.error, logger.fatal = logging(4, "ERROR"), logging(5, "ERROR")

function logger.setLevel(level) least = check.integer(level, 1, "setLevel", "level", 0, 5) end

function logger.getLevel() return least end

globals.logger = logger

return logs
