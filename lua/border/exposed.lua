-- The application's own functions: a result at once, or an answer like that of any
-- operation.

local core = ...

local calls, unpack = core.calls, core.unpack
local check_callbacks = core.import("border/callbacks").check
local reports, tasks = core.import("border/reports"), core.import("border/tasks")
local tickets = core.import("border/tickets")
local select, type = select, type
local globals = _G

local function received(name, given, outcome, ...)
  if outcome == "later" then
    local task = given == nil and tasks.current()
    if task and (task.stops or not tasks.can_wait()) then
      calls.discard((...), task.stops ~= nil)
      tasks.check_can_wait()
    end
    return tickets.ask(name, given, calls.collect, (...))
  end
  if outcome == "raise" then
    local message, of_application = ...
    -- With file and line it is told from another error of the same text.
    reports.raise(message, of_application and calls.raised)
  end
  return ...
end

local function exposed(name, index)
  return function(...)
    local count, given = select("#", ...), nil
    local last = count > 0 and (select(count, ...)) or nil
    if type(last) == "table"
      and (type(last.success) == "function" or type(last.error) == "function") then
      -- What is wrong with them is said before the function is called.
      check_callbacks(last, name)
      given, count = last, count - 1
    end
    return received(name, given,
      calls.invoke(index, given ~= nil, unpack({ ... }, 1, count)))
  end
end

local space -- the table that functions are being put into

--- Make the application's function number `index` the global `name`; without a number
--- that is a new table, into which those with a field go that follow.
local function expose(name, index, field)
  if not index then
    space = {}
    globals[name] = space
  elseif field then
    space[field] = exposed(name .. "." .. field, index)
  else
    globals[name] = exposed(name, index)
  end
end

return expose
