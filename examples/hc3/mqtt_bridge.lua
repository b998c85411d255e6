--%%name=MQTT bridge
--%%type=com.fibaro.genericDevice
--%%var=broker:"mqtt://192.168.1.43"
--%%var=username:""
--%%var=password:""
--%%var=prefix:"homeassistant"
--%%var=retry:10
--%%u={label="state", text="starting"}
--%%u={button="again", text="Publish all", onReleased="publishAll"}

-- The devices of the box in Home Assistant, by MQTT discovery: each has a description and
-- its value as retained messages, and is switched by messages on hc3/ID/set.
--
-- A house has hundreds of devices, so all of it is published in one go, and what the broker
-- has taken is counted. When the broker goes away the bridge tries again every `retry`
-- seconds and publishes everything anew: a broker may have forgotten it. Home Assistant says
-- on PREFIX/status when it has started, which is answered in the same way.

local STATUS = "hc3/status"

--- What a device is there: component, and what its description has besides.
local COMPONENTS = {
  ["com.fibaro.binarySwitch"] = { "switch", { command = true } },
  ["com.fibaro.multilevelSwitch"] = { "light", { command = true, brightness = true } },
  ["com.fibaro.temperatureSensor"] = { "sensor", { class = "temperature", unit = "°C" } },
  ["com.fibaro.humiditySensor"] = { "sensor", { class = "humidity", unit = "%" } },
  ["com.fibaro.lightSensor"] = { "sensor", { class = "illuminance", unit = "lx" } },
  ["com.fibaro.motionSensor"] = { "binary_sensor", { class = "motion" } },
  ["com.fibaro.doorSensor"] = { "binary_sensor", { class = "door" } },
  ["com.fibaro.floodSensor"] = { "binary_sensor", { class = "moisture" } },
}

local function topic_of(id, what) return "hc3/" .. id .. "/" .. what end

local function payload_of(value)
  if type(value) == "boolean" then return value and "ON" or "OFF" end
  return tostring(value)
end

function QuickApp:onInit()
  self.prefix = self:getVariable("prefix")
  self.bridged = {}
  local subscriber = RefreshStateSubscriber()
  subscriber:subscribe(
    function(event) return self["on" .. event.type] ~= nil end,
    function(event) self["on" .. event.type](self, event.data) end
  )
  subscriber:run()
  self:connect()
end

function QuickApp:connect()
  self:say("connecting")
  local client = mqtt.Client.connect(self:getVariable("broker"), {
    clientId = "hc3-bridge-" .. self.id,
    username = self:getVariable("username"),
    password = self:getVariable("password"),
    keepAlivePeriod = 30,
    cleanSession = true,
    lastWill = { topic = STATUS, payload = "offline", retain = true },
  })
  self.client = client
  client:addEventListener("connected", function()
    self.connected = true
    client:subscribe({ { "hc3/+/set", 1 }, { self.prefix .. "/status", 1 } })
    self:publishAll()
  end)
  client:addEventListener("published", function() self:taken() end)
  client:addEventListener("message", function(message) self:heard(message) end)
  client:addEventListener("closed", function() self:lost(client, "the broker is gone") end)
  client:addEventListener("error", function(event)
    self:lost(client, "no connection to the broker, code " .. tostring(event.code))
  end)
end

function QuickApp:lost(client, problem)
  if self.client ~= client then return end
  self.client, self.connected = nil, false
  self:warning(problem)
  self:say(problem)
  setTimeout(function() self:connect() end, self:getVariable("retry") * 1000)
end

function QuickApp:publish(topic, payload)
  if not self.connected then return end
  self.sent = self.sent + 1
  self.client:publish(topic, payload, { qos = 1, retain = true })
end

--- One more message is with the broker.
function QuickApp:taken()
  self.done = self.done + 1
  if self.done == self.sent then self:say(self.done .. " messages published") end
end

function QuickApp:publishAll()
  if not self.connected then return end
  self.sent, self.done = 0, 0
  for _, device in ipairs(api.get("/devices?enabled=true&visible=true")) do
    self:describe(device)
  end
  self:publish(STATUS, "online")
end

--- Publish a device's description, then its value.
function QuickApp:describe(device)
  local component = COMPONENTS[device.type]
  if not component then return end
  local kind, more = component[1], component[2]
  local config = {
    name = device.name,
    unique_id = "hc3_" .. device.id,
    state_topic = topic_of(device.id, "value"),
    availability_topic = STATUS,
    device_class = more.class,
    unit_of_measurement = more.unit,
    command_topic = more.command and topic_of(device.id, "set") or nil,
  }
  if more.brightness then
    config.command_topic = topic_of(device.id, "set")
    config.on_command_type = "brightness"
    config.brightness_state_topic = config.state_topic
    config.brightness_command_topic = config.command_topic
    config.brightness_scale = 100
  end
  self.bridged[device.id] = kind
  self:publish(self:config_topic(device.id), json.encode(config))
  self:publish(config.state_topic, payload_of(device.properties.value))
end

function QuickApp:config_topic(id)
  return self.prefix .. "/" .. self.bridged[id] .. "/hc3_" .. id .. "/config"
end

function QuickApp:heard(message)
  if message.topic == self.prefix .. "/status" then
    if message.payload == "online" then self:publishAll() end
    return
  end
  local id = tonumber(message.topic:match("^hc3/(%d+)/set$"))
  if not self.bridged[id] then
    return self:warning("nothing that can be set: " .. message.topic)
  end
  if message.payload == "ON" then
    fibaro.call(id, "turnOn")
  elseif message.payload == "OFF" then
    fibaro.call(id, "turnOff")
  elseif tonumber(message.payload) then
    fibaro.call(id, "setValue", tonumber(message.payload))
  else
    self:warning(message.topic .. ": what is " .. message.payload .. "?")
  end
end

-- What happens in the house.

function QuickApp:onDevicePropertyUpdatedEvent(data)
  if data.property == "value" and self.bridged[data.id] then
    self:publish(topic_of(data.id, "value"), payload_of(data.newValue))
  end
end

function QuickApp:onDeviceCreatedEvent(data)
  local device = api.get("/devices/" .. data.id)
  if device and self.connected then self:describe(device) end
end

--- An empty description takes a device away.
function QuickApp:onDeviceRemovedEvent(data)
  if not self.bridged[data.id] then return end
  self:publish(self:config_topic(data.id), "")
  self:publish(topic_of(data.id, "value"), "")
  self.bridged[data.id] = nil
end

function QuickApp:say(text)
  self:updateView("state", "text", text)
end
