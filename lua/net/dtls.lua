-- net.UDPSocket with the option tls: a client with its one peer, or a server that
-- accepts many.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local inbox, tickets = core.import("net/inbox"), core.import("border/tickets")
local udp_port = core.import("net/udp_port")
local operate, operate_with = tickets.operate, tickets.operate_with
local soon, settle = tickets.soon, tickets.settle
local dtls_send, dtls_client_send = primitives.dtls_send, primitives.dtls_client_send
local ipairs, type = ipairs, type

---@class net.UDPSocket
local Client, client_number = udp_port.class({
  create = primitives.dtls_client_create,
  bind = primitives.dtls_client_bind,
  receive = primitives.dtls_client_receive,
  local_address = primitives.dtls_client_local_address,
  peer_address = primitives.dtls_client_peer_address,
  close = primitives.dtls_client_close,
  forget = primitives.dtls_client_forget,
})

---@class net.UDPSocket
local Server, server_number = udp_port.class({
  create = primitives.dtls_server_create,
  bind = primitives.dtls_server_bind,
  local_address = primitives.dtls_server_local_address,
  close = primitives.dtls_server_close,
  forget = primitives.dtls_server_forget,
})

-- What one of the kinds cannot do.

local function fail(ticket, message)
  soon(settle, ticket < 0 and -ticket or ticket, false, "state", message)
end

local NO_MULTICAST = "Multicast does not go with the option tls"

for _, methods in ipairs({ Client, Server }) do
  function methods:joinGroup(_, _, callbacks)
    return operate("joinGroup", callbacks, fail, NO_MULTICAST, self)
  end

  function methods:leaveGroup(_, _, callbacks)
    return operate("leaveGroup", callbacks, fail, NO_MULTICAST, self)
  end

  function methods.setMulticastTTL() return nil, NO_MULTICAST, "state" end

  function methods.setMulticastLoopback() return nil, NO_MULTICAST, "state" end
end

function Client:accept(callbacks)
  return operate("accept", callbacks, fail, "A client connects, it does not accept", self)
end

function Server:connect(_, _, callbacks)
  return operate("connect", callbacks, fail, "A server accepts, it does not connect", self)
end

function Server:sendTo(_, _, _, callbacks)
  return operate("sendTo", callbacks, fail, "A server sends through what it accepts", self)
end

function Server:receive(callbacks)
  return operate("receive", callbacks, fail, "A server receives through what it accepts", self)
end

function Server.droppedCount() return 0 end

-- Clients.

--- Shake hands with a server.
function Client:connect(host, port, callbacks)
  host = check.host(host, 1, "connect")
  port = check.port(port, 2, "connect")
  local id = client_number(self)
  -- If a session was over, there may be another one now.
  self.inbox.over = nil
  return operate("connect", callbacks, primitives.dtls_client_connect, id, host, port)
end

--- Send a datagram to the server; host and port may be nil.
function Client:sendTo(data, host, port, callbacks)
  if type(data) ~= "string" then data = check.string(data, 1, "sendTo", "data") end
  if host ~= nil or port ~= nil then
    host = check.host(host, 2, "sendTo")
    port = check.port(port, 3, "sendTo")
  end
  return operate("sendTo", callbacks, dtls_client_send, client_number(self), data, host, port)
end

-- Servers.

---@class net.DTLSPeer what a server accepts: one client, on the server's port
local DTLSPeer = class.new("DTLSPeer", function(peer)
  return udp_port.spell(peer.ip, peer.port) .. (peer.id and " (open)" or " (closed)")
end)
class.finalize(DTLSPeer, primitives.dtls_close)

inbox.mixin(DTLSPeer)

--- Send a datagram to the client.
function DTLSPeer:send(data, callbacks)
  if type(data) ~= "string" then data = check.string(data, 1, "send", "data") end
  return operate("send", callbacks, dtls_send, self.id, data)
end

--- The client's address and port.
function DTLSPeer:peerAddress()
  return self.ip, self.port
end

--- Say goodbye; callbacks that wait are dropped.
function DTLSPeer:close()
  local id = self.id
  if not id then return end
  class.close(self)
  self.inbox:close()
  primitives.dtls_close(id)
end

--- A task that waits was cancelled: a client that it would have got is for the next one.
tickets.undo(primitives.dtls_server_accept, function(_, id, _, ok, peer)
  if ok then primitives.dtls_server_return(id, peer) end
end)

--- On a bound server, the next client that has done its handshake:
--- success(peer, ip, port).
function Server:accept(callbacks)
  local function accepted(ok, id, ip, port)
    if not ok then return id, ip, port end
    class.sweep()
    local box = inbox.new(primitives.dtls_receive, self.options.timeout, self.max_queue)
    local peer = class.instance(DTLSPeer, { ip = ip, port = port, inbox = box })
    class.open(peer, id)
    box.id = id
    box.dropped = primitives.dtls_listen(id, box.listener) or 0
    return class.handle(peer), ip, port
  end
  return operate_with(accepted, "accept", callbacks, primitives.dtls_server_accept,
    server_number(self))
end

return { Client = Client, Server = Server }
