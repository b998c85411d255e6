-- A lamp that is switched by messages, and says what it is:
--   TOPIC/set     on, off
--   TOPIC/state   on, off; kept by the broker

local lamp = {}

--- Connect to a broker, and again when the connection is lost. Returns the client.
function lamp.connect(uri, topic)
  local client = mqtt.Client.connect(uri, { reconnect = true })
  local state = "off"

  local function tell() client:publish(topic .. "/state", state, { qos = 1, retain = true }) end

  client:addEventListener("connected", function()
    client:subscribe(topic .. "/set", { qos = 1 })
    tell()
  end)

  client:addEventListener("message", function(message)
    if message.payload ~= "on" and message.payload ~= "off" then
      print(message.topic .. ": on or off expected, got " .. message.payload)
      return
    end
    state = message.payload
    tell()
  end)

  client:addEventListener("error", function(problem) print(uri .. ": " .. problem.message) end)

  return client
end

return lamp
