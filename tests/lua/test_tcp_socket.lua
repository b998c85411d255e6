-- A client that speaks HTTP by hand to a server in the same script.

local server = net.TCPServer()
server:start("127.0.0.1", 0, function(client)
  client:readUntil("\r\n\r\n", {
    success = function(request)
      assert(request:find("^GET / HTTP/1.1\r\n"), request)
      client:write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    end,
  })
end, {
  success = function(port)
    local tcp = net.TCPSocket({ timeout = 5000 })
    local function failed(message) error(message) end
    tcp:connect("127.0.0.1", port, {
      error = failed,
      success = function()
        print("TCP connection established")
        tcp:send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", {
          error = failed,
          success = function()
            print("HTTP request sent via TCP")
            tcp:readUntil("\r\n\r\n", {
              error = failed,
              success = function(head)
                assert(head == "HTTP/1.1 200 OK\r\nContent-Length: 2", head)
                tcp:readExactly(2, {
                  error = failed,
                  success = function(body)
                    assert(body == "ok")
                    print("Response received from server")
                    tcp:close()
                    server:stop()
                    print("Connection closed successfully")
                  end,
                })
              end,
            })
          end,
        })
      end,
    })
  end,
})
