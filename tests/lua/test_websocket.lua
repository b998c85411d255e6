-- A server and a client in one script: events on both sides, in order.

local server = net.WebSocketServer()
local seen = {}

local function saw(text)
  seen[#seen + 1] = text
  print(text)
end

server:start("localhost", 0, {
  started = function(port)
    saw("WebSocket server started")
    local ws = net.WebSocketClient()
    ws:addEventListener("connected", function()
      saw("Test client connected to server")
      assert(ws:isOpen())
      assert(ws:send("Hello from test client!"))
    end)
    ws:addEventListener("dataReceived", function(data)
      assert(data == "Echo: Hello from test client!", data)
      saw("Test client received: " .. data)
      ws:close()
    end)
    ws:addEventListener("disconnected", function()
      saw("Test client disconnected")
      assert(#seen == 6, #seen)
      server:stop()
    end)
    ws:addEventListener("error", function(message) error(message) end)
    ws:connect("ws://localhost:" .. port .. "/")
  end,
  connected = function() saw("Client connected to server") end,
  receive = function(id, data)
    saw("Server received from client: " .. data)
    server:send(id, "Echo: " .. data)
  end,
})
