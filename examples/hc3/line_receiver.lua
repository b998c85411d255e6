--%%name=AV receiver
--%%type=com.fibaro.deviceController
--%%var=host:"192.168.1.41"
--%%var=port:14999
--%%var=interval:20
--%%var=retry:2
--%%u={label="state", text="starting"}
--%%u={slider="volume", text="Volume of all zones", min="0", max="100", onChanged="volumeChanged"}
--%%u={button="off", text="All off", onReleased="allOff"}

-- An AV receiver that speaks lines over TCP. Each of its zones is a child, a dimmer whose
-- value is the volume.
--
-- The receiver takes one command at a time and answers each; what somebody does with its
-- remote control it says unasked, by the same lines. It is asked for a sign of life every
-- `interval` seconds. When the connection is lost a new one is tried, after `retry` seconds
-- at first and twice as long each time.

local END, LONGEST = "\r", 60

class "Zone" (QuickAppChild)

function Zone:__init(device) QuickAppChild.__init(self, device) end

function Zone:turnOn() self:say("POWER ON") end

function Zone:turnOff() self:say("POWER OFF") end

function Zone:setValue(value) self:say("VOLUME " .. math.floor(value)) end

function Zone:say(command) self.parent:say("ZONE " .. self.number .. " " .. command) end

--- Show what the receiver says of the zone.
function Zone:heard(what, value)
  if what == "POWER" then
    self:updateProperty("state", value == "ON")
    if value == "OFF" then self:updateProperty("value", 0) end
  elseif what == "VOLUME" then
    self:updateProperty("value", tonumber(value))
  end
end

function QuickApp:onInit()
  self:initChildDevices({ ["com.fibaro.multilevelSwitch"] = Zone })
  self.zones = {}
  for _, child in pairs(self.childDevices) do
    child.number = child:getVariable("zone")
    self.zones[child.number] = child
  end
  self.interval = tonumber(self:getVariable("interval")) * 1000
  self.first = tonumber(self:getVariable("retry"))
  self.retry = self.first
  self.socket = net.TCPSocket({ timeout = 10000 })
  self:connect()
end

function QuickApp:connect()
  self.commands, self.connected = {}, false
  self:updateView("state", "text", "connecting")
  self.socket:connect(self:getVariable("host"), tonumber(self:getVariable("port")), {
    success = function()
      self.connected, self.retry = true, self.first
      self:updateView("state", "text", "connected")
      self:read()
      self:say("ZONES ?")
      self.pulse = fibaro.setInterval(self.interval, function() self:check() end)
    end,
    error = function(message) self:lost(message) end,
  })
end

function QuickApp:read()
  self.socket:readUntil(END, {
    success = function(line)
      self.alive = true
      self:heard(line)
      if self.connected then self:read() end
    end,
    error = function(message) self:lost(message) end,
  })
end

--- Whether anything was said since the last time; something that is switched off says nothing.
function QuickApp:check()
  if not self.alive then return self:lost("no sign of life") end
  self.alive = false
  self:say("PING")
end

function QuickApp:lost(message)
  if self.again then return end
  if self.pulse then fibaro.clearInterval(self.pulse) end
  self.pulse, self.connected = nil, false
  self.socket:close()
  self:warning("the receiver: " .. message .. ", next try in " .. self.retry .. " s")
  self:updateView("state", "text", message)
  self.again = fibaro.setTimeout(self.retry * 1000, function()
    self.again = nil
    self:connect()
  end)
  self.retry = math.min(self.retry * 2, LONGEST)
end

--- Send a command as soon as those before it are answered.
function QuickApp:say(command)
  if not self.connected then
    return self:warning("not connected, so nobody is told: " .. command)
  end
  table.insert(self.commands, command)
  if #self.commands == 1 then self:send() end
end

function QuickApp:send() self.socket:write(self.commands[1] .. END) end

--- The answer to a command begins as it does, or with ERROR.
local function answers(line, command)
  local subject = command:gsub("%S+$", "")
  return line:sub(1, 5) == "ERROR" or line == "PONG" and command == "PING"
    or subject ~= "" and line:sub(1, #subject) == subject
end

function QuickApp:heard(line)
  local number, what, value = line:match("^ZONE (%d+) (%u+) (%w+)$")
  local names = line:match("^ZONES (.+)$")
  if number and self.zones[number] then
    self.zones[number]:heard(what, value)
  elseif names then
    self:zones_are(names)
  elseif line:sub(1, 5) == "ERROR" then
    self:warning("the receiver refuses " .. tostring(self.commands[1]) .. ": " .. line)
  end
  if self.commands[1] and answers(line, self.commands[1]) then
    table.remove(self.commands, 1)
    if self.commands[1] then self:send() end
  end
end

--- A child for each zone, as "1=Living room;2=Kitchen" names them.
function QuickApp:zones_are(names)
  for number, name in names:gmatch("(%d+)=([^;]+)") do
    if not self.zones[number] then
      local zone = self:createChildDevice(
        { name = name, type = "com.fibaro.multilevelSwitch" }, Zone)
      zone.number = number
      zone:setVariable("zone", number)
      self.zones[number] = zone
    end
    self:say("ZONE " .. number .. " POWER ?")
    self:say("ZONE " .. number .. " VOLUME ?")
  end
end

function QuickApp:allOff()
  for _, zone in pairs(self.zones) do zone:turnOff() end
end

function QuickApp:volumeChanged(event)
  self:updateView("volume", "value", tostring(event.values[1]))
  for _, zone in pairs(self.zones) do zone:setValue(event.values[1]) end
end
