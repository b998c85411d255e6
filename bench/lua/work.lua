-- A server whose answers take work in Lua: what it can do is bounded by its core.
local server = net.TCPServer({ backlog = 1024 })
server:start("127.0.0.1", tonumber((...)), function(client)
  local callbacks
  callbacks = {
    success = function(data)
      local sum = 0
      for i = 1, 20000 do sum = (sum + i) % 1000 end
      client:write(data)
      client:read(callbacks)
    end,
    error = function() end,
  }
  client:read(callbacks)
end)
