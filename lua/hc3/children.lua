-- QuickApp and QuickAppChild, and how actions and presses reach them.

local core, primitives = ...

local api, logs = core.import("hc3/api", "hc3"), core.import("hc3/logs", "hc3")
local class, reports = core.import("hc3/class"), core.import("border/reports")
local limits, Base = core.import("border/limits", "limits"), core.import("hc3/quickapp")
local globals, pairs, tostring, type = _G, pairs, tostring, type
local format, insert, sort = string.format, table.insert, table.sort
local assert_type, unpack = globals.__assert_type, core.unpack

class.class("QuickApp")(Base)
class.class("QuickAppChild")(Base)

---@class QuickApp
local QuickApp, QuickAppChild = globals.QuickApp, globals.QuickAppChild

local main -- the QuickApp of this script

local children = {}

--- Call a function within a handler, which is still the one whose time is taken.
local function call_within(what, f, ...)
  local running = limits.callback
  reports.call(nil, what, f, ...)
  limits.callback = running
end

--- On HC3 it is here that onInit runs: what a script has put around it sees that. What
--- onInit raises is reported.
function QuickApp:__init(device)
  Base.__init(self, device)
  self.childDevices = {}
  self.childsInitialized = false
  main = self
  primitives.hc3_own(self.id)
  globals.plugin.mainQA = self
  -- It is for __init only.
  globals.super = nil
  if type(self.onInit) == "function" then reports.call(nil, "onInit", self.onInit, self) end
  if not self.childsInitialized then
    call_within("initChildDevices", self.initChildDevices, self)
  end
end

function QuickAppChild:__init(device) Base.__init(self, device) end

--- Take in a child that was made; then its onInit runs, with its parent set.
local function adopt(self, child, id)
  self.childDevices[id] = child
  child.parent = self
  primitives.hc3_own(id)
  if type(child.onInit) == "function" then
    call_within("onInit of a child", child.onInit, child)
  end
  return child
end

--- Make the objects of the children that the controller has: `classes[type]` makes them.
function QuickApp:initChildDevices(classes)
  classes = classes or {}
  self.childsInitialized = true
  local stored = api.get("/devices?parentId=" .. tostring(self.id)) or {}
  sort(stored, function(a, b) return a.id < b.id end)
  for _, device in pairs(stored) do
    if self.childDevices[device.id] == nil then
      local made = classes[device.type]
      if made == nil then
        self:error(format("Class for the child device: %s, with type: %s not found."
          .. " Using base class: QuickAppChild", tostring(device.id), tostring(device.type)))
        made = QuickAppChild
      end
      -- A child that fails does not keep the others.
      call_within("initChildDevices", function() adopt(self, made(device), device.id) end)
    end
  end
end

--- Make a child device and its object.
---@param options table `name`, `type`, `initialProperties`, `initialInterfaces`
---@param made table|nil its class
function QuickApp:createChildDevice(options, made)
  assert_type(options, "table")
  assert_type(options.name, "string")
  assert_type(options.type, "string")
  if options.initialProperties ~= nil then assert_type(options.initialProperties, "table") end
  if options.initialInterfaces ~= nil then assert_type(options.initialInterfaces, "table") end
  local interfaces = options.initialInterfaces or {}
  insert(interfaces, "quickAppChild")
  options.parentId, options.initialInterfaces = self.id, interfaces
  local device, status = api.post("/plugins/createChildDevice", options)
  if type(device) ~= "table" or not device.id then
    reports.raise(format("cannot create the child device %s (%s): status %s",
      options.name, options.type, tostring(status)))
  end
  return adopt(self, (made or QuickAppChild)(device), device.id)
end

function QuickApp:removeChildDevice(id)
  assert_type(id, "number")
  local _, status = api.delete("/plugins/removeChildDevice/" .. id)
  self.childDevices[id] = nil
  return status
end

--- The object of a device: the QuickApp's or a child's.
local function object_of(id)
  if main == nil or id == main.id then return main end
  return main.childDevices[id]
end

local function nobody(id)
  logs.say("ERROR", format("Child with id: %s not found", tostring(id)))
end

--- Call a method that the controller asks for; its time is the script's.
local function handle(object, name, ...)
  if type(object[name]) == "function" then limits.callback = object[name] end
  return object:callAction(name, ...)
end

-- What the controller calls. Scripts may put others in their place.

--- An action: { deviceId, actionName, args }.
function globals.onAction(id, event)
  if main and type(main.actionHandler) == "function" then return main:actionHandler(event) end
  local object = object_of(event.deviceId or id)
  if not object then return nobody(event.deviceId or id) end
  local arguments, count = event.args or {}, 0
  -- Some of them may be nil.
  for place in pairs(arguments) do
    if type(place) == "number" and place > count then count = place end
  end
  return handle(object, event.actionName, unpack(arguments, 1, count))
end

--- A press: { deviceId, elementName, eventType, values }.
function globals.onUIEvent(id, event)
  if main and type(main.UIHandler) == "function" then return main:UIHandler(event) end
  local object = object_of(event.deviceId or id)
  if not object then return nobody(event.deviceId or id) end
  local callback = object:__callbackOf(event)
  if not callback then
    return logs.say("WARNING", format("UI callback for element: %s not found.",
      tostring(event.elementName)))
  end
  return handle(object, callback, event)
end

--- A property of a device of the script has changed, whoever has changed it.
function children.changed(id, name, value)
  local object = object_of(id)
  if object then object.properties[name] = value end
end

--- Make the script's QuickApp, which starts it.
function children.start(device)
  local made
  reports.call(nil, "QuickApp", function() made = QuickApp(device) end)
  globals.quickApp = made or main
end

return children
