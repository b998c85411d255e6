-- eplua.test: what `eplua test` gives the files that it runs. Each test has a Lua state of
-- its own, in which the file's main chunk has run before.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local expect, options = core.import("testing/expect"), core.import("border/options")
local reports, tasks = core.import("border/reports"), core.import("border/tasks")
local stats = core.import("border/stats", "stats")
local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")
local peers = core.import("testing/peers")
local error, next, rawequal, setmetatable, type = error, next, rawequal, setmetatable, type
local remove, sort = table.remove, table.sort
local gsub, match = string.gsub, string.match
local traceback = debug.traceback
local soon = tickets.soon

local preparations, cleanups = {}, {}
local chosen -- the function of the test that this state is for

---@class eplua.testing.run
---@field state "waiting"|"running"|"over"
---@field task eplua.Task|nil what runs
local run = { state = "waiting" }

-- What is told: the first failure counts, whoever catches its error.
local failure, reason

--- Whether a traceback leads through more than one function of the script.
local function leads_on(trace)
  local _, frames = gsub(trace, "\n\t[^%[\n][^\n]*", "")
  return frames > 1
end

local function note_failure(message, trace)
  if not failure then
    failure = { message = message, trace = trace or message }
  elseif trace and failure.message == message and leads_on(trace) then
    -- What was expected was noted before it was raised: now it is known who asked.
    failure.trace = trace
  end
end
expect.tell(note_failure)

local SKIP = setmetatable({}, {
  __name = "skip", __metatable = "skip", __tostring = function() return "test skipped" end,
})

-- Declaring.

local KINDS = { skip = function(value)
  if type(value) == "boolean" or type(value) == "string" then return value end
  return nil, "boolean or string"
end }

local function checked(given)
  if type(given) ~= "table" then check.fail(2, "test", "options", "table or function", given) end
  return options.check(given, KINDS, "test", 2)
end

local function declare(name, given, f)
  check.string(name, 1, "test", "name")
  if f == nil then given, f = {}, given else given = checked(given) end
  if type(f) ~= "function" then check.fail(2, "test", "test", "function", f) end
  if run.state ~= "waiting" then reports.raise("a test cannot be declared within a test") end
  local skip = given.skip
  if skip == true then skip = "" end
  if primitives.test_declare(name, reports.place(), skip or nil) then chosen = f end
end

local test = {}

--- Run `f` before each test.
function test.before(f)
  check.callback(f, 1, "test.before", "function")
  preparations[#preparations + 1] = f
end

--- Run `f` after each test; within a test, after this one. The last comes first.
function test.after(f)
  check.callback(f, 1, "test.after", "function")
  cleanups[#cleanups + 1] = f
end

--- End the test that runs: it is skipped.
function test.skip(why)
  if why ~= nil then check.string(why, 1, "test.skip", "reason") end
  if not run.task or tasks.current() ~= run.task then
    reports.raise("only a test that runs is skipped so; else: test(name, {skip = true}, f)")
  end
  reason = why or ""
  error(SKIP, 0)
end

--- End the test that runs: it fails.
function test.fail(message)
  expect.fail(check.string(message, 1, "test.fail", "message"))
end

test.expect = expect.new
peers.offer(test, note_failure)

-- Running.

local opened_before, timers_before = {}, 0

local function timers_set() return stats.now().open.Timer or 0 end

local function open_now()
  local list, found = { primitives.test_open() }, {}
  for i = 1, #list, 2 do found[list[i]] = list[i + 1] end
  return found
end

local NAMED = 20 -- of what is left open

--- What was opened since the test began, and is no peer's: in words.
local function left_open()
  local found, names = open_now(), {}
  for number, kind in next, found do
    local object = class.numbered(number)
    if not opened_before[number] and not peers.owns(number, object) then
      names[#names + 1] = object and class.title(object) or kind
    end
  end
  sort(names)
  local others = #names - NAMED
  for i = #names, NAMED + 1, -1 do names[i] = nil end
  if others > 0 then names[#names + 1] = others .. " more" end
  local more = timers_set() - timers_before
  if more > 0 then names[#names + 1] = more == 1 and "a timer" or more .. " timers" end
  return names
end

-- What is about to close is given a moment: milliseconds, and how often it is looked.
local MOMENT, LOOKS = 10, 5

local function finish(looked)
  local left = left_open()
  if left[1] and looked < LOOKS then
    timers.call_later(MOMENT, function() finish(looked + 1) end)
    return
  end
  local state = failure and "failed" or reason and "skipped" or "ok"
  local said = failure or { message = reason }
  primitives.test_end(state, said.message, said.trace, core.unpack(left))
end

local stage

--- A part of the test is over: what it raised is looked at, the next one begins.
local function ended(task)
  run.task = nil
  if task.outcome == "failed" then
    if not rawequal(task.problem, SKIP) then
      note_failure(task.message, task.trace)
    end
  elseif task.outcome == "cancelled" then
    note_failure("the task of the test was cancelled")
  end
  soon(stage)
  return true
end

local function start(f)
  tasks.start(function()
    run.task = tasks.current()
    f()
  end, { ended = ended })
end

local before, tested = 0, false

function stage()
  if run.state == "over" then return end
  if not tested and not failure and not reason then
    before = before + 1
    if preparations[before] then return start(preparations[before]) end
    tested = true
    return start(chosen)
  end
  tested = true
  local f = remove(cleanups)
  if f then return start(f) end
  run.state = "over"
  finish(0)
end

-- What Python asks for.

local asked = {}

function asked.begin()
  run.state, opened_before, timers_before = "running", open_now(), timers_set()
  stage()
end

--- The test does not end by itself: say where it waits.
function asked.late(message)
  if run.state ~= "running" then return end
  local task = run.task
  local waits = task and task.co and traceback(task.co, "") or ""
  local place = match(reports.with_frames("", waits), "\n%s*([^\n]-:%d+):")
  if place then message = place .. ": " .. message end
  note_failure(message, reports.with_frames(message, waits))
  run.state = "over"
  finish(LOOKS)
end

primitives.test_listen(tickets.listen(function(what, ...) asked[what](...) end))

return setmetatable(test, {
  __call = function(_, ...) return declare(...) end,
})
