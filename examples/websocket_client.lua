-- A WebSocket client, and an echo server in the same script for it to talk to.

local server = net.WebSocketServer()

local function talk(port)
  local ws = net.WebSocketClient()

  ws:addEventListener("connected", function()
    print("WebSocket connected!")
    ws:send("Hello WebSocket!")
  end)

  ws:addEventListener("dataReceived", function(data)
    print("Received:", data)
    ws:close()
  end)

  ws:addEventListener("disconnected", function(code)
    print("Closed:", code)
    server:stop()
  end)

  ws:addEventListener("error", function(message)
    print("Error:", message)
    server:stop()
  end)

  ws:connect("ws://127.0.0.1:" .. port .. "/")
end

server:start("127.0.0.1", 0, {
  started = talk,
  receive = function(id, data) server:send(id, data) end,
})
