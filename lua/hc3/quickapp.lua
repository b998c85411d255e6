-- QuickAppBase: what QuickApp and QuickAppChild have in common.

local core = ...

local api, logs = core.import("hc3/api", "hc3"), core.import("hc3/logs", "hc3")
local class, reports = core.import("hc3/class"), core.import("border/reports")
local json = core.import("json")
local globals = _G
local ipairs, pairs, tostring, type = ipairs, pairs, tostring, type
local format, insert, remove = string.format, table.insert, table.remove
local sub, upper = string.sub, string.upper
local assert_type, urlencode = globals.__assert_type, globals.urlencode

class.class("Device")
class.class("QuickAppBase")(globals.Device)

---@class QuickAppBase
local Base = globals.QuickAppBase

--- What a device always has; the rest of its fields is the controller's.
local function complete(device)
  device.properties = device.properties or {}
  device.interfaces = device.interfaces or {}
  if type(device.properties.quickAppVariables) ~= "table" then
    device.properties.quickAppVariables = {}
  end
  return device
end

function globals.Device:__init(device)
  if type(device) ~= "table" then
    reports.raise("bad argument to '__init' (device: table expected, got "
      .. tostring(device) .. ")")
  end
  for _, name in pairs({
    "id", "name", "type", "baseType", "enabled", "visible", "roomID", "sectionID", "parentId",
    "properties", "interfaces", "actions",
  }) do
    self[name] = device[name]
  end
end

function Base:__init(device)
  if type(device) == "table" then complete(device) end
  globals.Device.__init(self, device)
  self.uiCallbacks = {}
  self:setupUICallbacks()
end

-- Log lines; these are called on the class itself too.

function Base:debug(...) logs.say("DEBUG", ...) end

function Base:trace(...) logs.say("TRACE", ...) end

function Base:warning(...) logs.say("WARNING", ...) end

function Base:error(...) logs.say("ERROR", ...) end

-- Properties, the view and variables.

function Base:updateProperty(name, value)
  assert_type(name, "string")
  self.properties[name] = value
  return api.change("updateProperty", "POST", "/plugins/updateProperty", {
    deviceId = self.id, propertyName = name, value = value == nil and json.util.null or value,
  })
end

--- Change an element of the view; one that there is not is ignored.
function Base:updateView(element, property, value)
  assert_type(element, "string")
  assert_type(property, "string")
  return api.change("updateView", "POST", "/plugins/updateView", {
    deviceId = self.id, componentName = element, propertyName = property, newValue = value,
  })
end

function Base:getView()
  local view = api.get("/plugins/getView?id=" .. tostring(self.id))
  return view
end

local function variable_of(self, name)
  for _, each in ipairs(self.properties.quickAppVariables) do
    if each.name == name then return each end
  end
end

--- The value of a variable of the QuickApp; "" if there is none.
function Base:getVariable(name)
  assert_type(name, "string")
  local found = variable_of(self, name)
  if found == nil or found.value == nil then return "" end
  return found.value
end

function Base:setVariable(name, value)
  assert_type(name, "string")
  local found = variable_of(self, name)
  if found then
    found.value = value
  else
    insert(self.properties.quickAppVariables, { name = name, value = value })
  end
  return self:updateProperty("quickAppVariables", self.properties.quickAppVariables)
end

-- Interfaces.

local function position(list, wanted)
  for i, each in ipairs(list) do
    if each == wanted then return i end
  end
end

function Base:hasInterface(name) return position(self.interfaces, name) ~= nil end

local function change_interfaces(self, action, names)
  return api.post("/plugins/interfaces", {
    action = action, deviceId = self.id, interfaces = json.util.InitArray(names),
  })
end

function Base:addInterfaces(names)
  assert_type(names, "table")
  local answer, status = change_interfaces(self, "add", names)
  for _, name in ipairs(names) do
    if not position(self.interfaces, name) then insert(self.interfaces, name) end
  end
  return answer, status
end

function Base:deleteInterfaces(names)
  assert_type(names, "table")
  local answer, status = change_interfaces(self, "delete", names)
  for _, name in ipairs(names) do
    local at = position(self.interfaces, name)
    if at then remove(self.interfaces, at) end
  end
  return answer, status
end

-- The device itself.

local function setter(field, kind)
  return function(self, value)
    assert_type(value, kind)
    self[field] = value
    return api.change("set" .. upper(sub(field, 1, 1)) .. sub(field, 2), "PUT",
      "/devices/" .. tostring(self.id), { [field] = value })
  end
end

Base.setName, Base.setEnabled = setter("name", "string"), setter("enabled", "boolean")
Base.setVisible = setter("visible", "boolean")

--- The number of an icon.
function Base:setIcon(icon)
  assert_type(icon, "number")
  return self:updateProperty("deviceIcon", icon)
end

--- Whether the device is of a type, or of one that has it as a base.
function Base:isTypeOf(base)
  assert_type(base, "string")
  return globals.getHierarchy():isTypeOf(base, self.type)
end

-- The storage, which outlives a restart.

local function stored(self, name)
  local path = "/plugins/" .. tostring(self.id) .. "/variables"
  return name == nil and path or path .. "/" .. urlencode(name)
end

--- The value of a key; nil if there is none. Without a key, all of them.
function Base:internalStorageGet(key)
  if key == nil then
    local values = {}
    for _, each in pairs(api.get(stored(self)) or {}) do values[each.name] = each.value end
    return values
  end
  assert_type(key, "string")
  local found = api.get(stored(self, key))
  if found == nil then return nil end
  return found.value
end

--- Store a value; returns the status.
function Base:internalStorageSet(key, value, hidden)
  assert_type(key, "string")
  local data = { name = key, value = value, isHidden = hidden or false }
  local _, status = api.put(stored(self, key), data)
  if status < 200 or status > 299 then _, status = api.post(stored(self), data) end
  return status
end

function Base:internalStorageRemove(key)
  assert_type(key, "string")
  local _, status = api.delete(stored(self, key))
  return status
end

function Base:internalStorageClear()
  local _, status = api.delete(stored(self))
  return status
end

-- Actions and what is pressed on the view.

function Base:registerUICallback(element, event, callback)
  self.uiCallbacks[element] = self.uiCallbacks[element] or {}
  self.uiCallbacks[element][event] = callback
end

function Base:setupUICallbacks()
  local callbacks = self.properties and self.properties.uiCallbacks
  if type(callbacks) ~= "table" then return end
  for _, each in pairs(callbacks) do
    if type(each) == "table" and each.name then
      self:registerUICallback(each.name, each.eventType, each.callback)
    end
  end
end

Base.registerUICallbacks = Base.setupUICallbacks

--- Call a method by its name.
function Base:callAction(name, ...)
  local f = self[name]
  if type(f) == "function" then return f(self, ...) end
  logs.say("WARNING", format("Class does not have '%s' function defined - action ignored",
    tostring(name)))
end

--- What a press calls: the callback that the view names, or a method of the element's name.
function Base:__callbackOf(event)
  local callback = (self.uiCallbacks[event.elementName] or {})[event.eventType]
  if callback ~= nil and callback ~= "" then return callback end
  if type(self[event.elementName]) == "function" then return event.elementName end
end

--- Press an element of the view, as a user would.
function Base:UIAction(event, element, value)
  globals.onUIEvent(self.id, {
    deviceId = self.id, eventType = event, elementName = element,
    values = json.util.InitArray({ value }),
  })
end

return Base
