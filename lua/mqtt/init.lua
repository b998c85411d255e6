-- mqtt.Client, mqtt.QoS, mqtt.ConnectReturnCode, mqtt.ErrorCode.

local core, primitives = ...

local callbacks, check = core.import("border/callbacks"), core.import("border/check")
local class, events = core.import("border/class"), core.import("border/events")
local mqtt_options, reconnect = core.import("mqtt/options"), core.import("border/reconnect")
local reports, tickets = core.import("border/reports"), core.import("border/tickets")
local call, here, spell = reports.call, reports.here, reports.spell
local pairs, type, unpack = pairs, type, core.unpack
local format, upper, sort = string.format, string.upper, table.sort
local mqtt_publish, mqtt_handled = primitives.mqtt_publish, primitives.mqtt_handled
local emit = events.emit

local REFUSED = 128 -- reason codes of MQTT 5 from here on are errors

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

local numbers = {}
for name, number in pairs(ErrorCode) do numbers[name] = number end

local function number_of(code) return numbers[upper(code)] or numbers.INTERNAL end

-- The fields of a client:
--   id          the number of Python's client, until the client is over
--   ticket      the listener of its events
--   present     what the last `connected` said of the session, while connected
--   schedule    when it connects again, if it does
--   leaving     `disconnect` was called: the callbacks of those calls
--   requests    what is told when a request is done, by a number that Python knows: the
--               script's callback; and where it asked without one, to say so if it fails
local function connected_event(client)
  return { sessionPresent = client.present, returnCode = 0 }
end

---@class mqtt.Client
local Client = class.new("mqtt.Client", function(client)
  local state = client:isConnected() and "connected" or client.id and "connecting" or "closed"
  return client.uri .. " (" .. state .. ")"
end, function(client, referenced)
  if client.schedule then client.schedule:reference(referenced) end
end)
events.mixin(Client, EVENTS, "closed", {
  connected = function(client) return client.present ~= nil and connected_event(client) end,
})

--- Call the script's callback, but not within its own call.
local function later(self, callback, number)
  if callback then tickets.soon(call, self, "callback", callback, number) end
end

--- The first outcome of `connect`, for its own callback.
local function outcome(self, number)
  local callback = self.callback
  if callback then
    self.callback = nil
    call(self, "callback", callback, number)
  end
end

--- Take what is told when a request is done; none of one that nobody can be told of.
local function take(self, n)
  local request = self.requests[n]
  self.requests[n] = nil
  return request
end

local function unheard(request, message, code)
  callbacks.unheard(message, code, spell(request.script, request.line), "callback")
end

--- The client is over: nothing of it comes any more.
local function forget(self)
  tickets.drop(self.ticket)
  if self.schedule then self.schedule:stop() end
  class.close(self)
  self.ticket, self.present = nil, nil
end

--- What was asked for and will never be done.
local function abandon(self, number)
  local order, requests = {}, self.requests
  self.requests = {}
  for n in pairs(requests) do order[#order + 1] = n end
  sort(order)
  for i = 1, #order do
    -- Without a callback the event of the end says it.
    local callback = requests[order[i]].callback
    if callback then call(self, "callback", callback, number) end
  end
end

--- A connection, or an attempt at one, is over: whether it was the last one.
local function over(self)
  self.present = nil
  if not self.leaving and self.schedule then
    self.schedule:again()
    return false
  end
  forget(self)
  return true
end

local handlers = {}

function handlers.connected(self, session_present)
  if self.schedule then self.schedule:opened() end
  events.opened(self)
  self.present = session_present
  outcome(self, 0)
  emit(self, "connected", connected_event(self))
end

function handlers.message(self, topic, payload, packet_id, qos, retain, dup, number)
  if self.leaving then return end
  emit(self, "message", {
    topic = topic,
    payload = payload,
    packetId = packet_id,
    qos = qos,
    retain = retain,
    dup = dup,
  })
  -- Only what was handled is acknowledged; a script that dies over it gets it again.
  if number and self.id then mqtt_handled(self.id, number) end
end

function handlers.published(self, packet_id, reason, n)
  local request = take(self, n or 0)
  local refused = reason and reason >= REFUSED
  if request and request.callback then
    call(self, "callback", request.callback, refused and reason or 0)
  end
  local heard = emit(self, "published", { packetId = packet_id, reasonCode = reason })
  if refused and not heard and request and not request.callback then
    unheard(request, "the broker refused a message", format("reason %d", reason))
  end
end

function handlers.subscribed(self, packet_id, ...)
  emit(self, "subscribed", { packetId = packet_id, results = { ... } })
end

function handlers.unsubscribed(self, packet_id, reason)
  emit(self, "unsubscribed", { packetId = packet_id, reasonCode = reason })
end

function handlers.done(self, n)
  local request = take(self, n)
  if request and request.callback then call(self, "callback", request.callback, 0) end
end

function handlers.failed(self, n, code, message)
  local request = take(self, n)
  if request and request.callback then
    call(self, "callback", request.callback, number_of(code))
  elseif request then
    unheard(request, message, code)
  end
end

function handlers.closed(self, code, message)
  local leaving = self.leaving
  local last = over(self)
  emit(self, "closed", {})
  if not last then return end
  if not leaving then abandon(self, number_of(code)) end
  events.close(self, message, code)
  for i = 1, leaving and #leaving or 0 do call(self, "disconnect", leaving[i], 0) end
end

handlers["error"] = function(self, code, message, number)
  number = number or number_of(code)
  outcome(self, number)
  if self.leaving then return end
  local last = over(self)
  if last then abandon(self, number) end
  events.fail(self, function() return last end, message, code, { code = number, message = message })
end

-- Requests.

--- Keep what is told when a request is done; returns the number for Python, 0 for
--- nothing. `level` is where the script asked, for one that can still fail.
local function keep(self, callback, level)
  if not callback and not level then return 0 end
  local request, n = { callback = callback }, self.kept + 1
  if not callback then request.script, request.line = here(level + 1) end
  self.kept, self.requests[n] = n, request
  return n
end

--- A request could not be taken: its callback is told, or else the log.
local function refuse(self, n, callback, message, code)
  self.requests[n] = nil
  if callback then
    later(self, callback, number_of(code))
  else
    reports.warn_once(format("%s (%s; no callback was given)", message, code))
  end
  return nil
end

--- The packet id, or nil when there is none.
local function result(self, method, n, callback, topic, id, message, code)
  if id then return id end
  if code == "protocol" then
    self.requests[n] = nil
    check.fail(1, method, "topic", message, topic)
  end
  return refuse(self, n, callback, message, code)
end

--- Ask Python for something that has topics.
local function ask(self, method, callback, topic, list)
  if not self.id then return refuse(self, 0, callback, "Not connected", "state") end
  local n = keep(self, callback, self.present == nil and 2 or nil)
  return result(self, method, n, callback, topic,
    primitives["mqtt_" .. method](self.id, n, unpack(list)))
end

--- Subscribe to one topic filter, or several; returns the packet id.
function Client:subscribe(topic, opts)
  local qos, callback = mqtt_options.operation(opts, "subscribe")
  return ask(self, "subscribe", callback, topic, mqtt_options.filters(topic, qos, "subscribe"))
end

function Client:unsubscribe(topic, opts)
  local _, callback = mqtt_options.operation(opts, "unsubscribe")
  return ask(self, "unsubscribe", callback, topic, mqtt_options.topics(topic, "unsubscribe"))
end

--- Publish; returns the packet id, or nil when it cannot be.
function Client:publish(topic, payload, opts)
  mqtt_options.check_topic(topic, 1, "publish", "topic")
  if type(payload) ~= "string" then payload = check.string(payload, 2, "publish", "payload") end
  mqtt_options.check_payload(payload, 2, "publish", "payload")
  local qos, callback, retain = 0, nil, false
  if opts ~= nil then qos, callback, retain = mqtt_options.operation(opts, "publish", 3) end
  local id = self.id
  if not id then return refuse(self, 0, callback, "Not connected", "state") end
  local n = 0
  if callback or (qos > 0 and self.five) or self.present == nil then n = keep(self, callback, 2) end
  local packet_id, message, code = mqtt_publish(id, topic, payload, qos, retain, n)
  if packet_id then return packet_id end
  return result(self, "publish", n, callback, topic, nil, message, code)
end

--- Leave. An open connection's `closed` still comes, nothing else does.
function Client:disconnect(opts)
  local _, callback = mqtt_options.operation(opts, "disconnect", 1)
  local open = self.id and primitives.mqtt_disconnect(self.id) == true
  if open then
    self.leaving = self.leaving or {}
    self.leaving[#self.leaving + 1] = callback
  else
    forget(self)
    self.callback, self.requests, self.leaving = nil, {}, {}
    later(self, callback, 0)
  end
  events.leave(self, open and "closed" or nil)
end

function Client:isConnected()
  return self.id ~= nil and primitives.mqtt_is_connected(self.id) == true
end

--- Connect to a broker: mqtt://, mqtts://, ws://, wss:// or a bare host.
local function connect(uri, opts)
  uri = check.string(uri, 1, "connect", "uri")
  local o = mqtt_options.connection(opts)
  local whole, problem = primitives.mqtt_parse(uri, o.port, o.tls and true or false)
  if not whole then check.fail(1, "connect", "uri", problem, uri) end
  local self = class.instance(Client, {
    uri = whole,
    five = o.protocolVersion == 5,
    callback = o.callback,
    requests = {},
    kept = 0,
  })
  if o.reconnect then
    self.schedule = reconnect.new(o.reconnect, function() primitives.mqtt_reconnect(self.id) end)
  end
  events.open(self)
  self.ticket = tickets.listen(function(event, ...) handlers[event](self, ...) end)
  local id, message, code = primitives.mqtt_connect(self.ticket, whole, mqtt_options.pack(o))
  if id then
    class.open(self, id)
    return class.handle(self)
  end
  tickets.drop(self.ticket)
  if code == "protocol" then
    reports.raise("bad argument #2 to 'connect' (" .. message .. ")")
  end
  self.schedule = nil
  tickets.soon(handlers["error"], self, code, message)
  return class.handle(self)
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
  ErrorCode = ErrorCode,
}
