-- Every protocol once, one after the other, against servers of this script's own.

local function answer_http(client)
  client:readUntil("\r\n\r\n", {
    success = function()
      client:write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", {
        success = function() client:close() end,
      })
    end,
  })
end

local function over_http(port)
  local response = assert(net.HTTPClient():request("http://127.0.0.1:" .. port .. "/"))
  assert(response.status == 200 and response.data == "ok")
  print("HTTP GET successful (Status: " .. response.status .. ")")
end

local function over_tcp(port)
  local tcp = net.TCPSocket()
  assert(tcp:connect("127.0.0.1", port))
  assert(tcp:send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
  assert(tcp:readUntil("\r\n") == "HTTP/1.1 200 OK")
  assert(tcp:readAll():find("ok", 1, true))
  tcp:close()
  print("TCP connection and HTTP-over-TCP successful")
end

local function tcp_echo()
  local server, tcp = net.TCPServer(), net.TCPSocket()
  local port = assert(server:start("127.0.0.1", 0, function(client, ip, from)
    assert(ip == "127.0.0.1" and from > 0)
    client:read({ success = function(data) client:write("Echo: " .. data) end })
  end))
  assert(tcp:connect("127.0.0.1", port))
  assert(tcp:write("hello"))
  assert(tcp:read() == "Echo: hello")
  tcp:close()
  server:stop()
  print("TCP server/client echo test successful")
end

local function udp()
  local receiver, sender = net.UDPSocket(), net.UDPSocket()
  local port = assert(receiver:bind("127.0.0.1", 0))
  assert(sender:sendTo("Hello UDP!", "127.0.0.1", port))
  local data, ip = receiver:receive()
  assert(data == "Hello UDP!" and ip == "127.0.0.1")
  sender:close()
  receiver:close()
  print("UDP send successful")
end

local function websocket()
  local server, ready = net.WebSocketServer(), nil
  server:start("127.0.0.1", 0, {
    started = function(port) ready = port end,
    receive = function(id, data) server:send(id, "Echo: " .. data) end,
    error = error,
  })
  while not ready do task.sleep(1) end
  local ws = net.WebSocketClient()
  ws:connect("ws://127.0.0.1:" .. ready .. "/")
  assert(ws:wait("connected"))
  print("WebSocket connected successfully")
  assert(ws:send("hello"))
  assert(ws:wait("dataReceived") == "Echo: hello")
  ws:close()
  assert(ws:wait("disconnected") == 1000)
  server:stop()
end

local pages = net.TCPServer()
task.start(function()
  local port = assert(pages:start("127.0.0.1", 0, answer_http))
  over_http(port)
  over_tcp(port)
  pages:stop()
  tcp_echo()
  udp()
  websocket()
  print("All network tests passed successfully!")
end)
