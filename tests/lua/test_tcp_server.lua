-- An echo server and its client in one script.

local server = net.TCPServer()
server:start("localhost", 0, function(client, ip, port)
  assert(ip == "127.0.0.1" and port > 0)
  print("Client connected")
  client:read({
    success = function(data)
      print("Received from client: " .. data)
      client:send("Echo: " .. data, { success = function() print("Echo sent back to client") end })
    end,
    error = function(message) error(message) end,
  })
end, {
  success = function(port)
    local client = net.TCPSocket()
    client:connect("localhost", port, {
      success = function()
        print("Test client connected to server!")
        client:send("Hello from test client!", {
          success = function()
            print("Test message sent")
            client:read({
              success = function(data)
                assert(data == "Echo: Hello from test client!", data)
                print("Received echo response: " .. data)
                client:close()
                server:stop()
              end,
            })
          end,
        })
      end,
      error = function(message) error(message) end,
    })
  end,
  error = function(message) error(message) end,
})
