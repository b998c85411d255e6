-- The table `fibaro`, which is `hub` too: devices, rooms, variables and time.

local core, primitives = ...

local api, logs = core.import("hc3/api", "hc3"), core.import("hc3/logs", "hc3")
local holding, reports = core.import("border/holding"), core.import("border/reports")
local tickets, timers = core.import("border/tickets"), core.import("timers", "timers")
local json = core.import("json")
local globals = _G
local next, pairs, pcall, rawequal = next, pairs, pcall, rawequal
local select, tostring, type = select, tostring, type
local concat = table.concat
local assert_type, urlencode = globals.__assert_type, globals.urlencode

local fibaro = {}
logs.add_to(fibaro)

-- What HC3's own Lua calls, and some scripts too.

local function getter(prefix)
  return function(id) return (api.get(prefix .. tostring(id))) end
end

local device, room = getter("/devices/"), getter("/rooms/")
local variable = getter("/globalVariables/")

local function all_devices() return (api.get("/devices")) end

local function property_of(id, name)
  return (api.get("/devices/" .. tostring(id) .. "/properties/" .. tostring(name)))
end

globals.__fibaro_get_device, globals.__fibaro_get_room = device, room
globals.__fibaro_get_devices, globals.__fibaro_get_device_property = all_devices, property_of
globals.__fibaro_get_scene = getter("/scenes/")
globals.__fibaro_get_global_variable = variable
globals.__fibaro_get_devices_by_type = getter("/devices?type=")
globals.__fibaro_get_partition = getter("/alarms/v1/partitions/")

function globals.__fibaro_get_partitions() return (api.get("/alarms/v1/partitions")) end

function globals.__fibaro_get_breached_partitions()
  return (api.get("/alarms/v1/partitions/breached"))
end

function globals.__fibaroUseAsyncHandler() return true end

-- Devices.

--- Call an action of a device, or of each device of a list.
function fibaro.call(id, action, ...)
  assert_type(action, "string")
  if type(id) == "table" then
    for _, each in pairs(id) do assert_type(each, "number") end
    for _, each in pairs(id) do fibaro.call(each, action, ...) end
    return
  end
  assert_type(id, "number")
  local arguments = json.util.InitArray({ ... })
  -- The mark counts with #, which stops before a nil at the end or within.
  for i = 1, select("#", ...) do
    if arguments[i] == nil then arguments[i] = json.util.null end
  end
  return api.change("fibaro.call", "POST", "/devices/" .. tostring(id) .. "/action/" .. action,
    { args = arguments })
end

function fibaro.callGroupAction(action, filter)
  assert_type(action, "string")
  assert_type(filter, "table")
  local answer, status = api.change("fibaro.callGroupAction", "POST",
    "/devices/groupAction/" .. action, filter)
  if status ~= 202 then return nil end
  return answer and answer.devices
end

--- The value of a property, and when it was changed.
function fibaro.get(id, property)
  assert_type(id, "number")
  assert_type(property, "string")
  local found = property_of(id, property)
  if found == nil and device(id) == nil then
    -- A property that a device has not is often asked for; a wrong number is a mistake.
    reports.warn_once("fibaro.get: there is no " .. tostring(id) .. " among the devices (404)")
  end
  if type(found) == "table" and found.modified ~= nil then return found.value, found.modified end
  return found
end

function fibaro.getValue(id, property)
  assert_type(id, "number")
  assert_type(property, "string")
  return (fibaro.get(id, property))
end

local function field(name)
  return function(id)
    assert_type(id, "number")
    local found = device(id)
    if found == nil then return nil end
    return found[name]
  end
end

fibaro.getName, fibaro.getType, fibaro.getRoomID = field("name"), field("type"), field("roomID")

function fibaro.getSectionID(id)
  assert_type(id, "number")
  local found = device(id)
  local place = found and found.roomID and room(found.roomID)
  return place and place.sectionID or nil
end

function fibaro.getRoomName(id)
  assert_type(id, "number")
  local found = room(id)
  return found and found.name or nil
end

function fibaro.getRoomNameByDeviceID(id)
  assert_type(id, "number")
  local found = device(id)
  local place = found and found.roomID and room(found.roomID)
  return place and place.name or nil
end

--- The numbers of devices, without those of the controller itself.
function fibaro.getIds(devices)
  local ids = {}
  for _, each in pairs(devices or {}) do
    if type(each) == "table" and type(each.id) == "number" and each.id > 3 then
      ids[#ids + 1] = each.id
    end
  end
  return ids
end

local function escaped(value) return urlencode(tostring(value)) end

--- The devices that a filter lets through: names of the REST interface, and `properties`
--- and `interfaces` as tables.
function fibaro.getDevicesID(filter)
  if type(filter) ~= "table" or next(filter) == nil then
    return fibaro.getIds(all_devices())
  end
  local query = {}
  for key, value in pairs(filter) do
    if key == "properties" and type(value) == "table" then
      for name, wanted in pairs(value) do
        query[#query + 1] = wanted == "nil" and "property=" .. escaped(name)
          or "property=[" .. escaped(name) .. "," .. escaped(wanted) .. "]"
      end
    elseif (key == "interfaces" or key == "interface") and type(value) == "table" then
      for _, name in pairs(value) do query[#query + 1] = "interface=" .. escaped(name) end
    else
      query[#query + 1] = tostring(key) .. "=" .. escaped(value)
    end
  end
  return fibaro.getIds(api.get("/devices?" .. concat(query, "&")))
end

function fibaro.wakeUpDeadDevice(id)
  assert_type(id, "number")
  fibaro.call(1, "wakeUpDeadDevice", id)
end

-- Variables.

function fibaro.getGlobalVariable(name)
  assert_type(name, "string")
  local found = variable(name)
  if found == nil then return nil end
  return found.value, found.modified
end

function fibaro.setGlobalVariable(name, value)
  assert_type(name, "string")
  assert_type(value, "string")
  return api.change("fibaro.setGlobalVariable", "PUT", "/globalVariables/" .. name,
    { value = value, invokeScenes = true })
end

function fibaro.deleteGlobalVariable(name)
  assert_type(name, "string")
  return api.delete("/globalVariables/" .. name)
end

-- Time: milliseconds first.

function fibaro.setTimeout(milliseconds, f, on_error)
  assert_type(milliseconds, "number")
  assert_type(f, "function")
  if on_error == nil then return timers.setTimeout(f, milliseconds) end
  return timers.setTimeout(function()
    local good, problem = pcall(f)
    if not good then on_error(problem) end
  end, milliseconds)
end

function fibaro.setInterval(milliseconds, f)
  assert_type(milliseconds, "number")
  assert_type(f, "function")
  return timers.setInterval(f, milliseconds)
end

function fibaro.clearTimeout(timer) return timers.clear(timer) end

fibaro.clearInterval = fibaro.clearTimeout

--- Hold the script back: no other handler of it runs meanwhile.
function fibaro.sleep(milliseconds)
  assert_type(milliseconds, "number")
  if not holding.can_wait() then
    reports.raise("fibaro.sleep: cannot wait here: a C function of Lua is on the stack")
  end
  primitives.hc3_sleep(tickets.new(), milliseconds)
  holding.wait()
end

function globals.__fibaroSleep(milliseconds) return fibaro.sleep(milliseconds) end

function fibaro.useAsyncHandler(value) assert_type(value, "boolean") end

--- Every function of the table can be called with a colon, as scripts of HC2 do.
function fibaro.with_colons()
  for name, f in next, fibaro do
    if type(f) == "function" and name ~= "with_colons" then
      fibaro[name] = function(first, ...)
        if rawequal(first, fibaro) then return f(...) end
        return f(first, ...)
      end
    end
  end
  fibaro.with_colons = nil
end

return fibaro
