-- A TCP client: asks a web server by hand. The server is opened here as well, so
-- that the example needs nothing but itself.

local server = net.TCPServer()
server:start("127.0.0.1", 0, function(client)
  client:readUntil("\r\n\r\n", {
    success = function()
      client:write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
      client:close()
    end,
  })
end, {
  success = function(port)
    local tcp = net.TCPSocket()
    tcp:connect("127.0.0.1", port, {
      success = function()
        tcp:send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", {
          success = function()
            tcp:read({
              success = function(data)
                print("Received:", data)
                tcp:close()
                server:stop()
              end,
            })
          end,
        })
      end,
      error = function(message) print("Error:", message) end,
    })
  end,
})
