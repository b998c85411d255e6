-- Sends back what it gets, on the port of its first argument.

local server = net.WebSocketServer({ maxMessageSize = 32 * 1024 * 1024 })

server:start("127.0.0.1", arg[1], {
  started = function(port) print("port", port, "end") end,
  error = function(message) error(message) end,
  receive = function(id, data, isBinary)
    if isBinary then server:sendBinary(id, data) else server:send(id, data) end
  end,
})
