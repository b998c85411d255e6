-- net.WebSocketServer.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local tls, websocket = core.import("net/tls"), core.import("net/websocket_options")
local headers, listening = core.import("net/headers"), core.import("net/listening")
local options, reports = core.import("border/options"), core.import("border/reports")
local text, tickets = core.import("border/text"), core.import("border/tickets")
local call = reports.call
local server_send = primitives.websocket_server_send
local next, pairs, type, unpack = next, pairs, type, core.unpack
local floor, format = math.floor, string.format

---@class net.WebSocketServer
local WebSocketServer = class.new("WebSocketServer", listening.describe)

local ATTACHED_OPTIONS = websocket.with({
  origins = websocket.origins_kind,
  maxConnections = "count",
})
local SERVER_OPTIONS = { tls = tls.server_kind }
for name, kind in pairs(ATTACHED_OPTIONS) do SERVER_OPTIONS[name] = kind end

local CALLBACKS = {
  started = true,
  connected = true,
  receive = true,
  disconnected = true,
  error = true,
  accept = true,
}

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

--- The status that a client is refused with after what `accept` returned; nil for none.
local function status_of(accept, verdict)
  if verdict == nil or verdict == true then return nil end
  if verdict == false then return 403 end
  if type(verdict) == "number" and verdict == floor(verdict)
    and verdict >= 400 and verdict <= 599 then
    return floor(verdict)
  end
  reports.report(format(
    "%s: bad result of 'accept' (boolean or status of 400..599 expected, got %s)",
    reports.place_of(accept) or "?", text.show(verdict)))
  return 500
end

--- What hears of the clients. After `stop` only their ends are told.
local function server_handlers(self, id, callbacks)
  local handlers = {}
  local connected, receive = callbacks.connected, callbacks.receive
  local disconnected = callbacks.disconnected

  function handlers.connected(client, ...)
    if connected and self.id == id then
      call(self, "connected", connected, client, info_table(...))
    end
  end

  function handlers.receive(client, data, is_binary)
    if receive and self.id == id then call(self, "receive", receive, client, data, is_binary) end
  end

  function handlers.disconnected(client, code, reason)
    if disconnected then call(self, "disconnected", disconnected, client, code, reason) end
  end

  function handlers.accept(client, ...)
    if self.id ~= id then return end
    local accept, verdict = callbacks.accept, nil
    local function ask(info) verdict = accept(info) end
    -- A hook that raises refuses: what it would have said is not known.
    local status = 500
    if call(self, "accept", ask, info_table(...)) then status = status_of(accept, verdict) end
    primitives.websocket_server_accept(id, client, status)
  end

  return handlers
end

--- The callbacks of a script, copied: later changes of its table mean nothing.
local function check_callbacks(callbacks, index, method)
  if callbacks == nil then return {} end
  if type(callbacks) ~= "table" then
    check.fail(index, method, "callbacks", "table", callbacks)
  end
  local checked = {}
  for name, f in next, callbacks do
    if not CALLBACKS[name] then
      reports.raise(format("bad argument #%d to '%s' (unknown callback %s; %s)",
        index, method, text.show(name), options.known(CALLBACKS, name)))
    end
    checked[name] = check.callback(f, index, method, name)
  end
  return checked
end

--- Make what does not listen yet, and what hears of its clients.
local function open(self, callbacks)
  local id, message = primitives.websocket_server_create(unpack(self.packed))
  if not id then reports.raise(message) end
  class.open(self, id)
  local handlers = server_handlers(self, id, callbacks)
  self.listener = tickets.listen(function(event, ...) handlers[event](...) end)
end

--- Listen. The callbacks are `started(port)`, `error(message, code)`,
--- `connected(id, info)`, `receive(id, data, isBinary)`, `disconnected(id, code, reason)`
--- and `accept(info)`, which refuses with false or a status.
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
  return primitives.websocket_server_broadcast(self.id, data, is_binary and true or false)
end

--- Close one client's connection: true, or nil, message, code.
function WebSocketServer:close(id, code, reason)
  id = check.integer(id, 1, "close", "id", 1)
  code, reason = websocket.check_close(code, reason, 2, "close")
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
  local checked = options.check(given, SERVER_OPTIONS, "WebSocketServer")
  return class.handle(class.instance(WebSocketServer, { packed = options.pairs(checked) }))
end

--- One whose clients come by an HTTP server, in the options too the method's own.
local function attached(server, given, callbacks, method)
  local checked = options.check(given, ATTACHED_OPTIONS, method, 3)
  callbacks = check_callbacks(callbacks, 2, method)
  local object = class.instance(WebSocketServer, {
    packed = options.pairs(checked),
    server = server,
  })
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
