-- A hub with a lamp and two sensors for examples/hc3/websocket_hub.lua: JSON over a WebSocket.
--
--   eplua websocket_hub.lua [PORT [TOKEN]]
--
-- Its lamp warms the room and is seen by the motion sensor, so that it has something to push.
-- Switching a sensor is refused; the lamp breaks the connection when it is switched off.

local port, token = tonumber(arg[1]) or 8123, arg[2] or "secret"

local devices = {
  { id = "a1", name = "Hall lamp", kind = "lamp", value = false },
  { id = "b2", name = "Hall motion", kind = "motion", value = false },
  { id = "c3", name = "Hall temperature", kind = "temperature", value = 19.5 },
  { id = "d4", name = "Hall clock", kind = "clock", value = "12:00" },
}
local lamp, motion, temperature = devices[1], devices[2], devices[3]

local server = net.WebSocketServer()

local function push(device, value)
  device.value = value
  server:broadcast(json.encode({ type = "changed", id = device.id, value = value }))
end

local function set(id, message)
  if message.id ~= lamp.id then
    return server:send(id, json.encode({
      type = "refused", request = message.request, reason = "a sensor cannot be set",
    }))
  end
  if not message.value then
    lamp.value = false
    return server:close(id, 3001, "the fuse")
  end
  server:send(id, json.encode({ type = "done", request = message.request }))
  push(lamp, true)
  push(motion, true)
  push(temperature, temperature.value + 0.5)
end

server:start("127.0.0.1", port, {
  accept = function(info)
    return info.path == "/live" and info.headers.authorization == "Bearer " .. token or 401
  end,
  connected = function(id)
    server:send(id, json.encode({ type = "devices", devices = devices }))
    server:send(id, "hello, this is no JSON")
  end,
  receive = function(id, data) set(id, json.decode(data)) end,
  started = function(actual) print("a hub at port", actual) end,
  error = function(message)
    print(message)
    os.exit(1)
  end,
})
