local socket = net.UDPSocket()
socket:bind("127.0.0.1", 0, { success = function(port) print(port) end })
local callbacks
callbacks = {
  success = function(data, ip, port)
    socket:sendTo(data, ip, port)
    socket:receive(callbacks)
  end,
  error = print,
}
socket:receive(callbacks)
