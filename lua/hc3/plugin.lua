-- The table `plugin`: the device of the script, and devices by their numbers.

local core = ...

local api = core.import("hc3/api", "hc3")
local globals, tostring = _G, tostring
local assert_type = globals.__assert_type

local plugin = {}

function plugin.getDevice(id)
  assert_type(id, "number")
  return api.get("/devices/" .. id)
end

function plugin.deleteDevice(id)
  assert_type(id, "number")
  return api.delete("/devices/" .. id)
end

function plugin.getProperty(id, name)
  assert_type(id, "number")
  local device = api.get("/devices/" .. id)
  return device and device.properties and device.properties[name]
end

function plugin.getChildDevices(id)
  return api.get("/devices?parentId=" .. tostring(id or plugin.mainDeviceId))
end

function plugin.createChildDevice(options)
  assert_type(options, "table")
  return api.post("/plugins/createChildDevice", options)
end

function plugin.restart(id)
  return api.post("/plugins/restart", { deviceId = id or plugin.mainDeviceId })
end

globals.plugin = plugin

return plugin
