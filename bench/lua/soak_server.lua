-- All servers at once. The first line has their ports; then a line of figures a second.

local certificate, broker = arg[1], arg[2]
local tls = { certificate = certificate, privateKey = certificate }

local function echo(client)
  local function on()
    client:read({
      success = function(data) client:write(data, { error = function() end }) on() end,
      error = function() client:close() end,
    })
  end
  on()
end

local tcp = net.TCPServer({ idleTimeout = 5000 })
local secure = net.TCPServer({ tls = tls, idleTimeout = 5000 })
local http, websocket, udp = net.HTTPServer(), net.WebSocketServer(), net.UDPSocket()
tcp:start("127.0.0.1", 0, echo)
secure:start("127.0.0.1", 0, echo)
http:start("127.0.0.1", 0, function(request, response)
  response:send(200, { ["Content-Type"] = "text/plain" }, request.body .. request.path)
end)
websocket:start("127.0.0.1", 0, {
  receive = function(id, data, binary)
    if binary then websocket:sendBinary(id, data) else websocket:send(id, data) end
  end,
})

local function answer()
  udp:receive({ success = function(data, ip, port) udp:sendTo(data, ip, port, {}) answer() end })
end

udp:bind("127.0.0.1", 0, {
  success = function(port)
    answer()
    print(tcp:port(), secure:port(), http:port(), websocket:port(), port)
  end,
})

local client = mqtt.Client.connect(broker, { cleanSession = true })
client:addEventListener("message", function(message)
  client:publish("answer/" .. message.topic, message.payload, { qos = message.qos })
end)
client:subscribe("ask/#", { qos = 2 })

setInterval(function()
  local open = 0
  for _, count in pairs(eplua.stats().open) do open = open + count end
  print(string.format("%d %.1f", open, collectgarbage("count")))
end, 1000)
