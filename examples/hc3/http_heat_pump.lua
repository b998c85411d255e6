--%%name=Heat pump
--%%type=com.fibaro.hvacSystemHeat
--%%var=host:"192.168.1.44"
--%%var=port:80
--%%var=user:"admin"
--%%var=password:"put its password here"
--%%var=patience:60
--%%var=retry:5
--%%u={label="state", text="starting"}
--%%u={{button="b1", text="-", onReleased="cooler"},{button="b2", text="+", onReleased="warmer"}}

-- A heat pump with a web interface: a thermostat, and its two sensors as children.
--
-- It gives a cookie for user and password, and forgets it after a while: what is answered
-- with 401 is asked again after another login. What is set on its own panel comes by a long
-- poll, which it answers when there is something new; after `patience` seconds without an
-- answer it is asked anew. What its sensors measure comes as server-sent events.

local CLASSES = {
  outside = { name = "Outside", type = "com.fibaro.temperatureSensor" },
  pressure = { name = "Pressure", type = "com.fibaro.multilevelSensor" },
}

class "PumpSensor" (QuickAppChild)
function PumpSensor:__init(device) QuickAppChild.__init(self, device) end

function QuickApp:onInit()
  self.sensors = {}
  self:initChildDevices({
    ["com.fibaro.temperatureSensor"] = PumpSensor,
    ["com.fibaro.multilevelSensor"] = PumpSensor,
  })
  for field, each in pairs(CLASSES) do
    for _, child in pairs(self.childDevices) do
      if child.type == each.type then self.sensors[field] = child end
    end
    self.sensors[field] = self.sensors[field] or self:createChildDevice(each, PumpSensor)
  end
  self:updateProperty("supportedThermostatModes", { "Off", "Heat" })
  self.base = "http://" .. self:getVariable("host") .. ":" .. self:getVariable("port")
  self.retry = self:getVariable("retry") * 1000
  self.http = net.HTTPClient({ timeout = 10000 })
  self.revision, self.logins = 0, 0
  self:wait_for_changes()
  self:listen()
end

-- Requests with a cookie.

--- `answered(response)` gets what is no 401, `failed(problem)` all else. A cookie may be
--- used up by others before it is used here, so it is tried with a second one.
function QuickApp:ask(path, options, answered, failed)
  local function send(logins)
    options.headers = options.headers or {}
    options.headers.Cookie = self.cookie
    self.http:request(self.base .. path, {
      options = options,
      success = function(response)
        if response.status ~= 401 then return answered(response) end
        if logins == 0 then return failed("not let in") end
        self.cookie = nil
        self:login(function() send(logins - 1) end, failed)
      end,
      error = failed,
    })
  end
  if self.cookie then send(2) else self:login(function() send(1) end, failed) end
end

--- Log in; who asks for it meanwhile waits for the same login.
function QuickApp:login(done, failed)
  local waiting = self.waiting
  if waiting then
    table.insert(waiting, { done, failed })
    return
  end
  self.waiting = { { done, failed } }
  local function over(place, ...)
    local all = self.waiting
    self.waiting = nil
    for _, each in ipairs(all) do each[place](...) end
  end
  self.http:request(self.base .. "/login", {
    options = {
      method = "POST",
      headers = { ["Content-Type"] = "application/x-www-form-urlencoded" },
      data = "user=" .. urlencode(self:getVariable("user"))
        .. "&password=" .. urlencode(self:getVariable("password")),
    },
    success = function(response)
      local cookie = response.headers["Set-Cookie"]
      if response.status ~= 200 or not cookie then
        return over(2, "login refused, status " .. response.status)
      end
      self.cookie = cookie:match("^[^;]+")
      self.logins = self.logins + 1
      over(1)
    end,
    error = function(message) over(2, message) end,
  })
end

function QuickApp:problem(what, message, again)
  self:warning(what .. ": " .. message)
  self:updateView("state", "text", message)
  fibaro.setTimeout(self.retry, again)
end

-- The long poll.

function QuickApp:wait_for_changes()
  local function again() self:wait_for_changes() end
  local function failed(message)
    -- A pump that has started again counts from the beginning.
    self.revision = 0
    self:problem("changes", message, again)
  end
  self:ask("/api/changes?since=" .. self.revision, {
    timeout = self:getVariable("patience") * 1000,
  }, function(response)
    if response.status ~= 200 then return failed("status " .. response.status) end
    self:show(json.decode(response.data))
    again()
  end, function(message)
    -- Nothing has changed for so long.
    if message == "Operation canceled" then return again() end
    failed(message)
  end)
end

function QuickApp:show(state)
  self.revision = state.revision
  self:updateProperty("heatingThermostatSetpoint", state.target)
  self:updateProperty("thermostatMode", state.on and "Heat" or "Off")
  self:updateView("state", "text", "connected, " .. self.logins .. " logins")
end

-- Server-sent events.

function QuickApp:listen()
  local buffer = ""
  local function again() self:listen() end
  self:ask("/api/log", {
    headers = { Accept = "text/event-stream", ["Last-Event-ID"] = self.last },
    timeout = self:getVariable("patience") * 1000,
  }, function(response)
    if response.status ~= 200 then
      return self:problem("log", "status " .. response.status, again)
    end
    -- Each piece that has arrived comes here; an event ends with an empty line.
    buffer = buffer .. response.data
    local first = 1
    for event, next_one in buffer:gmatch("(.-)\n\n()") do
      self:measured(event)
      first = next_one
    end
    buffer = buffer:sub(first)
  end, function(message)
    if message == "Operation canceled" then return again() end
    -- The pump ends it now and then.
    if message == "End of file" then return fibaro.setTimeout(self.retry, again) end
    self:problem("log", message, again)
  end)
end

function QuickApp:measured(event)
  local name, data = event:match("event: (%w+)"), event:match("data: ([^\n]+)")
  self.last = event:match("id: (%w+)") or self.last
  local sensor = self.sensors[name]
  if sensor and tonumber(data) then sensor:updateProperty("value", tonumber(data)) end
end

-- Actions.

function QuickApp:set(state)
  self:ask("/api/state", { method = "PUT", data = json.encode(state) }, function(response)
    if response.status ~= 200 then
      return self:warning("the pump refuses it: " .. response.data)
    end
  end, function(message) self:warning("not set: " .. message) end)
end

function QuickApp:setHeatingThermostatSetpoint(value) self:set({ target = value }) end

function QuickApp:setThermostatMode(mode) self:set({ on = mode == "Heat" }) end

function QuickApp:change(degrees)
  self:set({ target = self.properties.heatingThermostatSetpoint + degrees })
end

function QuickApp:warmer() self:change(0.5) end

function QuickApp:cooler() self:change(-0.5) end
