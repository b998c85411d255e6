-- More of `fibaro`: scenes, profiles, alarms, events and notifications.

local core = ...

local api, fibaro = core.import("hc3/api", "hc3"), core.import("hc3/fibaro", "hc3")
local reports = core.import("border/reports")
local globals, next, pairs, tostring, type = _G, next, pairs, tostring, type
local format = string.format
local assert_type = globals.__assert_type

local function one_of(value, known)
  reports.raise(format("Wrong parameter: %s. Available parameters: %s", tostring(value), known))
end

--- Start or end scenes: "execute", "executeSync" or "kill".
function fibaro.scene(action, ids)
  assert_type(action, "string")
  -- A single number is taken too.
  if type(ids) == "number" then ids = { ids } end
  assert_type(ids, "table")
  if action ~= "execute" and action ~= "executeSync" and action ~= "kill" then
    one_of(action, "execute, executeSync, kill")
  end
  for _, id in pairs(ids) do assert_type(id, "number") end
  for _, id in pairs(ids) do
    api.change("fibaro.scene", "POST", "/scenes/" .. id .. "/" .. action)
  end
end

--- Make a profile the active one: fibaro.profile("activateProfile", id), and the older
--- order of arguments too.
function fibaro.profile(action, id)
  if type(action) == "number" then action, id = id, action end
  assert_type(action, "string")
  assert_type(id, "number")
  if action ~= "activateProfile" and action ~= "activeProfile" then
    one_of(action, "activateProfile")
  end
  return api.change("fibaro.profile", "POST", "/profiles/activeProfile/" .. id)
end

-- Alarms.

local function arming(path, action)
  assert_type(action, "string")
  local method = action == "arm" and "POST" or action == "disarm" and "DELETE"
  if method then return api.change("fibaro.alarm", method, path) end
  one_of(action, "arm, disarm")
end

--- Arm or disarm: the house, fibaro.alarm("arm"), or a partition, fibaro.alarm(1, "arm").
function fibaro.alarm(partition, action)
  if type(partition) == "string" then
    return arming("/alarms/v1/partitions/actions/arm", partition)
  end
  assert_type(partition, "number")
  return arming("/alarms/v1/partitions/" .. partition .. "/actions/arm", action)
end

function fibaro.__houseAlarm(action) return fibaro.alarm(action) end

function fibaro.getPartitions() return (api.get("/alarms/v1/partitions")) or {} end

function fibaro.getPartition(id)
  assert_type(id, "number")
  return (api.get("/alarms/v1/partitions/" .. id))
end

local function breached() return (api.get("/alarms/v1/partitions/breached")) or {} end

function fibaro.isHomeBreached() return next(breached()) ~= nil end

function fibaro.isPartitionBreached(id)
  assert_type(id, "number")
  for _, each in pairs(breached()) do
    if each == id or type(each) == "table" and each.id == id then return true end
  end
  return false
end

function fibaro.getPartitionArmState(id)
  assert_type(id, "number")
  local partition = api.get("/alarms/v1/partitions/" .. id)
  if partition == nil then return nil end
  return partition.armed and "armed" or "disarmed"
end

--- "armed", "disarmed" or "partially_armed".
function fibaro.getHomeArmState()
  local all, armed = 0, 0
  for _, partition in pairs(fibaro.getPartitions()) do
    all, armed = all + 1, armed + (partition.armed and 1 or 0)
  end
  if armed == 0 then return "disarmed" end
  return armed == all and "armed" or "partially_armed"
end

-- Events and notifications.

function fibaro.emitCustomEvent(name)
  assert_type(name, "string")
  return api.change("fibaro.emitCustomEvent", "POST", "/customEvents/" .. name)
end

--- As emitCustomEvent, for an event that is made first if there is none.
function fibaro.postCustomEvent(name, description)
  assert_type(name, "string")
  local _, status = api.get("/customEvents/" .. name)
  if status == 404 then
    api.post("/customEvents", { name = name, userDescription = description or "" })
  end
  return fibaro.emitCustomEvent(name)
end

local ALERTS = {
  email = "sendGlobalEmailNotifications",
  push = "sendGlobalPushNotifications",
  simplePush = "sendGlobalPushNotifications",
  sms = "sendGlobalSMSNotifications",
}

--- The mobile devices that these users were last seen on.
local function mobiles_of(users)
  local wanted, ids = {}, {}
  for _, user in pairs(users) do wanted[user] = true end
  for _, each in pairs(api.get("/devices?type=iOS_device") or {}) do
    if each.properties and wanted[each.properties.lastLoggedUser] then ids[#ids + 1] = each.id end
  end
  return ids
end

--- Notify: "email" to users, "push" to the mobile devices of users, "simplePush" to mobile
--- devices.
function fibaro.alert(kind, ids, message)
  assert_type(kind, "string")
  assert_type(ids, "table")
  assert_type(message, "string")
  local action = ALERTS[kind]
  if not action then one_of(kind, "email, push, simplePush") end
  for _, id in pairs(ids) do assert_type(id, "number") end
  if kind == "push" then ids = mobiles_of(ids) end
  for _, id in pairs(ids) do fibaro.call(id, action, message, "false") end
end

-- The box's own description.

function fibaro.homeId()
  local info = api.get("/settings/info")
  return info and info.serialNumber
end

--- How many of a scene's runs go on.
function fibaro.countScenes(id)
  if id == nil then id = globals.sceneId end
  assert_type(id, "number")
  local scene = api.get("/scenes/" .. id)
  return scene and scene.isRunning and 1 or 0
end

-- Variables of a scene, which outlive its runs.

local scene_variables = {}

function fibaro.getSceneVariable(name)
  assert_type(name, "string")
  return scene_variables[name]
end

function fibaro.setSceneVariable(name, value)
  assert_type(name, "string")
  scene_variables[name] = value
end

local hierarchy

local function find_type(node, wanted)
  if node.type == wanted then return node end
  for _, child in pairs(node.children or {}) do
    local found = find_type(child, wanted)
    if found then return found end
  end
end

--- The tree of the device types.
function globals.getHierarchy()
  hierarchy = hierarchy or api.get("/devices/hierarchy") or { type = "device", children = {} }
  local object = { data = hierarchy }
  --- Whether a type is another, or stands below it.
  function object:isTypeOf(base, kind)
    if base == kind then return true end
    local found = find_type(self.data, base)
    return found ~= nil and find_type(found, kind) ~= nil
  end
  return object
end

return fibaro
