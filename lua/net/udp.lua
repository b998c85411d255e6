-- net.UDPSocket.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local options, tickets = core.import("border/options"), core.import("border/tickets")
local tls, udp_port = core.import("net/tls"), core.import("net/udp_port")
local operate, soon, settle = tickets.operate, tickets.soon, tickets.settle
local udp_send_to, udp_send_known = primitives.udp_send_to, primitives.udp_send_known
local current_task = core.import("border/tasks").current
local type = type

local OPTIONS = {
  broadcast = "boolean",
  timeout = "milliseconds",
  reuseAddress = "boolean",
  reusePort = "boolean",
  ipv6 = "boolean",
  maxQueue = "count",
  idleTimeout = "milliseconds",
  -- With a certificate of its own the socket is a server.
  tls = function(value, method, index)
    local server = type(value) == "table" and value.certificate ~= nil
    return tls.check(value, method, index, server)
  end,
}

---@class net.UDPSocket
local UDPSocket, number = udp_port.class({
  create = primitives.udp_create_socket,
  bind = primitives.udp_bind,
  receive = primitives.udp_receive,
  local_address = primitives.udp_local_address,
  peer_address = primitives.udp_peer_address,
  close = primitives.udp_close,
  forget = primitives.udp_forget,
})

--- Send a datagram; on a connected socket host and port may be nil.
function UDPSocket:sendTo(data, host, port, callbacks)
  if type(data) ~= "string" then data = check.string(data, 1, "sendTo", "data") end
  if host ~= nil or port ~= nil then
    if type(host) ~= "string" then check.host(host, 2, "sendTo") end
    if type(port) ~= "number" or port < 1 or port > 65535 or port % 1 ~= 0 then
      port = check.port(port, 3, "sendTo")
    end
  end
  local id = self.id or number(self)
  if callbacks == nil and not current_task() and udp_send_known(id, data, host, port) then
    return
  end
  return operate("sendTo", callbacks, udp_send_to, id, data, host, port)
end

--- Fix the peer: only its datagrams are received.
function UDPSocket:connect(host, port, callbacks)
  host = check.host(host, 1, "connect")
  port = check.port(port, 2, "connect")
  return operate("connect", callbacks, primitives.udp_connect, number(self), host, port)
end

local function not_a_server(ticket)
  soon(settle, ticket < 0 and -ticket or ticket, false, "state",
    "accept is for servers with the option tls")
end

function UDPSocket:accept(callbacks)
  return operate("accept", callbacks, not_a_server, self)
end

local function membership(self, method, primitive, group, interface, callbacks)
  group = check.text(group, 1, method, "group")
  if interface ~= nil then interface = check.text(interface, 2, method, "interface") end
  return operate(method, callbacks, primitive, number(self), group, interface)
end

--- Receive what is sent to a multicast group, on one interface or the system's choice.
function UDPSocket:joinGroup(group, interface, callbacks)
  return membership(self, "joinGroup", primitives.udp_join_group, group, interface, callbacks)
end

function UDPSocket:leaveGroup(group, interface, callbacks)
  return membership(self, "leaveGroup", primitives.udp_leave_group, group, interface, callbacks)
end

--- How many routers multicast may pass: true, or nil, message, code.
function UDPSocket:setMulticastTTL(ttl)
  ttl = check.integer(ttl, 1, "setMulticastTTL", "ttl", 0, 255)
  return primitives.udp_set_multicast_ttl(number(self), ttl)
end

--- Whether this machine gets its own multicast: true, or nil, message, code.
function UDPSocket:setMulticastLoopback(enabled)
  if type(enabled) ~= "boolean" then
    check.fail(1, "setMulticastLoopback", "enabled", "boolean", enabled)
  end
  return primitives.udp_set_multicast_loopback(number(self), enabled)
end

--- The methods that a socket with these options has, which are set right for them.
local function methods_for(checked)
  if checked.tls then
    local dtls = core.import("net/dtls", "dtls")
    return checked.tls.certificate and dtls.Server or dtls.Client
  end
  checked.tls, checked.idleTimeout = nil, nil
  return UDPSocket
end

return {
  UDPSocket = function(given)
    local checked = options.check(given, OPTIONS, "UDPSocket", 1, true)
    local max_queue = checked.maxQueue
    checked.maxQueue = nil
    return class.handle(class.instance(methods_for(checked), {
      options = checked,
      max_queue = max_queue,
    }))
  end,
}
