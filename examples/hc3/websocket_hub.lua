--%%name=Sensor hub
--%%type=com.fibaro.deviceController
--%%var=url:"ws://192.168.1.42:8123/live"
--%%var=token:"put the hub's token here"
--%%var=retry:5
--%%var=silence:60
--%%u={label="state", text="starting"}
--%%u={button="connect", text="Connect now", onReleased="connectNow"}

-- A hub of sensors and lamps that pushes what changes over a WebSocket. A header of the
-- handshake has the token. Each of its devices is a child.
--
-- A hub that goes, one that refuses the token and one that has said nothing for `silence`
-- seconds are tried again after `retry` seconds: "error" and "disconnected" may both come
-- for one connection, so one timer serves both.

class "HubDevice" (QuickAppChild)

function HubDevice:__init(device)
  QuickAppChild.__init(self, device)
  self.hubId = self:getVariable("hubId")
end

function HubDevice:turnOn() self.parent:set(self, true) end

function HubDevice:turnOff() self.parent:set(self, false) end

function HubDevice:show(value)
  if self.properties.value ~= value then self:updateProperty("value", value) end
end

local TYPES = {
  lamp = "com.fibaro.binarySwitch",
  motion = "com.fibaro.motionSensor",
  temperature = "com.fibaro.temperatureSensor",
}

function QuickApp:onInit()
  local classes = {}
  for _, kind in pairs(TYPES) do classes[kind] = HubDevice end
  self:initChildDevices(classes)
  self.byHubId, self.requests, self.requestNumber = {}, {}, 0
  for _, child in pairs(self.childDevices) do self.byHubId[child.hubId] = child end
  self:connect()
end

function QuickApp:connect()
  self:say("connecting")
  local url = self:getVariable("url")
  local socket = url:sub(1, 4) == "wss:" and net.WebSocketClientTls() or net.WebSocketClient()
  self.socket = socket

  --- Only what the newest connection says counts.
  local function on(name, handler)
    socket:addEventListener(name, function(...)
      if self.socket == socket then handler(...) end
    end)
  end

  on("connected", function()
    self:say("connected")
    self:listenForSilence()
  end)
  on("dataReceived", function(data)
    self:listenForSilence()
    self:received(data)
  end)
  on("error", function(message) self:lost(tostring(message)) end)
  on("disconnected", function() self:lost("the hub has closed the connection") end)
  socket:connect(url, { Authorization = "Bearer " .. self:getVariable("token") })
end

function QuickApp:listenForSilence()
  if self.silent then clearTimeout(self.silent) end
  self.silent = setTimeout(function() self:lost("the hub says nothing") end,
    self:getVariable("silence") * 1000)
end

function QuickApp:lost(problem)
  local socket = self.socket
  self.socket = nil
  if self.silent then clearTimeout(self.silent) end
  self.silent = nil
  if socket and socket:isOpen() then socket:close() end
  for number, child in pairs(self.requests) do
    self:warning(child.name .. ": not known whether it was done")
    self.requests[number] = nil
  end
  self:warning(problem)
  self:say(problem)
  if self.again then return end
  self.again = setTimeout(function()
    self.again = nil
    self:connect()
  end, self:getVariable("retry") * 1000)
end

function QuickApp:connectNow()
  if self.socket then return end
  clearTimeout(self.again)
  self.again = nil
  self:connect()
end

--- What the hub pushes, and how it answers.
local pushed = {}

function pushed.devices(self, message)
  for _, each in ipairs(message.devices) do
    local child = self.byHubId[each.id]
    if not child and TYPES[each.kind] then
      child = self:createChildDevice({
        name = each.name,
        type = TYPES[each.kind],
        initialProperties = { quickAppVariables = { { name = "hubId", value = each.id } } },
      }, HubDevice)
      self.byHubId[each.id] = child
    end
    if child then child:show(each.value) end
  end
end

function pushed.changed(self, message)
  local child = self.byHubId[message.id]
  if child then child:show(message.value) end
end

function pushed.done(self, message) self.requests[message.request] = nil end

function pushed.refused(self, message)
  local child = self.requests[message.request]
  self.requests[message.request] = nil
  if child then self:warning(child.name .. ": the hub refuses: " .. message.reason) end
end

function QuickApp:received(data)
  local good, message = pcall(json.decode, data)
  if not good or type(message) ~= "table" then
    return self:warning("the hub has sent what is no message: " .. data)
  end
  local handler = pushed[message.type]
  if handler then handler(self, message) end
end

function QuickApp:set(child, value)
  if not self.socket or not self.socket:isOpen() then
    return self:warning(child.name .. ": the hub is not connected")
  end
  self.requestNumber = self.requestNumber + 1
  self.requests[self.requestNumber] = child
  self.socket:send(json.encode({
    type = "set", request = self.requestNumber, id = child.hubId, value = value,
  }))
end

function QuickApp:say(text)
  self:updateView("state", "text", text)
end
