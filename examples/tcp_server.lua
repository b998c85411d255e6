-- A TCP server that answers with what it was told, and a client that tells it.

local server = net.TCPServer()
server:start("localhost", 0, function(client, ip, port)
  print("Client connected from", ip, type(port))
  client:read({
    success = function(data)
      client:send("Echo: " .. data)
    end,
  })
end, {
  success = function(port)
    -- Inside a task an operation without callbacks waits for its answer.
    task.start(function()
      local tcp = net.TCPSocket()
      assert(tcp:connect("localhost", port))
      tcp:write("hello")
      print(tcp:read())
      tcp:close()
      server:stop()
    end)
  end,
})
