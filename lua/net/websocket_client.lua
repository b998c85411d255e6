-- net.WebSocketClient and net.WebSocketClientTls; net.WebSocketServer has its own file.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local events, options = core.import("border/events"), core.import("border/options")
local reconnect, reports = core.import("border/reconnect"), core.import("border/reports")
local tickets = core.import("border/tickets")
local tls, websocket = core.import("net/tls"), core.import("net/websocket_options")
local websocket_connect, websocket_send = primitives.websocket_connect, primitives.websocket_send
local websocket_is_open = primitives.websocket_is_open
local format, gsub, type, unpack = string.format, string.gsub, type, core.unpack

local EVENTS = { "connected", "dataReceived", "disconnected", "error", "pong" }

local CLIENT_OPTIONS = websocket.with({
  headers = "table",
  timeout = "milliseconds",
  reconnect = reconnect.kind,
  tls = tls.client_kind,
})

-- States of a client: without a connection; with one that is `connecting`, then `open`
-- from the event `connected` on, and maybe `closing`, when the script has closed it. With
-- reconnect it may be without one and `schedule` waits. A client that connects anew while
-- its old connection is closing has the new one; of the old one only the end is told.
---@class eplua.websocket.Connection
---@field ticket integer the listener's
---@field open boolean|nil `connected` was told
---@field closing boolean|nil the script has closed it
---@field was_current boolean|nil it is over, and was the client's until then

---@class net.WebSocketClient
---@field addEventListener fun(self, name: string, f: function)
---@field removeEventListener fun(self, name: string, f: function|nil)
---@field wait fun(self, name: string, milliseconds: number|nil): any
local WebSocketClient = class.new("WebSocketClient", function(client)
  local connection = client.connection
  local state = "closed"
  if connection then
    state = connection.closing and "closing" or connection.open and "connected" or "connecting"
  elseif client.schedule and client.schedule:is_waiting() then
    state = "connecting"
  end
  -- Not who it connects as.
  return client.url and gsub(client.url, "^(%a+://)[^/?#]*@", "%1") .. " (" .. state .. ")" or state
end, function(client, referenced)
  if client.schedule then client.schedule:reference(referenced) end
end)

events.mixin(WebSocketClient, EVENTS, "disconnected", {
  connected = function(client) return client.connection ~= nil and client.connection.open end,
})

--- One connection's events, and its end.
---@return eplua.websocket.Connection, fun(code: string, message: string) the end of an
--- attempt
local function listen(self)
  local connection, handlers = {}, {}

  function handlers.connected(subprotocol)
    if connection.closing then return end
    connection.open, self.chosen = true, subprotocol
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
      self.connection, self.chosen = nil, nil
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

  handlers["error"] = function(code, message)
    over()
    if not connection.closing then
      events.fail(self, is_over, message, code, message, code)
    elseif is_over() then
      events.close(self, message, code)
    end
  end

  connection.ticket = tickets.listen(function(event, ...) handlers[event](...) end)
  return connection, handlers["error"]
end

--- Begin a connection.
local function open(self)
  local connection, fail = listen(self)
  self.connection = connection
  local id, message, code = websocket_connect(connection.ticket, self.url, unpack(self.packed))
  if id then
    class.open(self, id)
  else
    class.close(self)
    tickets.soon(fail, code, message)
  end
end

local function ignored(name)
  reports.warn_once(format("the header %s is made by the handshake: this one is not sent", name))
end

--- Connect to a ws: or wss: URL; what comes of it is an event.
function WebSocketClient:connect(url, headers)
  url = check.string(url, 1, "connect", "url")
  if headers ~= nil and type(headers) ~= "table" then
    check.fail(2, "connect", "headers", "table", headers)
  end
  local flat, protocols = websocket.headers(headers or {}, self.headers, 2, "connect", ignored)
  local good, expected = primitives.websocket_check(url)
  if not good then check.fail(1, "connect", "url", expected, url) end
  local connection = self.connection
  if connection and not connection.closing then
    return events.fail_later(self, "Already connected", "state", "Already connected", "state")
  end
  -- The end of one that is still closing is told before anything of the new one.
  if connection and self.id then primitives.websocket_disown(self.id) end
  self.packed = options.pairs(self.options)
  options.append(self.packed, "subprotocols", protocols or self.subprotocols)
  options.append(self.packed, "headers", flat)
  self.url, self.wanted = url, true
  if self.schedule then self.schedule:stop() end
  events.open(self)
  open(self)
end

local function send(self, data, is_binary, method)
  if type(data) ~= "string" then data = check.string(data, 1, method, "data") end
  local id, ok, message, code = self.id, nil, "Not connected", "state"
  if id then ok, message, code = websocket_send(id, data, is_binary) end
  if ok then return true end
  events.fail_later(self, message, code, message, code)
  return nil, message, code
end

--- Send a text message: true, or nil, message, code, and the event `error`.
function WebSocketClient:send(data) return send(self, data, false, "send") end

--- Send a binary message.
function WebSocketClient:sendBinary(data) return send(self, data, true, "sendBinary") end

--- Send a ping, with at most 125 bytes: true, or nil, message, code.
function WebSocketClient:ping(data)
  data = data == nil and "" or check.string(data, 1, "ping", "data")
  if not self.id then return nil, "Not connected", "state" end
  return primitives.websocket_ping(self.id, data)
end

--- Close. Of an open connection `disconnected` still comes, nothing else does. Returns
--- true, or nil, message, code: then nothing was closed.
function WebSocketClient:close(code, reason)
  code, reason = websocket.check_close(code, reason, 1, "close")
  local connection = self.connection
  if connection and not connection.closing then
    if self.id then
      local ok, message, problem = primitives.websocket_close(self.id, code, reason)
      if not ok and problem == "protocol" then return nil, message, problem end
    end
    connection.closing = true
  end
  self.wanted = nil
  if self.schedule then self.schedule:stop() end
  events.leave(self, connection and connection.open and "disconnected" or nil)
  return true
end

--- The handshake is done and nobody has begun to close.
function WebSocketClient:isOpen()
  return self.id ~= nil and websocket_is_open(self.id) == true
end

--- Bytes that were sent and that the system has not taken yet.
function WebSocketClient:bufferedAmount()
  return self.id and primitives.websocket_buffered_amount(self.id) or 0
end

--- The subprotocol that the server chose, or nil.
function WebSocketClient:subprotocol() return self.chosen end

local function constructor(name)
  return function(given)
    local checked = options.check(given, CLIENT_OPTIONS, name, 1, true)
    local flat, protocols = websocket.headers(checked.headers or {}, {}, 1, name, ignored)
    local self = class.instance(WebSocketClient, {
      options = checked,
      headers = flat,
      subprotocols = protocols or checked.subprotocols,
    })
    if checked.reconnect then
      self.schedule = reconnect.new(checked.reconnect, function() open(self) end)
    end
    checked.headers, checked.subprotocols, checked.reconnect = nil, nil, nil
    -- Without options TLS is what the URL says.
    checked.tls = checked.tls or nil
    return class.handle(self)
  end
end

return {
  WebSocketClient = constructor("WebSocketClient"),
  WebSocketClientTls = constructor("WebSocketClientTls"),
}
