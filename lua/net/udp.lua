-- net.UDPSocket.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local inbox, tls = core.import("net/inbox"), core.import("net/tls")
local options, reports = core.import("border/options"), core.import("border/reports")
local tickets = core.import("border/tickets")
local operate, operate_with = tickets.operate, tickets.operate_with
local udp_create_socket, udp_send_to = primitives.udp_create_socket, primitives.udp_send_to
local udp_receive = primitives.udp_receive
local find, type = string.find, type

local OPTIONS = {
  broadcast = "boolean",
  timeout = "milliseconds",
  reuseAddress = "boolean",
  reusePort = "boolean",
  ipv6 = "boolean",
  maxQueue = "count",
  -- With a certificate of its own the socket is a server.
  tls = function(value)
    return tls.check(value, "tls", type(value) == "table" and value.certificate ~= nil)
  end,
}

---@class net.UDPSocket
local UDPSocket = class.new("UDPSocket", function(socket)
  local host, port = socket:localAddress()
  if not host then return socket.id and "open" or "closed" end
  return (find(host, ":", 1, true) and "[" .. host .. "]" or host) .. ":" .. port .. " (bound)"
end)
class.finalize(UDPSocket, primitives.udp_forget)

--- The socket's number; it is made by what is first asked of it.
local function number(self)
  local id = self.id
  if id then return id end
  class.sweep()
  local o = self.options
  local box = inbox.new(udp_receive, o.timeout, o.maxQueue)
  local message
  id, message = udp_create_socket(o.broadcast or false, o.timeout, o.reuseAddress or false,
    o.reusePort or false, o.ipv6 or false, box.listener, o.tls and true or false,
    tls.flatten(o.tls))
  if not id then
    box:close()
    reports.raise(message)
  end
  class.open(self, id)
  self.inbox, box.id = box, id
  return id
end

--- Send a datagram; on a connected socket host and port may be nil.
function UDPSocket:sendTo(data, host, port, callbacks)
  if type(data) ~= "string" then data = check.string(data, 1, "sendTo", "data") end
  if host ~= nil or port ~= nil then
    if type(host) ~= "string" then check.fail(2, "sendTo", "host", "string", host) end
    if type(port) ~= "number" or port < 1 or port > 65535 or port % 1 ~= 0 then
      port = check.port(port, 3, "sendTo")
    end
  end
  return operate("sendTo", callbacks, udp_send_to, self.id or number(self), data, host, port)
end

--- The next datagram: success(data, ip, port).
function UDPSocket:receive(callbacks)
  if not self.id then number(self) end
  return self.inbox:receive_next(callbacks)
end

--- Bind to an address ("*" or nil: every one) and port (0: a free one).
function UDPSocket:bind(host, port, callbacks)
  if host == nil then host = "*" end
  check.string(host, 1, "bind", "host")
  port = check.port(port, 2, "bind", 0)
  return operate("bind", callbacks, primitives.udp_bind, number(self), host, port)
end

--- Fix the peer: only its datagrams are received. With the option tls, shake hands.
function UDPSocket:connect(host, port, callbacks)
  check.string(host, 1, "connect", "host")
  port = check.port(port, 2, "connect")
  local id = number(self)
  if not self.options.tls then
    return operate("connect", callbacks, primitives.udp_connect, id, host, port)
  end
  local function failed(ok, ...)
    -- Another attempt begins anew.
    if not ok and self.id == id and (...) ~= "state" then self:close() end
    return ...
  end
  return operate_with(failed, "connect", callbacks, primitives.udp_connect, id, host, port)
end

---@class net.DTLSPeer what a server accepts: one client, on the server's port
local DTLSPeer = class.new("DTLSPeer", function(peer)
  local host = find(peer.ip, ":", 1, true) and "[" .. peer.ip .. "]" or peer.ip
  return host .. ":" .. peer.port .. (peer.id and " (open)" or " (closed)")
end)
class.finalize(DTLSPeer, primitives.dtls_close)

--- Send a datagram to the client.
function DTLSPeer:send(data, callbacks)
  if type(data) ~= "string" then data = check.string(data, 1, "send", "data") end
  return operate("send", callbacks, primitives.dtls_send, self.id, data)
end

--- The client's next datagram: success(data, ip, port).
function DTLSPeer:receive(callbacks)
  return self.inbox:receive_next(callbacks)
end

--- How many datagrams were dropped because nobody received them in time.
function DTLSPeer:droppedCount()
  return self.inbox.dropped
end

--- Say goodbye; callbacks that wait are dropped.
function DTLSPeer:close()
  local id = self.id
  if id then
    class.close(self)
    self.inbox:close()
    primitives.dtls_close(id)
  end
end

--- On a bound server with the option tls, the next client that has done its handshake:
--- success(peer, ip, port).
function UDPSocket:accept(callbacks)
  local function accepted(ok, id, ip, port)
    if not ok then return id, ip, port end
    class.sweep()
    local o = self.options
    local box = inbox.new(primitives.dtls_receive, o.timeout, o.maxQueue)
    local peer = class.instance(DTLSPeer, { ip = ip, port = port, inbox = box })
    class.open(peer, id)
    box.id = id
    primitives.dtls_listen(id, box.listener)
    return class.handle(peer), ip, port
  end
  return operate_with(accepted, "accept", callbacks, primitives.udp_accept, number(self))
end

local function membership(self, method, primitive, group, interface, callbacks)
  check.string(group, 1, method, "group")
  if interface ~= nil then check.string(interface, 2, method, "interface") end
  return operate(method, callbacks, primitive, number(self), group, interface)
end

--- Receive what is sent to a multicast group, on one interface or the system's choice.
function UDPSocket:joinGroup(group, interface, callbacks)
  return membership(self, "joinGroup", primitives.udp_join_group, group, interface, callbacks)
end

function UDPSocket:leaveGroup(group, interface, callbacks)
  return membership(self, "leaveGroup", primitives.udp_leave_group, group, interface, callbacks)
end

function UDPSocket:setMulticastTTL(ttl)
  ttl = check.integer(ttl, 1, "setMulticastTTL", "ttl", 0, 255)
  return primitives.udp_set_multicast_ttl(number(self), ttl)
end

function UDPSocket:setMulticastLoopback(enabled)
  if type(enabled) ~= "boolean" then
    check.fail(1, "setMulticastLoopback", "enabled", "boolean", enabled)
  end
  return primitives.udp_set_multicast_loopback(number(self), enabled)
end

--- The address and port it is bound to.
function UDPSocket:localAddress()
  if not self.id then return nil, "Not bound", "state" end
  return primitives.udp_local_address(self.id)
end

--- How many datagrams were dropped because nobody received them in time.
function UDPSocket:droppedCount()
  return self.inbox and self.inbox.dropped or 0
end

--- Close; callbacks that wait are dropped.
function UDPSocket:close()
  local id = self.id
  if id then
    class.close(self)
    self.inbox:close()
    primitives.udp_close(id)
  end
end

return {
  UDPSocket = function(given)
    return class.handle(class.instance(UDPSocket, {
      options = options.check(given, OPTIONS, "UDPSocket", 1, true),
    }))
  end,
}
