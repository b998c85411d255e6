-- Sockets that send from the start, and answers that find their way back.

local echo = net.UDPSocket()

local function expect(value, message) if not value then error(message or "failed", 2) end end

echo:bind("127.0.0.1", 0, {
  success = function(port)
    local callbacks
    callbacks = {
      success = function(data, ip, from)
        echo:sendTo("Echo: " .. data, ip, from)
        echo:receive(callbacks)
      end,
    }
    echo:receive(callbacks)

    local left = 3
    for i = 1, 3 do
      local udp = net.UDPSocket()
      udp:sendTo("message " .. i, "127.0.0.1", port, {
        success = function() print("UDP send " .. i .. " successful") end,
        error = function(message) error(message) end,
      })
      udp:receive({
        success = function(data, ip)
          expect(data == "Echo: message " .. i, data)
          expect(ip == "127.0.0.1", ip)
          udp:close()
          left = left - 1
          if left == 0 then
            echo:close()
            print("All UDP tests completed successfully!")
          end
        end,
      })
    end
  end,
})
