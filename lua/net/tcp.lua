-- net.TCPSocket and net.TCPServer.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local hosts, listening = core.import("net/hosts", "resolve"), core.import("net/listening")
local options, reports = core.import("border/options"), core.import("border/reports")
local tickets, tls = core.import("border/tickets"), core.import("net/tls")
local pack = options.pack
local call, operate, operate_with = reports.call, tickets.operate, tickets.operate_with
local ask_now, operate_again = tickets.ask_now, tickets.operate_again
local tcp_create, tcp_connect = primitives.tcp_create, primitives.tcp_connect
local tcp_read, tcp_write = primitives.tcp_read, primitives.tcp_write
local tcp_read_exactly = primitives.tcp_read_exactly
local tcp_read_until = primitives.tcp_read_until
local tcp_read_all, tcp_shutdown = primitives.tcp_read_all, primitives.tcp_shutdown
local tcp_close, tcp_forget = primitives.tcp_close, primitives.tcp_forget
local tcp_state, tcp_unread = primitives.tcp_state, primitives.tcp_unread
local find, pairs, type = string.find, pairs, type

local SOCKET_OPTIONS = {
  timeout = "milliseconds",
  noDelay = "boolean",
  keepAlive = "boolean",
  localAddress = hosts.address_kind,
  maxBuffer = "count",
  maxWriteBuffer = "count",
  allowHalfOpen = "boolean",
  tls = tls.client_kind,
}

--- The options of a server that are its clients' too.
local function client_options(o)
  local own = {}
  for name in pairs(SOCKET_OPTIONS) do own[name] = o[name] end
  return own
end

local function describe(socket)
  local state, host, port = tcp_state(socket.id)
  if not state then return "closed" end
  if not host or host == "" then return state end
  if port then host = (find(host, ":", 1, true) and "[" .. host .. "]" or host) .. ":" .. port end
  return host .. " (" .. state .. ")"
end

---@class net.TCPSocket
local TCPSocket = class.new("TCPSocket", describe)
class.finalize(TCPSocket, tcp_forget)

local function is_open(socket)
  local state = socket.id and tcp_state(socket.id)
  return state == "connected" or state == "connecting"
end

--- Connect to a name, an IPv4 or IPv6 address, or "unix:/path" with port nil.
function TCPSocket:connect(host, port, callbacks)
  local address
  address, port = check.address(host, port, 1, "connect", check.host)
  tickets.check_first("connect", callbacks)
  local is_new = not is_open(self)
  if is_new then
    if self.id then tcp_forget(self.id) end
    class.sweep()
    local id, message = tcp_create(pack(self.options))
    if not id then reports.raise(message) end
    class.open(self, id)
  end
  local id = self.id
  local function failed(ok, ...)
    if ok == nil and is_new then tcp_close(id) end
    -- The number stays while an older connection is what it stands for.
    if not ok and self.id == id and not is_open(self) then self.id = nil end
    return ...
  end
  return operate_with(failed, "connect", callbacks, tcp_connect, id, address, port)
end

-- A task that waits for a read was cancelled: what it would have got is for the next one.

local function unread(ticket, id)
  ask_now()
  tcp_unread(id, ticket)
end

tickets.undo(tcp_read, unread)
tickets.undo(tcp_read_exactly, unread)
tickets.undo(tcp_read_all, unread)
tickets.undo(tcp_read_until, unread)

--- Whatever has arrived, at least one byte.
function TCPSocket:read(callbacks)
  return operate_again("read", callbacks, tcp_read, self.id)
end

--- Exactly `count` bytes.
function TCPSocket:readExactly(count, callbacks)
  count = check.integer(count, 1, "readExactly", "count", 0)
  ask_now()
  return operate("readExactly", callbacks, tcp_read_exactly, self.id, count)
end

--- What comes before `delimiter`, which is taken too.
function TCPSocket:readUntil(delimiter, callbacks)
  delimiter = check.string(delimiter, 1, "readUntil", "delimiter")
  if delimiter == "" then
    check.fail(1, "readUntil", "delimiter", "at least one byte", delimiter)
  end
  ask_now()
  return operate("readUntil", callbacks, tcp_read_until, self.id, delimiter)
end

--- Everything until the peer closes.
function TCPSocket:readAll(callbacks)
  ask_now()
  return operate("readAll", callbacks, tcp_read_all, self.id)
end

--- Send; succeeds when the data is accepted and not too much waits to be sent.
function TCPSocket:write(data, callbacks)
  if type(data) ~= "string" then data = check.string(data, 1, "write", "data") end
  return operate("write", callbacks, tcp_write, self.id, data)
end

TCPSocket.send = TCPSocket.write

--- Speak TLS from now on, for STARTTLS: on a connected socket as the client, on one
--- that a server accepted as the server.
function TCPSocket:startTLS(given, callbacks)
  if given == nil then given = true end
  local checked = tls.check(given, "startTLS", 1, self.accepted)
  if not checked then check.fail(1, "startTLS", "tls", "true or table", given) end
  ask_now()
  return operate("startTLS", callbacks, primitives.tcp_start_tls, self.id, pack(checked))
end

--- No more writes; what the peer sends can still be read.
function TCPSocket:shutdown(callbacks)
  return operate("shutdown", callbacks, tcp_shutdown, self.id)
end

--- Close. What was written is sent; callbacks that wait are dropped.
function TCPSocket:close()
  local id = self.id
  if id then
    ask_now()
    tcp_close(id)
    class.close(self)
  end
end

function TCPSocket:isConnected()
  return self.id ~= nil and tcp_state(self.id) == "connected"
end

--- The address and port of this end.
function TCPSocket:localAddress()
  return primitives.tcp_local_address(self.id)
end

--- The address and port of the other end.
function TCPSocket:peerAddress()
  return primitives.tcp_peer_address(self.id)
end

--- The protocol that both ends have chosen in the TLS handshake (option alpn), or nil.
function TCPSocket:alpn()
  return primitives.tcp_alpn(self.id)
end

--- How many bytes wait to be taken by the system.
function TCPSocket:bufferedAmount()
  return self.id and primitives.tcp_buffered_amount(self.id) or 0
end

---@class net.TCPServer
local TCPServer = class.new("TCPServer", listening.describe)

local SERVER_OPTIONS = {
  maxConnections = "count",
  backlog = listening.backlog_kind,
  reusePort = "boolean",
  idleTimeout = "milliseconds",
}
for name, kind in pairs(SOCKET_OPTIONS) do SERVER_OPTIONS[name] = kind end
SERVER_OPTIONS.tls = tls.server_kind

listening.mixin(TCPServer, primitives, "tcp_server")

--- Listen; `onClient(client, ip, port)` gets each client as a TCPSocket.
function TCPServer:start(host, port, onClient, callbacks)
  local address
  address, port = listening.address(host, port)
  check.callback(onClient, 3, "start", "onClient")
  local function open()
    local o = self.options
    local id, message = primitives.tcp_server_create(pack(o))
    if not id then reports.raise(message) end
    class.open(self, id)
    local of_clients = client_options(o)
    self.listener = tickets.listen(function(client_id, ip, client_port)
      class.sweep()
      local client = class.instance(TCPSocket, { options = of_clients, accepted = true })
      class.open(client, client_id)
      call(self, "onClient", onClient, class.handle(client), ip, client_port)
    end)
  end
  return listening.start(self, open, nil, callbacks, host, primitives.tcp_server_start,
    address, port)
end

function TCPServer:clientCount()
  return self.id and primitives.tcp_server_client_count(self.id) or 0
end

return {
  TCPSocket = function(given)
    return class.handle(class.instance(TCPSocket, {
      options = options.check(given, SOCKET_OPTIONS, "TCPSocket", 1, true),
    }))
  end,
  TCPServer = function(given)
    return class.handle(class.instance(TCPServer, {
      options = options.check(given, SERVER_OPTIONS, "TCPServer"),
    }))
  end,
}
