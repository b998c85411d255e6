-- A meter with a relay for examples/hc3/modbus_meter.lua: Modbus over TCP.
--
--   eplua modbus_meter.lua [PORT [LOSES]]     LOSES = 3: each third request has no answer
--
-- Answers leave in two pieces, as some gateways send them.

local port, loses = tonumber(arg[1]) or 1502, tonumber(arg[2]) or 0
local relay, energy, asked = false, 41000, 0

local functions = {}

functions[1] = function() return string.char(1, relay and 1 or 0) end

functions[4] = function()
  energy = energy + 500
  return string.pack(">Bi4I4", 8, relay and 1200 or -350, energy)
end

functions[5] = function(data)
  relay = data:byte(3) == 0xFF
  return data
end

local function answer(number, code, data)
  local f = functions[code]
  if f then data = f(data) else code, data = code + 0x80, "\1" end
  return string.pack(">I2I2I2BB", number, 0, #data + 2, 1, code) .. data
end

local function serve(client)
  while true do
    local head = client:readExactly(8)
    if not head then return end
    local number, _, length, _, code = string.unpack(">I2I2I2BB", head)
    local data = length > 2 and client:readExactly(length - 2) or ""
    asked = asked + 1
    if loses == 0 or asked % loses ~= 0 then
      local frame = answer(number, code, data)
      client:write(frame:sub(1, 5))
      client:write(frame:sub(6))
    end
  end
end

local server = net.TCPServer()
server:start("127.0.0.1", port, function(client)
  task.start(function() serve(client) end)
end, {
  success = function(actual) print("a Modbus meter at port", actual) end,
  error = function(message)
    print(message)
    os.exit(1)
  end,
})
