local server = net.WebSocketServer({ compression = false, maxConnections = 100000 })
server:start("127.0.0.1", 0, {
  started = function(port) print(port) end,
  receive = function(id, data) server:send(id, data) end,
})
