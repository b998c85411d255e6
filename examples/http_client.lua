-- An HTTP client, and a small server for it to talk to.

local server = net.TCPServer()

local function answer(client)
  client:readUntil("\r\n\r\n", {
    success = function(head)
      local path = head:match("^%u+ (%S+)")
      local body = json.encode({ path = path, greeting = "hello" })
      client:write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        .. "Content-Length: " .. #body .. "\r\n\r\n" .. body)
      answer(client)
    end,
    error = function() end, -- the client has closed
  })
end

server:start("localhost", 0, answer, {
  success = function(port)
    local url = "http://localhost:" .. port
    local http = net.HTTPClient()
    http:request(url .. "/json", {
      options = { method = "GET", headers = {} },
      success = function(response)
        print("Status:", response.status)
        print("Data:", json.decode(response.data).greeting)
        -- Inside a task a request without callbacks waits for its response.
        task.start(function()
          local again = assert(http:request(url .. "/again"))
          print("Path:", json.decode(again.data).path, again.headers["content-type"])
          server:stop()
        end)
      end,
      error = function(err) print("Error:", err) end,
    })
  end,
})
