-- mqtt.Client, mqtt.QoS, mqtt.ConnectReturnCode, mqtt.ErrorCode.

local core, primitives = ...

local check, class = core.import("border/check"), core.import("border/class")
local events, reconnect = core.import("border/events"), core.import("border/reconnect")
local mqtt_options = core.import("mqtt/options")
local reports, tickets = core.import("border/reports"), core.import("border/tickets")
local timers = core.import("timers", "timers")
local protect, type, pairs, unpack = reports.protect, type, pairs, core.unpack
local mqtt_publish, mqtt_handled = primitives.mqtt_publish, primitives.mqtt_handled
local emit, upper = events.emit, string.upper

local EVENTS = {
  "connected", "closed", "message", "error", "subscribed", "unsubscribed", "published",
}

--- What `error.code` and the number of a callback are where the broker gave none.
local ErrorCode = {
  TIMEOUT = -1,
  EOF = -2,
  REFUSED = -3,
  RESET = -4,
  UNREACHABLE = -5,
  DNS = -6,
  DENIED = -7,
  TLS = -8,
  STATE = -9,
  LIMIT = -10,
  PROTOCOL = -11,
  INTERNAL = -12,
}

local function number_of(code) return ErrorCode[upper(code)] or ErrorCode.INTERNAL end

---@class mqtt.Client
local Client = class.new("mqtt.Client", function(client)
  local state = client:isConnected() and "connected" or client.id and "connecting" or "closed"
  return client.uri .. " (" .. state .. ")"
end, function(client, referenced)
  if client.schedule then client.schedule:reference(referenced) end
end)
events.mixin(Client, EVENTS, "closed")

--- Call the script's callback, but not within its own call. Returns nil.
local function later(callback, number)
  if callback then timers.call_later(0, function() protect(callback, number) end) end
  return nil
end

--- The first outcome of `connect`, for its own callback.
local function outcome(self, number)
  local callback = self.callback
  if callback then
    self.callback = nil
    protect(callback, number)
  end
end

--- The client is over: nothing of it comes any more.
local function forget(self)
  tickets.drop(self.ticket)
  if self.schedule then self.schedule:stop() end
  class.close(self)
  self.ticket, self.waiting = nil, {}
end

--- A connection, or an attempt at one, is over: tell those who listen, then those
--- who wait for something else.
local function over(self, message, code, ...)
  local last = not (self.wanted and self.schedule)
  if last then forget(self) else self.schedule:again() end
  emit(self, ...)
  if last then events.close(self, message, code) end
end

local handlers = {}

function handlers.connected(self, session_present, epoch)
  self.epoch = epoch
  if self.schedule then self.schedule:opened() end
  outcome(self, 0)
  emit(self, "connected", { sessionPresent = session_present, returnCode = 0 })
end

function handlers.message(self, topic, payload, packet_id, qos, retain, dup)
  emit(self, "message", {
    topic = topic,
    payload = payload,
    packetId = packet_id,
    qos = qos,
    retain = retain,
    dup = dup,
  })
  -- Only what was handled is acknowledged; a script that dies over it gets it again.
  if qos == 1 and self.id then mqtt_handled(self.id, packet_id, self.epoch) end
end

function handlers.published(self, packet_id)
  emit(self, "published", { packetId = packet_id })
end

function handlers.subscribed(self, packet_id, ...)
  emit(self, "subscribed", { packetId = packet_id, results = { ... } })
end

function handlers.unsubscribed(self, packet_id)
  emit(self, "unsubscribed", { packetId = packet_id })
end

function handlers.done(self, n)
  local callback = self.waiting[n]
  if callback then
    self.waiting[n] = nil
    protect(callback, 0)
  end
end

function handlers.closed(self, message, code)
  local callbacks = self.leaving or {}
  self.leaving = nil
  over(self, message, code, "closed", {})
  for i = 1, #callbacks do protect(callbacks[i], 0) end
end

handlers["error"] = function(self, message, code, number)
  number = number or number_of(code)
  outcome(self, number)
  over(self, message, code, "error", { code = number, message = message })
end

-- Lua keeps the callback under a number until Python says that it is done.
local function keep(self, callback)
  if not callback then return 0 end
  local n = self.kept + 1
  self.kept, self.waiting[n] = n, callback
  return n
end

--- The packet id, or what became of the attempt to get one.
local function result(self, method, n, callback, id, message, code)
  if id then return id end
  if n ~= 0 then self.waiting[n] = nil end
  if code == "protocol" then check.fail(1, method, "topic", message, callback.topic) end
  return later(callback.f, number_of(code))
end

--- Subscribe to one topic filter, or several; returns the packet id.
function Client:subscribe(topic, opts)
  local qos, callback = mqtt_options.operation(opts, "subscribe")
  local list = mqtt_options.filters(topic, qos, "subscribe")
  if not self.id then return later(callback, ErrorCode.STATE) end
  local n = keep(self, callback)
  return result(self, "subscribe", n, { f = callback, topic = topic },
    primitives.mqtt_subscribe(self.id, n, unpack(list)))
end

function Client:unsubscribe(topic, opts)
  local _, callback = mqtt_options.operation(opts, "unsubscribe")
  local list = mqtt_options.topics(topic, "unsubscribe")
  if not self.id then return later(callback, ErrorCode.STATE) end
  local n = keep(self, callback)
  return result(self, "unsubscribe", n, { f = callback, topic = topic },
    primitives.mqtt_unsubscribe(self.id, n, unpack(list)))
end

--- Publish; returns the packet id, or nil when it cannot be.
function Client:publish(topic, payload, opts)
  mqtt_options.check_topic(topic, 1, "publish", "topic")
  if type(payload) ~= "string" then payload = check.string(payload, 2, "publish", "payload") end
  mqtt_options.check_payload(payload, 2, "publish", "payload")
  local qos, callback, retain = 0, nil, false
  if opts ~= nil then qos, callback, retain = mqtt_options.operation(opts, "publish", 3) end
  local id = self.id
  if not id then return later(callback, ErrorCode.STATE) end
  local n = callback and keep(self, callback) or 0
  local packet_id, message, code = mqtt_publish(id, topic, payload, qos, retain, n)
  if packet_id then return packet_id end
  return result(self, "publish", n, { f = callback, topic = topic }, nil, message, code)
end

--- Leave. An open connection's `closed` still comes, nothing else does.
function Client:disconnect(opts)
  local _, callback = mqtt_options.operation(opts, "disconnect", 1)
  self.wanted = false
  if not self.id then return later(callback, 0) end
  if primitives.mqtt_disconnect(self.id) then
    self.leaving = self.leaving or {}
    self.leaving[#self.leaving + 1] = callback
    return
  end
  forget(self)
  self.callback = nil
  events.close(self, "Operation canceled", "closed")
  later(callback, 0)
end

function Client:isConnected()
  return self.id ~= nil and primitives.mqtt_is_connected(self.id) == true
end

--- Connect to a broker: mqtt://, mqtts://, ws://, wss:// or a bare host.
local function connect(uri, opts)
  uri = check.string(uri, 1, "connect", "uri")
  local o = mqtt_options.connection(opts)
  local whole, secure = primitives.mqtt_parse(uri, o.port, o.tls and true or false)
  if not whole then check.fail(1, "connect", "uri", secure, uri) end
  local self = class.instance(Client, {
    uri = whole,
    callback = o.callback,
    wanted = true,
    waiting = {},
    kept = 0,
  })
  if o.reconnect then
    self.schedule = reconnect.new(o.reconnect, function() primitives.mqtt_reconnect(self.id) end)
  end
  self.ticket = tickets.listen(function(event, ...) handlers[event](self, ...) end)
  local will = o.lastWill or {}
  local id, message, code = primitives.mqtt_connect(self.ticket, whole, o.clientId,
    o.protocolVersion or 4, o.cleanSession or false, o.keepAlivePeriod or 0,
    o.username, o.password,
    will.topic, will.payload or "", will.qos or 0, will.retain or false,
    o.timeout, o.reconnect and true or false, o.maxQueue, o.maxMessageSize,
    mqtt_options.flatten_tls(secure and o.tls))
  if id then
    class.open(self, id)
    return class.handle(self)
  end
  forget(self)
  if code == "protocol" then
    reports.raise("bad argument #2 to 'connect' (" .. message .. ")")
  end
  self.wanted = false
  timers.call_later(0, function() handlers["error"](self, message, code) end)
  return class.handle(self)
end

local function constants(named)
  local copy = {}
  for name, value in pairs(named) do copy[name] = value end
  return copy
end

return {
  Client = { connect = connect },
  QoS = { AT_MOST_ONCE = 0, AT_LEAST_ONCE = 1, EXACTLY_ONCE = 2 },
  ConnectReturnCode = {
    CONNECTION_ACCEPTED = 0,
    UNACCEPTABLE_PROTOCOL_VERSION = 1,
    IDENTIFIER_REJECTED = 2,
    SERVER_UNAVAILABLE = 3,
    BAD_USERNAME_OR_PASSWORD = 4,
    NOT_AUTHORIZED = 5,
  },
  ErrorCode = constants(ErrorCode),
}
