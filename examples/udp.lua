-- UDP: one socket sends, another receives and answers.

local receiver = net.UDPSocket()

receiver:bind("127.0.0.1", 0, {
  success = function(port)
    receiver:receive({
      success = function(data, ip, from)
        print("Received:", data, "from", ip)
        receiver:sendTo("Echo: " .. data, ip, from)
      end,
    })

    local udp = net.UDPSocket()
    udp:sendTo("Hello UDP!", "127.0.0.1", port, {
      success = function() print("UDP message sent!") end,
      error = function(message) print("UDP error:", message) end,
    })
    udp:receive({
      success = function(data, ip)
        print("Received:", data, "from", ip)
        udp:close()
        receiver:close()
      end,
    })
  end,
})
