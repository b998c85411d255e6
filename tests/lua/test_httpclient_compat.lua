-- HTTPClient as HC3 scripts use it, against the httpbin server whose URL is the
-- argument, or a small one of this script's own.

local server

local function check(url)
  local http = net.HTTPClient({ timeout = 10000 })
  http:request(url .. "/json", {
    options = { method = "GET", headers = {} },
    success = function(response)
      print("HTTPClient Success!")
      print("Status: " .. response.status)
      assert(json.decode(response.data).slideshow.title == "Sample Slide Show")
      assert(response.headers["Content-Type"] == "application/json")
      -- Every status is a success; errors are for the connection.
      http:request(url .. "/status/404", {
        success = function(missing)
          assert(missing.status == 404)
          if server then server:stop() end
          http:request("http://127.0.0.1:1/", {
            success = function() error("nobody listens there") end,
            error = function(message)
              assert(type(message) == "string")
              print("Error: " .. message)
              print("net.HTTPClient() API is working correctly!")
            end,
          })
        end,
      })
    end,
    error = function(message) error(message) end,
  })
end

local function answer(client)
  client:readUntil("\r\n\r\n", {
    success = function(head)
      local found = head:find("^GET /json ") ~= nil
      local body = found and '{"slideshow": {"title": "Sample Slide Show"}}' or ""
      client:write(("HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s")
        :format(found and "200 OK" or "404 Not Found", #body, body))
      answer(client)
    end,
    error = function() end, -- the client has closed
  })
end

if arg[1] then
  check(arg[1])
else
  server = net.TCPServer()
  server:start("127.0.0.1", 0, answer, {
    success = function(port) check("http://127.0.0.1:" .. port) end,
  })
end
