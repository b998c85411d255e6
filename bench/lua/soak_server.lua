-- All servers at once: NAME=VALUE..., with the broker's URI, a certificate, and ports where
-- they are to be the same as before. The first line has all ports; then a line of figures a
-- second.

local given = {}
for _, each in ipairs(arg) do
  local name, value = each:match("^([^=]+)=(.*)$")
  given[name] = value
end
local tls = { certificate = given.certificate, privateKey = given.certificate }

local function port(name) return tonumber(given[name] or 0) end

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
local secure_tcp = net.TCPServer({ tls = tls, idleTimeout = 5000 })
tcp:start("127.0.0.1", port("tcp"), echo)
secure_tcp:start("127.0.0.1", port("tls"), echo)

local function answer(request, response)
  response:send(200, { ["Content-Type"] = "text/plain" }, request.body .. request.path)
end

local http, https = net.HTTPServer(), net.HTTPServer({ tls = tls })
http:start("127.0.0.1", port("http"), answer)
https:start("127.0.0.1", port("https"), answer)

local function websockets(server, name)
  server:start("127.0.0.1", port(name), {
    receive = function(id, data, binary)
      if binary then server:sendBinary(id, data) else server:send(id, data) end
    end,
  })
  return server
end

local websocket = websockets(net.WebSocketServer(), "ws")
local secure_websocket = websockets(net.WebSocketServer({ tls = tls }), "wss")

local udp, dtls = net.UDPSocket(), net.UDPSocket({ tls = tls })

task.start(function()
  local udp_port = assert(udp:bind("127.0.0.1", port("udp")))
  local dtls_port = assert(dtls:bind("127.0.0.1", port("dtls")))
  task.start(function()
    while true do
      local data, ip, from = udp:receive()
      udp:sendTo(data, ip, from)
    end
  end)
  task.start(function()
    while true do
      local peer = dtls:accept()
      task.start(function()
        local data = peer:receive()
        while data do
          peer:send(data)
          data = peer:receive()
        end
        peer:close()
      end)
    end
  end)
  print(
    "tcp=" .. tcp:port(), "tls=" .. secure_tcp:port(), "http=" .. http:port(),
    "https=" .. https:port(), "ws=" .. websocket:port(), "wss=" .. secure_websocket:port(),
    "udp=" .. udp_port, "dtls=" .. dtls_port
  )
end)

local client = mqtt.Client.connect(given.mqtt, { reconnect = true })
client:addEventListener("message", function(message)
  client:publish("answer/" .. message.topic, message.payload, { qos = message.qos })
end)
client:addEventListener("error", function() end)
client:subscribe("ask/#", { qos = 2 })

setInterval(function()
  local stats, open = eplua.stats(), 0
  for _, count in pairs(stats.open) do open = open + count end
  print(string.format("%d %d %.1f", open, stats.waiting, stats.memory / 1024))
end, 1000)
