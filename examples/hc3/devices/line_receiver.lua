-- An AV receiver with two zones for examples/hc3/line_receiver.lua: lines over TCP.
--
--   eplua line_receiver.lua [PORT [deaf]]     deaf: it takes connections, and says nothing
--
-- All that are connected hear each change, so `nc` is its remote control:
--   printf 'ZONE 1 VOLUME 30\r' | nc 127.0.0.1 14999

local port, deaf = tonumber(arg[1]) or 14999, arg[2] == "deaf"

local zones = {
  ["1"] = { POWER = "ON", VOLUME = "40" },
  ["2"] = { POWER = "OFF", VOLUME = "0" },
}
local clients = {}

local function set(number, what, value)
  local zone, lines = zones[number], {}
  zone[what] = value
  lines[1] = "ZONE " .. number .. " " .. what .. " " .. value
  if what == "VOLUME" and zone.POWER == "OFF" then
    zone.POWER = "ON"
    lines[2] = "ZONE " .. number .. " POWER ON"
  end
  for client in pairs(clients) do client:write(table.concat(lines, "\r") .. "\r") end
end

local function obey(client, line)
  local number, what, value = line:match("^ZONE (%d) (%u+) (%S+)$")
  local zone = zones[number]
  if line == "PING" then
    client:write("PONG\r")
  elseif line == "ZONES ?" then
    client:write("ZONES 1=Living room;2=Kitchen\r")
  elseif not zone or not zone[what] then
    client:write("ERROR what is " .. line .. "\r")
  elseif value == "?" then
    client:write("ZONE " .. number .. " " .. what .. " " .. zone[what] .. "\r")
  elseif what == "VOLUME" and (tonumber(value) or 101) > 100 then
    client:write("ERROR volumes are 0 to 100\r")
  else
    set(number, what, value)
  end
end

local function serve(client)
  clients[client] = true
  while true do
    local line = client:readUntil("\r")
    if not line then break end
    if not deaf then obey(client, line) end
  end
  clients[client] = nil
end

local server = net.TCPServer()
server:start("127.0.0.1", port, function(client)
  task.start(function() serve(client) end)
end, {
  success = function(actual) print("a receiver at port", actual) end,
  error = function(message)
    print(message)
    os.exit(1)
  end,
})
