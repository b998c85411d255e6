--%%name=Modbus meter
--%%type=com.fibaro.deviceController
--%%var=host:"192.168.1.40"
--%%var=port:502
--%%var=interval:10
--%%var=patience:2
--%%u={label="state", text="starting"}
--%%u={button="refresh", text="Read now", onReleased="refresh"}

-- An energy meter with a relay, by Modbus over TCP: power, energy and the relay are children.
--
-- Such meters are slow, and lose requests when they are busy. A request without an answer
-- within `patience` seconds is sent again, with a number of its own, so that an answer that
-- comes late is not taken for another's. After three times the connection is given up, and
-- the next reading opens a new one.

local ATTEMPTS, UNIT = 3, 1
local READ_COILS, READ_INPUT, WRITE_COIL = 1, 4, 5

class "Modbus"

function Modbus:__init(host, port, patience)
  self.host, self.port, self.patience = host, port, patience
  self.queue, self.number, self.repeats = {}, 0, 0
end

--- Ask for something; `answered(data, problem)` gets what follows the function's number.
function Modbus:request(code, data, answered)
  table.insert(self.queue, {
    code = code, data = data, answered = answered, attempts = 0,
  })
  if not self.socket then
    self:connect()
  elseif self.connected and not self.waiting then
    self:send_next()
  end
end

function Modbus:connect()
  local socket = net.TCPSocket()
  self.socket, self.connected, self.buffer = socket, false, ""
  socket:connect(self.host, self.port, {
    success = function()
      if self.socket ~= socket then return end
      self.connected = true
      self:read(socket)
      self:send_next()
    end,
    error = function(message) self:broken(socket, message) end,
  })
end

function Modbus:read(socket)
  socket:read({
    success = function(data)
      if self.socket ~= socket then return end
      self.buffer = self.buffer .. data
      self:take_frames()
      self:read(socket)
    end,
    error = function(message) self:broken(socket, message) end,
  })
end

--- What is asked first is on its way, until it is answered or given up.
function Modbus:send_next()
  local request, socket = self.queue[1], self.socket
  if not request then return end
  request.attempts = request.attempts + 1
  self.number = self.number % 0xFFFF + 1
  request.number = self.number
  socket:write(string.pack(">I2I2I2BB", request.number, 0, #request.data + 2, UNIT, request.code)
    .. request.data)
  self.waiting = fibaro.setTimeout(self.patience * 1000, function()
    self.waiting = nil
    if request.attempts == ATTEMPTS then return self:broken(socket, "no answer") end
    self.repeats = self.repeats + 1
    self:send_next()
  end)
end

--- A frame may come in pieces, and two of them in one.
function Modbus:take_frames()
  while #self.buffer >= 6 do
    local number, _, length = string.unpack(">I2I2I2", self.buffer)
    if #self.buffer < 6 + length then return end
    local code, data = self.buffer:byte(8), self.buffer:sub(9, 6 + length)
    self.buffer = self.buffer:sub(7 + length)
    local request = self.queue[1]
    if request and self.waiting and request.number == number then
      self:stop_waiting()
      table.remove(self.queue, 1)
      if code >= 0x80 then
        request.answered(nil, "exception " .. data:byte())
      else
        request.answered(data)
      end
      if not self.waiting then self:send_next() end
    end
  end
end

function Modbus:stop_waiting()
  if self.waiting then fibaro.clearTimeout(self.waiting) end
  self.waiting = nil
end

--- Close the connection; nothing that was asked is answered any more.
function Modbus:broken(socket, message)
  if self.socket ~= socket then return end
  self:stop_waiting()
  socket:close()
  self.socket = nil
  local queue = self.queue
  self.queue = {}
  for _, request in ipairs(queue) do request.answered(nil, message) end
end

class "Meter" (QuickAppChild)
function Meter:__init(device) QuickAppChild.__init(self, device) end
function Meter:show(value, unit)
  if self.properties.value == value then return end
  self:updateProperty("value", value)
  if unit then self:updateProperty("unit", unit) end
end

class "Relay" (Meter)
function Relay:__init(device) Meter.__init(self, device) end
function Relay:turnOn() self.parent:switch(true) end
function Relay:turnOff() self.parent:switch(false) end

local CHILDREN = {
  { field = "power", name = "Power", type = "com.fibaro.powerMeter", class = Meter },
  { field = "energy", name = "Energy", type = "com.fibaro.energyMeter", class = Meter },
  { field = "relay", name = "Relay", type = "com.fibaro.binarySwitch", class = Relay },
}

function QuickApp:onInit()
  local classes, by_type = {}, {}
  for _, each in ipairs(CHILDREN) do classes[each.type] = each.class end
  self:initChildDevices(classes)
  for _, child in pairs(self.childDevices) do by_type[child.type] = child end
  for _, each in ipairs(CHILDREN) do
    self[each.field] = by_type[each.type]
      or self:createChildDevice({ name = each.name, type = each.type }, each.class)
  end
  self.modbus = Modbus(self:getVariable("host"), tonumber(self:getVariable("port")),
    tonumber(self:getVariable("patience")))
  self:poll()
end

function QuickApp:poll()
  self:refresh()
  fibaro.setTimeout(tonumber(self:getVariable("interval")) * 1000, function() self:poll() end)
end

function QuickApp:refresh()
  if self.reading then return end
  self.reading = true
  -- Two registers each: power in W, signed, and energy in Wh.
  self.modbus:request(READ_INPUT, string.pack(">I2I2", 0, 4), function(data, problem)
    self.reading = false
    if not data then return self:failed(problem) end
    local power, energy = string.unpack(">i4I4", data, 2)
    self.power:show(power, "W")
    self.energy:show(energy / 1000, "kWh")
    self:state("read, " .. self.modbus.repeats .. " sent again")
  end)
  self.modbus:request(READ_COILS, string.pack(">I2I2", 0, 1), function(data)
    if data then self.relay:show(data:byte(2) & 1 == 1) end
  end)
end

function QuickApp:switch(on)
  local value = string.pack(">I2I2", 0, on and 0xFF00 or 0)
  self.modbus:request(WRITE_COIL, value, function(data, problem)
    if not data then return self:failed(problem) end
    self.relay:show(on)
  end)
end

function QuickApp:failed(problem)
  self:warning("the meter: " .. problem)
  self:state(problem)
end

function QuickApp:state(text)
  self:updateView("state", "text", text)
end
