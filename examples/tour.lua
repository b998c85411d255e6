-- A tour through everything, against servers that this script opens itself on
-- loopback. Prints what it did; ends with 0 only if all of it worked.

local steps, failed = 0, 0

local function step(name, f)
  steps = steps + 1
  local good, problem = pcall(f)
  print((good and "ok      " or "FAILED  ") .. name)
  if not good then
    failed = failed + 1
    print("        " .. tostring(problem))
  end
end

local function equal(got, expected)
  if got ~= expected then
    error(("expected %s, got %s"):format(tostring(expected), tostring(got)), 2)
  end
end

local function every_byte()
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  return table.concat(bytes)
end

local function timers()
  local order = {}
  setTimeout(function() order[#order + 1] = "b" end, 50)
  setTimeout(function(x) order[#order + 1] = x end, 1, "a")
  local ticks = 0
  local interval
  interval = setInterval(function()
    ticks = ticks + 1
    if ticks == 3 then clearInterval(interval) end
  end, 1)
  task.sleep(100)
  equal(table.concat(order), "ab")
  equal(ticks, 3)
end

local function names()
  local address = assert(net.resolve("localhost"))
  assert(address == "127.0.0.1" or address == "::1", address)
end

local function tcp()
  local server = net.TCPServer()
  local port = assert(server:start("127.0.0.1", 0, function(client)
    task.start(function()
      while true do
        local line = client:readUntil("\n")
        if not line then return end
        client:write(line:upper() .. "\n")
      end
    end)
  end))
  local socket = net.TCPSocket()
  assert(socket:connect("127.0.0.1", port))
  assert(socket:write("hello\nworld\n"))
  equal(socket:readUntil("\n"), "HELLO")
  equal(socket:readUntil("\n"), "WORLD")
  socket:close()
  assert(server:stop())
end

local function tcp_bytes()
  local data = every_byte():rep(1000)
  local server = net.TCPServer()
  local port = assert(server:start("127.0.0.1", 0, function(client)
    client:write(data)
    client:close()
  end))
  local socket = net.TCPSocket()
  assert(socket:connect("127.0.0.1", port))
  equal(socket:readAll(), data)
  local nothing, message, code = socket:read()
  equal(nothing, nil)
  equal(message, "End of file")
  equal(code, "eof")
  server:stop()
end

local function unix()
  local path = "unix:" .. os.tmpname() .. ".socket"
  local server = net.TCPServer()
  assert(server:start(path, nil, function(client) client:write("unix") client:close() end))
  local socket = net.TCPSocket()
  assert(socket:connect(path))
  equal(socket:readAll(), "unix")
  server:stop()
end

local function udp()
  local receiver, sender = net.UDPSocket(), net.UDPSocket()
  local port = assert(receiver:bind("127.0.0.1", 0))
  assert(sender:sendTo(every_byte(), "localhost", port))
  local data, ip, from = receiver:receive()
  equal(data, every_byte())
  equal(ip, "127.0.0.1")
  assert(receiver:sendTo("answer", ip, from))
  equal((sender:receive()), "answer")
  receiver:close()
  sender:close()
end

local function http()
  local server = net.TCPServer()
  local port = assert(server:start("127.0.0.1", 0, function(client)
    task.start(function()
      while true do
        local head = client:readUntil("\r\n\r\n")
        if not head then return end
        local body = client:readExactly(tonumber(head:match("Content%-Length: (%d+)")))
        client:write("HTTP/1.1 201 Created\r\nX-Method: " .. head:match("^%u+")
          .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body)
      end
    end)
  end))
  for _ = 1, 3 do
    local response = assert(net.HTTPClient():request("http://127.0.0.1:" .. port, {
      options = { method = "PUT", data = every_byte() },
    }))
    equal(response.status, 201)
    equal(response.headers["x-method"], "PUT")
    equal(response.data, every_byte())
  end
  equal(server:clientCount(), 1)
  server:stop()
end

local function http_server()
  local server = net.HTTPServer()
  local live
  live = server:websocket("/live", {
    receive = function(id, data) live:send(id, data:upper()) end,
  })
  local port = assert(server:start("127.0.0.1", 0, function(request, response)
    if request.path == "/pieces" then
      response:write("one ")
      return setTimeout(function()
        response:write(request.query.last)
        response:finish()
      end, 1)
    end
    response:send(200, { ["X-Method"] = request.method }, request.body)
  end))
  local client = net.HTTPClient()
  local url = "http://127.0.0.1:" .. port
  local response = assert(client:request(url, {
    options = { method = "PUT", data = every_byte() },
  }))
  equal(response.data, every_byte())
  equal(assert(client:request(url .. "/pieces?last=two%21")).data, "one two!")
  local ws = net.WebSocketClient()
  ws:connect("ws://127.0.0.1:" .. port .. "/live")
  assert(ws:wait("connected"))
  ws:send("hello")
  equal((ws:wait("dataReceived")), "HELLO")
  ws:close()
  assert(ws:wait("disconnected"))
  assert(server:stop())
end

local function websocket()
  local server = net.WebSocketServer()
  local port = assert(server:start("127.0.0.1", 0, {
    receive = function(id, data, binary)
      if binary then server:sendBinary(id, data) else server:send(id, data:upper()) end
    end,
  }))
  local ws = net.WebSocketClient()
  ws:connect("ws://127.0.0.1:" .. port .. "/")
  assert(ws:wait("connected"))
  ws:send("hello")
  equal((ws:wait("dataReceived")), "HELLO")
  ws:sendBinary(every_byte())
  equal((ws:wait("dataReceived")), every_byte())
  ws:close(1000, "done")
  equal((ws:wait("disconnected")), 1000)
  assert(server:stop())
end

local function mqtt_messages(client)
  client:subscribe("eplua/tour", { qos = 2 })
  equal(client:wait("subscribed").results[1], 2)
  for qos = 0, 2 do
    client:publish("eplua/tour", every_byte(), { qos = qos })
    local message = client:wait("message")
    equal(message.payload, every_byte())
  end
  client:disconnect()
  assert(client:wait("closed"))
end

--- A client, if there is a broker: the script's argument says where.
local function broker()
  local client = mqtt.Client.connect(arg[1] or "mqtt://127.0.0.1", { cleanSession = true })
  if client:wait("connected", 2000) then return client end
  client:disconnect()
end

local function json_text()
  local text = json.encode({ list = json.util.InitArray({ 1, 2.5, "x" }) })
  equal(json.decode(text).list[2], 2.5)
  equal(json.encode(json.decode("[]")), "[]")
end

local function errors()
  local server = net.TCPServer()
  local port = assert(server:start("127.0.0.1", 0, print))
  local _, message, code = net.TCPServer():start("127.0.0.1", port, print)
  equal(message, "Address already in use")
  equal(code, "in_use")
  server:stop()
  _, message, code = net.TCPSocket():connect("127.0.0.1", port)
  equal(message, "Connection refused")
  equal(code, "refused")
end

task.start(function()
  step("timers keep their order", timers)
  step("a name is looked up", names)
  step("TCP: lines to a server and back", tcp)
  step("TCP: every byte value, until the peer closes", tcp_bytes)
  step("TCP over a UNIX socket", unix)
  step("UDP: every byte value, and an answer", udp)
  step("HTTP: every byte value, three requests on one connection", http)
  step("HTTP server: answers, pieces, and a WebSocket on one port", http_server)
  step("WebSocket: text and every byte value", websocket)
  local client = broker()
  if client then
    step("MQTT: every byte value, at each QoS", function() mqtt_messages(client) end)
  else
    print("skipped MQTT: no broker (start mosquitto, or name one: tour.lua mqtt://HOST)")
  end
  step("JSON there and back", json_text)
  step("errors have a message and a code", errors)
  print(("%d steps, %d failed"):format(steps, failed))
  os.exit(failed == 0)
end)
