local pem = ... -- with it, over TLS
local server = net.TCPServer({
  maxConnections = 100000, backlog = 1024,
  tls = pem and { certificate = pem, privateKey = pem },
})
server:start("127.0.0.1", 0, function(client)
  local callbacks
  callbacks = {
    success = function(data)
      client:write(data)
      client:read(callbacks)
    end,
    error = function() end,
  }
  client:read(callbacks)
end, { success = function(port) print(port) end })
