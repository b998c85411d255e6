-- What Home Center 3 gives a script, and the start of its QuickApps.

local core, primitives = ...

core.import("hc3/lua53")
local class = core.import("hc3/class")
local globals = _G
local load, setmetatable, type = load, setmetatable, type

globals.class, globals.property = class.class, class.property
globals.eplua.task = core.import("task")

local api = core.import("hc3/api", "hc3")
globals.api = { get = api.get, post = api.post, put = api.put, delete = api.delete }

local logs = core.import("hc3/logs", "hc3")
local fibaro = core.import("hc3/house")
fibaro.with_colons()
globals.fibaro, globals.hub = fibaro, fibaro

local hints = core.import("border/hints")
hints.tables = { "fibaro", "api", "plugin", "logger" }
hints.methods_of = class.methods_of

local plugin, children = core.import("hc3/plugin"), core.import("hc3/children", "hc3")
local tell = core.import("hc3/refresh_states", "hc3")
local reports, tickets = core.import("border/reports"), core.import("border/tickets")
local xpcall = core.import("border/calling").xpcall

local hc3 = {}

-- What the controller asks of the script.

local asked = {}

local function running_action(name) return "action " .. name end

function asked.action(id, name, arguments)
  arguments = api.decoded(arguments)
  reports.call(name, running_action, globals.onAction, id,
    { deviceId = id, actionName = name, args = arguments })
end

function asked.press(id, event)
  reports.call(nil, "onUIEvent", globals.onUIEvent, id, api.decoded(event))
end

function asked.property(id, name, value) children.changed(id, name, api.decoded(value)) end

function asked.event(event) tell(api.decoded(event)) end

primitives.hc3_listen(tickets.listen(function(what, ...) asked[what](...) end))

-- Starting.

--- Run the files of a program in their order.
---@return boolean, any
local function run_files(files, environment)
  for i = 1, #files, 2 do
    local chunk, problem = load(files[i + 1], files[i], "t", environment)
    if not chunk then return false, problem end
    local good, failure = xpcall(chunk, reports.chunk_traceback)
    if not good then return false, failure end
  end
  return true
end

--- What is reported has the tag of the script's log lines.
local function tagged(trace)
  primitives.hc3_log_error(logs.tag(), trace)
  return "[" .. logs.tag() .. "] " .. trace
end

---@param commands table where the commands of the application are
---@param finish function tells the application how a command ended
function hc3.start(commands, finish)
  reports.tag_with(tagged)

  --- Run a QuickApp: its device as JSON, then name and code of each file.
  function commands.quickapp(number, device, ...)
    device = api.decoded(device)
    plugin.mainDeviceId = device.id
    globals.__TAG = "QUICKAPP" .. device.id
    local good, problem = run_files({ ... }, globals)
    if not good then return finish(number, true, false, problem) end
    children.start(device)
    finish(number, false, true)
  end

  --- Run a scene's actions: its number, the trigger as JSON, name and code.
  function commands.scene(number, id, trigger, name, code)
    globals.sceneId, globals.__TAG = id, "SCENE" .. id
    -- Each run has globals of its own.
    local own = { sceneId = id, sourceTrigger = api.decoded(trigger) }
    own._G = own
    local good, problem = run_files({ name, code }, setmetatable(own, { __index = globals }))
    if not good then
      reports.report(type(problem) == "table" and problem[2] or problem)
    end
    finish(number, false, true)
  end
end

return hc3
