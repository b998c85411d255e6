-- All clients at once, for ever: connections are opened, used, and closed or dropped in
-- the middle. A line of figures a second: what is open, Lua's KiB, exchanges, errors.

local authority, broker = arg[1], arg[2]
local ports = {}
for i = 3, #arg do ports[#ports + 1] = tonumber(arg[i]) end
local tcp, secure, http, websocket, udp = ports[1], ports[2], ports[3], ports[4], ports[5]
local exchanges, failures = 0, {}

local function failed(what, message)
  failures[#failures + 1] = what .. ": " .. tostring(message)
end

local function check(what, got, wanted, message)
  if got == wanted then exchanges = exchanges + 1 else failed(what, message or got) end
end

local function forever(f)
  task.start(function()
    while true do
      f()
      task.sleep(math.random(0, 5))
    end
  end)
end

local function data() return ("x"):rep(math.random(1, 20000)) end

local function stream(what, port, tls)
  local socket = net.TCPSocket({ tls = tls })
  local ok, message = socket:connect("127.0.0.1", port)
  if not ok then return failed(what, message) end
  for _ = 1, math.random(1, 20) do
    local sent = data()
    socket:write(sent)
    local got, why = socket:readExactly(#sent)
    check(what, got, sent, why)
  end
  -- Now and then in the middle of an exchange.
  if math.random() < 0.3 then socket:write(data()) end
  socket:close()
end

for _ = 1, 8 do
  forever(function() stream("TCP", tcp) end)
  forever(function()
    stream("TLS", secure, { certificateAuthority = authority, serverName = "localhost" })
  end)
end

local client = net.HTTPClient()
for _ = 1, 8 do
  forever(function()
    local sent = data()
    local response, message = client:request("http://127.0.0.1:" .. http .. "/end", {
      options = { method = "POST", data = sent },
    })
    check("HTTP", response and response.data, sent .. "/end", message)
  end)
  -- Given up in the middle.
  forever(function()
    local asked = task.start(function()
      client:request("http://127.0.0.1:" .. http .. "/", { options = { timeout = 2000 } })
    end)
    task.sleep(math.random(0, 3))
    asked:cancel()
  end)
  forever(function()
    local ws = net.WebSocketClient({ compression = math.random() < 0.5 })
    ws:connect("ws://127.0.0.1:" .. websocket .. "/")
    if not ws:wait("connected", 5000) then return failed("WebSocket", "not connected") end
    for _ = 1, math.random(1, 20) do
      local sent = data()
      ws:send(sent)
      local got, why = ws:wait("dataReceived", 5000)
      check("WebSocket", got, sent, why)
    end
    ws:close()
  end)
end

forever(function()
  local socket = net.UDPSocket({ timeout = 2000 })
  socket:sendTo("hello", "127.0.0.1", udp)
  local got, why = socket:receive()
  check("UDP", got, "hello", why)
  socket:close()
end)

for number = 1, 3 do
  forever(function()
    local mine = mqtt.Client.connect(broker, { cleanSession = true })
    if not mine:wait("connected", 5000) then return failed("MQTT", "not connected") end
    local topic = "ask/" .. number
    mine:subscribe("answer/" .. topic, { qos = 2 })
    mine:wait("subscribed", 5000)
    for qos = 0, 2 do
      mine:publish(topic, tostring(qos), { qos = qos })
      local message, why = mine:wait("message", 5000)
      check("MQTT", message and message.payload, tostring(qos), why)
    end
    mine:disconnect()
    mine:wait("closed", 5000)
  end)
end

setInterval(function()
  local open = 0
  for _, count in pairs(eplua.stats().open) do open = open + count end
  print(string.format("%d %.1f %d %d %s", open, collectgarbage("count"), exchanges, #failures,
    failures[#failures] or ""))
end, 1000)
