-- net.WebSocketServer.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local channel, tls = core.import("net/websocket_options"), core.import("net/tls")
local headers, listening = core.import("net/headers"), core.import("net/listening")
local options, reports = core.import("border/options"), core.import("border/reports")
local tickets = core.import("border/tickets")
local protect = reports.protect
local server_send = primitives.websocket_server_send
local type, concat = type, table.concat

---@class net.WebSocketServer
local WebSocketServer = class.new("WebSocketServer", listening.describe)

local ATTACHED_OPTIONS = channel.with({
  subprotocols = channel.names_kind,
  origins = channel.names_kind,
  maxConnections = "count",
})
local SERVER_OPTIONS = { tls = tls.server_kind }
for name, kind in pairs(ATTACHED_OPTIONS) do SERVER_OPTIONS[name] = kind end

local CALLBACKS = { "started", "connected", "receive", "disconnected", "error", "accept" }

local function info_table(ip, port, path, origin, subprotocol, ...)
  return {
    ip = ip, port = port, path = path, origin = origin, subprotocol = subprotocol,
    headers = headers.table({ ... }, 1),
  }
end

listening.mixin(WebSocketServer, primitives, "websocket_server")
local own_port = WebSocketServer.port

--- The port it listens on, or that of the HTTP server it is attached to; or nil.
function WebSocketServer:port()
  if self.server then return self:isRunning() and self.server:port() or nil end
  return own_port(self)
end

local function server_handlers(self, id, callbacks)
  local handlers = {}
  local function call(name, ...)
    local f = callbacks[name]
    if f then protect(f, ...) end
  end
  function handlers.connected(client, ...)
    if callbacks.connected then call("connected", client, info_table(...)) end
  end
  function handlers.receive(client, data, is_binary) call("receive", client, data, is_binary) end
  function handlers.disconnected(client, code, reason)
    call("disconnected", client, code, reason)
  end
  function handlers.accept(number, ...)
    local verdict
    -- A hook that raises refuses: what it would have said is not known.
    local good = protect(function(info) verdict = callbacks.accept(info) end, info_table(...))
    local status
    if not good then
      status = 500
    elseif verdict == false then
      status = 403
    elseif type(verdict) == "number" then
      status = verdict
    end
    primitives.websocket_server_accept(id, number, status)
  end
  return handlers
end

local function check_callbacks(callbacks, index, method)
  if callbacks == nil then return {} end
  if type(callbacks) ~= "table" then
    check.fail(index, method, "callbacks", "table", callbacks)
  end
  for i = 1, #CALLBACKS do
    local f = callbacks[CALLBACKS[i]]
    if f ~= nil then check.callback(f, index, method, CALLBACKS[i]) end
  end
  return callbacks
end

--- Make what does not listen yet, and what hears of its clients.
local function open(self, callbacks)
  local o = self.options
  local size, compression, interval, limit = channel.values(o)
  local id, message = primitives.websocket_server_create(
    o.origins and concat(o.origins, "\n"), o.subprotocols and concat(o.subprotocols, ","),
    o.maxConnections, size, compression, interval, limit, tls.flatten(o.tls))
  if not id then reports.raise(message) end
  class.open(self, id)
  local handlers = server_handlers(self, id, callbacks)
  self.listener = tickets.listen(function(event, ...) handlers[event](...) end)
end

--- Listen; see the contract for the callbacks.
function WebSocketServer:start(host, port, callbacks)
  local address
  address, port = listening.address(host, port)
  callbacks = check_callbacks(callbacks, 3, "start")
  local answers
  if callbacks.started or callbacks.error then
    answers = { success = callbacks.started, error = callbacks.error }
  end
  return listening.start(self, function() open(self, callbacks) end, nil, answers, host,
    primitives.websocket_server_start, address, port, callbacks.accept ~= nil)
end

local function to_client(self, id, data, is_binary, method)
  id = check.integer(id, 1, method, "id", 1)
  if type(data) ~= "string" then data = check.string(data, 2, method, "data") end
  if not self.id then return nil, "Not connected", "state" end
  return server_send(self.id, id, data, is_binary)
end

--- Send a text message to a client: true, or nil, message, code.
function WebSocketServer:send(id, data) return to_client(self, id, data, false, "send") end

function WebSocketServer:sendBinary(id, data)
  return to_client(self, id, data, true, "sendBinary")
end

--- Send to all clients; returns how many it went to.
function WebSocketServer:broadcast(data, is_binary)
  data = check.string(data, 1, "broadcast", "data")
  if not self.id then return 0 end
  return primitives.websocket_server_broadcast(self.id, data, is_binary or false)
end

--- Close one client's connection.
function WebSocketServer:close(id, code, reason)
  id = check.integer(id, 1, "close", "id", 1)
  code, reason = channel.check_close(code, reason, 2, "close")
  if not self.id then return nil, "Not connected", "state" end
  return primitives.websocket_server_close_client(self.id, id, code, reason)
end

--- The ids of the clients.
function WebSocketServer:getClients()
  if not self.id then return {} end
  return { primitives.websocket_server_clients(self.id) }
end

function WebSocketServer:bufferedAmount(id)
  id = check.integer(id, 1, "bufferedAmount", "id", 1)
  return self.id and primitives.websocket_server_buffered_amount(self.id, id) or 0
end

local function new(given)
  return class.handle(class.instance(WebSocketServer, {
    options = options.check(given, SERVER_OPTIONS, "WebSocketServer"),
  }))
end

--- One whose clients come by an HTTP server, in the options too the method's own.
local function attached(server, given, callbacks, method)
  local checked = options.check(given, ATTACHED_OPTIONS, method, 3)
  callbacks = check_callbacks(callbacks, 2, method)
  local object = class.instance(WebSocketServer, { options = checked, server = server })
  --- Be reachable (again) by the server.
  local function attach()
    if not object:isRunning() then
      tickets.drop(object.listener)
      open(object, callbacks)
      primitives.websocket_server_attach(object.id, object.listener, callbacks.accept ~= nil)
    end
    return object.id
  end
  return object, attach, callbacks.started
end

return { WebSocketServer = new, attached = attached }
