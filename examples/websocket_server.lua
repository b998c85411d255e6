-- A WebSocket server that answers each message, and a client that sends one.

local server = net.WebSocketServer()

server:start("localhost", 0, {
  started = function(port)
    task.start(function()
      local ws = net.WebSocketClient()
      ws:connect("ws://localhost:" .. port .. "/")
      ws:wait("connected")
      ws:send("hello")
      print("Answer:", (ws:wait("dataReceived")))
      ws:close()
    end)
  end,
  connected = function(_, info)
    print("Client connected from", info.ip)
  end,
  receive = function(client_id, data)
    print("Received:", data)
    server:send(client_id, "Echo: " .. data)
  end,
  disconnected = function(_, code)
    print("Client disconnected:", code)
    server:stop()
  end,
})
