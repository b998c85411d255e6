-- What service.tac runs: an echo server that breaks at the word "break".

local server = net.TCPServer()

task.start(function()
  local port, message = server:start("127.0.0.1", tonumber(os.getenv("PORT") or 7007),
    function(client)
      task.start(function()
        local line = client:readUntil("\n")
        while line do
          if line == "break" then error("somebody said break") end
          client:write("Echo: " .. line .. "\n")
          line = client:readUntil("\n")
        end
      end)
    end)
  if not port then error(message) end
  print("listening on port " .. port)
end)
