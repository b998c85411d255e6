-- net.WebSocketClient and net.WebSocketClientTls; net.WebSocketServer has its own file.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local events, options = core.import("border/events"), core.import("border/options")
local reconnect, tickets = core.import("border/reconnect"), core.import("border/tickets")
local websocket_connect = primitives.websocket_connect
local websocket_send = primitives.websocket_send
local type, pairs, concat, tostring = type, pairs, table.concat, tostring
local find, gsub, lower = string.find, string.gsub, string.lower
local unpack = core.unpack

local channel, tls = core.import("net/websocket_options"), core.import("net/tls")

local EVENTS = { "connected", "dataReceived", "disconnected", "error", "pong" }

--- Header pairs, flattened; a line end in one would be a header of its own.
local function flatten_headers(headers, index, method)
  local flat, protocols = {}, nil
  for name, value in pairs(headers or {}) do
    if type(name) ~= "string" or not find(name, "^[%w!#$%%&'*+%-.^_`|~]+$") then
      check.fail(index, method, "headers", "header name", name)
    end
    if type(value) == "number" then value = tostring(value) end
    if type(value) ~= "string" or find(value, "[\r\n%z]") then
      check.fail(index, method, "headers." .. name, "string without line ends", value)
    end
    if lower(name) == "sec-websocket-protocol" then
      protocols = gsub(value, "%s", "")
    else
      flat[#flat + 1], flat[#flat + 2] = name, value
    end
  end
  return flat, protocols
end

---@class net.WebSocketClient
local WebSocketClient = class.new("WebSocketClient", function(client)
  local state = client:isOpen() and "connected" or client.id and "connecting" or "closed"
  return client.url and client.url .. " (" .. state .. ")" or state
end, function(client, referenced)
  if client.schedule then client.schedule:reference(referenced) end
end)
events.mixin(WebSocketClient, EVENTS, "disconnected", {
  connected = function(client) return client.connection ~= nil and client.connection.open end,
})

local CLIENT_OPTIONS = channel.with({
  headers = "table",
  subprotocols = channel.names_kind,
  timeout = "milliseconds",
  reconnect = reconnect.kind,
  tls = tls.client_kind,
})

local open

--- One connection's events, for as long as it is the object's, and its end.
local function listen(self)
  local connection = {}
  local handlers = {}

  function handlers.connected(protocol)
    self.protocol, connection.open = protocol, true
    if self.schedule then self.schedule:opened() end
    events.opened(self)
    events.emit(self, "connected")
  end

  function handlers.dataReceived(data, is_binary)
    if not connection.closing then events.emit(self, "dataReceived", data, is_binary) end
  end

  function handlers.pong(data)
    if not connection.closing then events.emit(self, "pong", data) end
  end

  --- The connection is over: the next one may begin.
  local function over()
    tickets.drop(connection.ticket)
    connection.was_current = self.connection == connection
    if connection.was_current then
      self.connection, self.protocol = nil, nil
      class.close(self)
      if self.wanted and self.schedule then self.schedule:again() end
    end
  end

  --- Nothing more comes: the listeners that were told have not connected again.
  local function is_over()
    return connection.was_current and not self.connection
      and not (self.schedule and self.schedule:is_waiting())
  end

  function handlers.disconnected(code, reason, clean)
    over()
    -- Closed before the script was told that it is open: then it is not told at all.
    if connection.open then events.emit(self, "disconnected", code, reason, clean) end
    if is_over() then events.close(self, reason ~= "" and reason or "End of file", "eof") end
  end

  function handlers.error(message, code)
    over()
    if not connection.closing then
      events.fail(self, is_over, message, code, message, code)
    elseif is_over() then
      events.close(self, message, code)
    end
  end

  connection.ticket = tickets.listen(function(event, ...) handlers[event](...) end)
  return connection
end

function open(self)
  local connection = listen(self)
  local o = self.options
  local size, compression, interval, limit = channel.values(o)
  local id, message, code = websocket_connect(connection.ticket, self.url, o.timeout,
    self.protocols or o.subprotocols and concat(o.subprotocols, ","),
    size, compression, interval, limit, #self.secure, unpack(self.tail))
  if id == nil then
    tickets.drop(connection.ticket)
    return nil, message, code
  end
  self.connection = connection
  class.open(self, id)
  return id
end

--- Connect to a ws: or wss: URL; what comes of it is an event.
function WebSocketClient:connect(url, headers)
  url = check.string(url, 1, "connect", "url")
  if headers ~= nil and type(headers) ~= "table" then
    check.fail(2, "connect", "headers", "table", headers)
  end
  if self:isOpen() or (self.connection and not self.connection.closing) then
    return events.fail_later(self, "Already connected", "state", "Already connected", "state")
  end
  local all = {}
  for name, value in pairs(self.options.headers or {}) do all[name] = value end
  for name, value in pairs(headers or {}) do all[name] = value end
  local flat
  flat, self.protocols = flatten_headers(all, 2, "connect")
  -- The primitive takes TLS options and headers in one row at its end.
  self.secure = { tls.flatten(self.options.tls) }
  self.tail = {}
  for i = 1, #self.secure do self.tail[i] = self.secure[i] end
  for i = 1, #flat do self.tail[#self.secure + i] = flat[i] end
  if self.id then primitives.websocket_abort(self.id) end
  self.url, self.wanted = url, true
  if self.schedule then self.schedule:stop() end
  events.open(self)
  local id, message, code = open(self)
  if id == nil then
    self.wanted = nil
    if code == "protocol" then check.fail(1, "connect", "url", "ws: or wss: URL", url) end
    events.fail_later(self, message, code, message, code)
  end
end

local function send(self, data, is_binary, method)
  if type(data) ~= "string" then data = check.string(data, 1, method, "data") end
  local ok, message, code
  if self.id then
    ok, message, code = websocket_send(self.id, data, is_binary)
  else
    message, code = "Not connected", "state"
  end
  if ok then return true end
  events.fail_later(self, message, code, message, code)
  return nil, message, code
end

--- Send a text message.
function WebSocketClient:send(data) return send(self, data, false, "send") end

--- Send a binary message.
function WebSocketClient:sendBinary(data) return send(self, data, true, "sendBinary") end

function WebSocketClient:ping(data)
  data = data == nil and "" or check.string(data, 1, "ping", "data")
  if not self.id then return nil, "Not connected", "state" end
  return primitives.websocket_ping(self.id, data)
end

--- Close; an open connection's `disconnected` still comes, nothing else does.
function WebSocketClient:close(code, reason)
  code, reason = channel.check_close(code, reason, 1, "close")
  self.wanted = nil
  if self.schedule then self.schedule:stop() end
  local connection = self.connection
  if connection and not connection.closing then
    connection.closing = true
    primitives.websocket_close(self.id, code, reason)
  end
  events.leave(self, connection and connection.open and "disconnected" or nil)
end

function WebSocketClient:isOpen()
  return self.id ~= nil and primitives.websocket_is_open(self.id) == true
end

function WebSocketClient:bufferedAmount()
  return self.id and primitives.websocket_buffered_amount(self.id) or 0
end

--- The subprotocol that the server chose, or nil.
function WebSocketClient:subprotocol() return self.protocol end

local function client(name)
  return function(given)
    local checked = options.check(given, CLIENT_OPTIONS, name, 1, true)
    local self = class.instance(WebSocketClient, { options = checked })
    if checked.reconnect then
      self.schedule = reconnect.new(checked.reconnect, function() open(self) end)
    end
    return class.handle(self)
  end
end

return {
  WebSocketClient = client("WebSocketClient"),
  WebSocketClientTls = client("WebSocketClientTls"),
}
